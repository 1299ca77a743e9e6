"""The order in which findings are mended: a fix comes after what makes it fail."""

import re
from pathlib import Path

from grader.engine.next_action import order_of_mending
from grader.grading import grade
from grader.output.steps import step_lines
from grader.step import Command
from tests.grader import finished
from tests.grader.gallery import append, edit, edit_stages, save
from tests.repositories import run


def order(repo: Path) -> list[str]:
    """The ids of what fails, as it is to be mended."""
    found = order_of_mending(grade(repo, offline=True).checks)
    return [result.id for result in found if result.kind == "fail"]


def test_what_stops_the_run_comes_before_what_is_run_and_committed(repo: Path) -> None:
    edit(repo, "dvc.yaml", "- plot.dpi", "- plot.dppi")
    save(repo)
    edit(repo, "params.yaml", "epochs: 12", "epochs: 3")
    report = grade(repo, offline=True)
    typo = next(result for result in report.checks if result.id == "plot.params_exist")
    assert report.next and report.next.result.steps == typo.steps


def test_what_stops_the_run_comes_before_new_raw_data_is_taken_up(repo: Path) -> None:
    edit(repo, "dvc.yaml", "- plot.dpi", "- plot.dppi")
    save(repo)
    finished.picture(repo / "data" / "raw" / "Images" / "gp000003.jpg", 99)
    append(repo, "params.yaml", "# A comment.\n")
    found = order(repo)
    assert found.index("plot.params_exist") < found.index("data.in_place")


def test_a_file_is_committed_after_it_was_edited(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].remove("train.dropout"))
    append(repo, "dvc.yaml", "# A comment.\n")
    found = order(repo)
    assert found[:2] == ["train.params", "data.committed"]


def test_what_hinders_no_fix_stays_in_teaching_order(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"]["params"].remove("plot.dpi"))
    append(repo, "pipeline/evaluate/evaluation.py", "# A change.\n")
    save(repo)
    (repo / "models" / "classifier.weights.h5").unlink()
    assert order(repo) == ["train.present", "evaluate.current", "plot.params"]


def test_a_slip_in_a_recorded_hash_is_taken_back_and_not_committed(repo: Path) -> None:
    text = (repo / "data" / "raw.dvc").read_text("utf-8")
    finished.write(repo / "data" / "raw.dvc", re.sub("md5: .{8}", "md5: 00000000", text, count=1))
    action = grade(repo, offline=True).next
    assert action and action.check == "data.committed"
    assert action.result.steps == (Command(("git", "checkout", "HEAD", "--", "data/raw.dvc")),)


def test_all_lost_lines_of_gitignore_are_written_at_once(repo: Path) -> None:
    for name in ("models", "results/curves"):
        finished.write(repo / name / ".gitignore", "")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Tidy up")
    (lost,) = [one for one in grade(repo, offline=True).checks if one.code == "gitignore-lost"]
    for step in lost.steps:
        (line,) = step_lines(step)
        run(repo, "bash", "-c", line)
    assert grade(repo, offline=True).next is None
    assert not [one for one in grade(repo, offline=True).checks if one.code]


def test_code_that_is_gone_comes_back_before_anything_runs(repo: Path) -> None:
    edit(repo, "params.yaml", "epochs: 12", "epochs: 3")
    (repo / "pipeline" / "plot" / "plots.py").rename(repo / "pipeline" / "plot" / "plot.py")
    action = grade(repo, offline=True).next
    assert action and action.check == "plot.current"
    assert action.step == Command(("git", "checkout", "HEAD", "--", "pipeline/plot/plots.py"))


def test_raw_data_without_its_table_is_brought_back_and_not_taken_up(repo: Path) -> None:
    (repo / "data" / "raw" / "train.csv").unlink()
    action = grade(repo, offline=True).next
    assert action and action.check == "data.in_place"
    assert action.result.steps[-1] == Command(("dvc", "checkout", "--force", "data/raw.dvc"))


def test_an_overlap_comes_before_a_stage_is_written_anew(repo: Path) -> None:
    """``dvc stage add`` reads the graph first, and stops at two outs of one path."""
    edit(repo, "dvc.yaml", "  python -m pipeline.export", " python -m pipeline.export")
    finished.write(
        repo / "raw.dvc", (repo / "data" / "raw.dvc").read_bytes().replace(b": raw", b": data/raw")
    )
    run(repo, "git", "add", "raw.dvc")
    found = order(repo)
    assert found.index("data.no_overlap") < found.index("export.command")
