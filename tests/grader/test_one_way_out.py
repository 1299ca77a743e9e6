"""Each mistake has one way out: no fix takes back another, goes in a circle, or loses a byte."""

import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dvcstate import read
from grader import fixes
from grader.engine.check_result import CheckResult
from grader.engine.report import Report
from grader.facts.repository import Repository
from grader.facts.snapshot_cache import SnapshotCache
from grader.fixes.ready_steps import ready_steps
from grader.grading import grade
from grader.output.steps import step_lines
from grader.step import Command, Edit, Step
from tests.grader import bytes_kept, finished, gallery
from tests.grader.gallery import MISTAKES
from tests.grader.results import fix_of
from tests.grader.typing_in import type_in
from tests.repositories import run
from tests.service import onnx_models

BY_NAME = {mistake.name: mistake for mistake in MISTAKES}


def _no_edit_in_words(repo: Path) -> None:
    raise AssertionError(f"{repo}: an edit in words")


def _results(report: Report, stage: str) -> list[CheckResult]:
    return [one for one in report.checks if one.code and one.id.startswith(f"{stage}.")]


def _edits(result: CheckResult) -> Sequence[Step]:
    """What a fix does before it runs anything."""
    steps = [*result.steps]
    runs = [isinstance(s, Command) and s.words[:2] == ("dvc", "repro") for s in steps]
    return steps[: runs.index(True)] if True in runs else steps


@pytest.mark.parametrize(
    ("name", "stage", "count"),
    [
        ("stage_was_added_with_half_of_what_it_needs", "train", 3),
        ("declared_param_is_a_misspelt_one_of_those_read", "train", 2),
        ("section_is_misspelled_where_it_is_declared", "plot", 2),
        ("options_of_the_command_have_lines_of_their_own", "train", 2),
    ],
)
def test_all_findings_on_a_stage_propose_the_same_stage(
    name: str, stage: str, count: int, repo: Path
) -> None:
    BY_NAME[name].apply(repo)
    found = _results(grade(repo, offline=True), stage)
    assert len(found) == count
    first = _edits(found[0])
    assert first and all(_edits(one) == first for one in found)


def _fix(repo: Path, check: str) -> str:
    return fix_of(next(one for one in grade(repo, offline=True).checks if one.id == check))


@pytest.mark.parametrize("cmd", ["python -m pipeline.train", "python -m pipeline.train\n--data x"])
def test_a_command_without_its_options_is_no_crash(cmd: str, repo: Path) -> None:
    gallery.edit_stages(repo, lambda stages: stages["train"].update(cmd=cmd), run_again=False)
    report = grade(repo, offline=True)
    assert "error" not in {one.status for one in report.checks}
    found = next(one for one in report.checks if one.id == "train.command")
    assert found.code == "stage-wrong-command"


def test_a_path_among_deps_and_outs_stays_where_it_belongs(repo: Path) -> None:
    """It is dropped from the deps of the stage that writes it, and from nothing else."""
    BY_NAME["stage_depends_on_its_own_out"].apply(repo)
    add, *_ = _fix(repo, "pipeline.acyclic").splitlines()
    assert " -o models/classifier.onnx " in add
    assert " -d models/classifier.onnx " not in add


@pytest.mark.parametrize("name", ["code_of_all_stages_is_an_out", "module_of_the_stage_is_an_out"])
def test_code_among_the_outs_is_taken_out_of_nothing_else(name: str, repo: Path) -> None:
    BY_NAME[name].apply(repo)
    report = grade(repo, offline=True)
    texts = [fix_of(one) for one in report.checks if one.steps]
    assert not any("git rm" in text or "-o pipeline" in text for text in texts)
    add = next(line for line in _fix(repo, "data.only_dvc").splitlines() if " stage add " in line)
    assert "-d pipeline/plot" in add and "--plots results/plots" in add


def test_a_folder_around_other_outs_is_replaced_by_what_the_stage_writes(repo: Path) -> None:
    BY_NAME["out_is_a_folder_around_those_of_another_stage"].apply(repo)
    add, *_ = _fix(repo, "data.no_overlap").splitlines()
    assert add.startswith("dvc stage add --force -n plot --plots results/plots -d ")
    assert "results/metrics" not in add


def test_a_param_that_changed_runs_all_that_follows(repo: Path) -> None:
    finished.change_param(repo, "train", "epochs", 3)
    gallery.save(repo)
    assert _fix(repo, "train.current").splitlines()[:2] == [
        "dvc repro", "git add dvc.lock results/metrics/test.json"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "outs: []\n"])
def test_a_dvc_file_without_outs_tracks_nothing(text: str, repo: Path) -> None:
    finished.write(repo / "data" / "raw.dvc", text)
    gallery.save(repo)
    found = next(one for one in grade(repo, offline=True).checks if one.id == "data.tracked")
    assert (found.code, found.earned) == ("dvc-file-uncommitted", 0)
    assert fix_of(found).splitlines()[0] == "dvc add data/raw"


@pytest.mark.parametrize("line", ["data", "*.dvc", "*", "dvc.yaml"])
def test_a_dvcignore_that_hides_what_dvc_reads_is_mended_first(line: str, repo: Path) -> None:
    gallery.append(repo, ".dvcignore", f"{line}\n")
    gallery.save(repo)
    report = grade(repo, offline=True)
    assert report.next and report.next.check == "data.not_hidden"
    assert {one.code for one in report.checks if one.code} == {"dvcignore-hides-data"}
    (edit, *_) = report.next.result.steps
    assert isinstance(edit, Edit)
    number = len((repo / ".dvcignore").read_text("utf-8").splitlines())
    assert edit.line == number


def test_everything_lost_is_kept_again_at_once(repo: Path) -> None:
    BY_NAME["cache_was_deleted_before_the_push"].apply(repo)
    found = next(one for one in grade(repo).checks if one.code == "out-lost")
    assert fix_of(found).splitlines() == [
        "dvc commit data/raw.dvc preprocess train export evaluate plot", "dvc push -r workshop"
    ]  # fmt: skip


def test_a_lock_of_dvc_2_is_written_anew_at_once(repo: Path) -> None:
    lock = (repo / "dvc.lock").read_text("utf-8")
    lines = [line for line in lock.splitlines(True) if line.strip() != "hash: md5"]
    finished.write(repo / "dvc.lock", "".join(lines))
    gallery.save(repo)
    found = next(one for one in grade(repo).checks if one.code == "out-lost")
    first, *_ = fix_of(found).splitlines()
    assert first.startswith("dvc commit --force preprocess train ")


def test_all_damaged_listings_on_the_remote_go_at_once(repo: Path) -> None:
    """At one of them dvc push stops, whatever it is to send."""
    names = [
        finished.md5_of(repo, "preprocess", "data/preprocess"),
        finished.md5_of(repo, "plot", "results/plots"),
        next(stage for stage in read(repo).stages if not stage.cmd).outs[0].recorded.md5 or "",
    ]
    for name in names:
        finished.write(finished.remote_object(repo, name), b"[]")
    found = next(one for one in grade(repo).checks if one.id == "remote.pushed")
    delete, push = fix_of(found).splitlines()
    assert all(name in delete for name in names)
    assert push == "dvc push -r workshop"


def test_all_damaged_objects_of_the_cache_are_taken_out_at_once(repo: Path) -> None:
    names = [
        finished.md5_of(repo, "train", "models/history.csv"),
        finished.md5_of(repo, "export", "models/classifier.onnx"),
        finished.md5_of(repo, "plot", "results/plots"),
    ]
    for name in names:
        finished.write(finished.cache_object(repo, name), b"[]")
    take_out, keep = _fix(repo, "pipeline.cache_intact").splitlines()
    assert keep == "dvc commit train export plot"
    run(repo, *shlex.split(take_out))
    kept = repo / ".dvc" / "tmp" / "kept" / "cache"
    assert {path.name for path in kept.iterdir()} == {*names}
    assert not any(finished.cache_object(repo, name).exists() for name in names)


def test_metrics_that_the_code_writes_as_yaml_are_mended_in_the_code(repo: Path) -> None:
    module = "pipeline/evaluate/evaluation.py"
    gallery.append(repo, module, "\n\ndef _write(path, metrics):\n    yaml.safe_dump(metrics)\n")
    BY_NAME["metrics_are_yaml"].apply(repo)
    fix = _fix(repo, "evaluate.result")
    assert fix.startswith(f"# {module}: write the metrics with json.dump")


def test_the_command_for_a_secret_in_the_history_prints_its_commits(repo: Path) -> None:
    """On the side of a merge, where the file came and went."""
    run(repo, "git", "checkout", "--quiet", "-b", "other")
    BY_NAME["key_file_was_committed_and_deleted"].apply(repo)
    run(repo, "git", "checkout", "--quiet", "main")
    run(repo, "git", "merge", "--quiet", "--no-ff", "-m", "Merge", "other")
    found = next(one for one in grade(repo, offline=True).checks if one.code == "secret-in-config")
    (step,) = found.steps
    assert isinstance(step, Command)
    assert len(run(repo, *step.words).splitlines()) == 2


def test_what_a_fix_overwrites_is_put_aside_first(repo: Path, finished_folder: Path) -> None:
    mine = onnx_models.model(bias=0.5)
    finished.write(repo / "models" / "classifier.onnx", mine)
    found = next(one for one in grade(repo, offline=True).checks if one.id == "export.unchanged")
    first, second, *_ = fix_of(found).splitlines()
    assert "shutil.move('models/classifier.onnx', '.dvc/tmp/kept/models/classifier.onnx')" in first
    assert second == "dvc checkout --force export"
    type_in(repo, first, finished_folder, _no_edit_in_words)
    assert (repo / ".dvc" / "tmp" / "kept" / "models" / "classifier.onnx").read_bytes() == mine
    finished.write(repo / "models" / "classifier.onnx", mine)
    again, *_ = _fix(repo, "export.unchanged").splitlines()
    assert ".dvc/tmp/kept/models/classifier.onnx.2'" in again


def test_what_the_cache_has_is_not_put_aside(repo: Path) -> None:
    shutil.copy(repo / "models" / "classifier.fp32.onnx", repo / "models" / "classifier.onnx")
    assert _fix(repo, "export.unchanged") == "dvc checkout"


def test_a_step_that_is_done_is_left_out(repo: Path) -> None:
    gallery.append(repo, "dvc.yaml", "  extra:\n    cmd: echo\n    deps: [params.yaml]\n")
    assert _fix(repo, "data.committed").splitlines()[0].startswith("git add ")
    run(repo, "git", "add", "dvc.yaml")
    assert _fix(repo, "data.committed").splitlines()[0].startswith("git commit ")


def _add_the_whole_data_folder(repo: Path) -> None:
    for path in ("dvc.yaml", "dvc.lock", "data/raw.dvc", "data/.gitignore"):
        (repo / path).unlink()
    finished.write(repo / ".gitignore", (repo / ".gitignore").read_text("utf-8") + "/data\n")
    finished.add(repo, "data")
    gallery.save(repo)


def _apply(name: str) -> Callable[[Path], Any]:
    return BY_NAME[name].apply


@pytest.mark.slow
@pytest.mark.parametrize(
    ("apply", "until", "most"),
    [
        (_add_the_whole_data_folder, "preprocess.declared", 5),
        (_apply("stage_out_was_added_with_dvc_add"), None, 4),
        (_apply("declared_param_is_a_misspelt_one_of_those_read"), None, 7),
        (_apply("paths_in_pipeline_and_lock_have_backslashes"), None, 7),
        (_apply("params_end_in_yml"), None, 3),
    ],
    ids=["data", "out", "param", "paths", "params"],
)
def test_what_is_typed_line_by_line_leads_on(
    apply: Callable[[Path], Any], until: str | None, most: int, repo: Path, finished_folder: Path
) -> None:
    """The next action alone is typed, and then the new next action."""
    apply(repo)
    lines: list[str] = []
    while (action := grade(repo, offline=True).next) and action.result.id != until:
        assert action.step and len(lines) < most, lines
        text = "\n".join(step_lines(action.step))
        assert text not in lines, "a circle"
        lines.append(text)
        type_in(repo, text, finished_folder / "repo", _no_edit_in_words)


def test_a_deleted_config_comes_back_from_git_and_never_by_another_dvc_init(repo: Path) -> None:
    """With ``--force``, dvc init deletes the cache; without, it stops."""
    before = (repo / ".dvc" / "config").read_bytes()
    run(repo, "git", "rm", "--quiet", ".dvc/config")
    gallery.save(repo)
    for line in _fix(repo, "init.dvc").splitlines():
        run(repo, *shlex.split(line))
    assert (repo / ".dvc" / "config").read_bytes() == before
    assert grade(repo, offline=True).next is None


def test_a_lock_that_nobody_reads_and_a_run_that_stops_do_not_go_in_a_circle(repo: Path) -> None:
    gallery.append(repo, "dvc.lock", "<<<<<<< HEAD\n")
    BY_NAME["dvcignore_hides_a_whole_out"].apply(repo)
    delete, *_ = _fix(repo, "init.readable").splitlines()
    run(repo, *shlex.split(delete))
    for line in _fix(repo, "init.readable").splitlines():  # dvc repro stopped
        run(repo, *shlex.split(line))
    action = grade(repo, offline=True).next
    assert action
    assert action.check == "data.not_hidden"


def test_metrics_that_are_good_as_yaml_are_not_remembered_as_good_json(repo: Path) -> None:
    """The same bytes: what is remembered of a result names the end of its path, too."""
    before = (repo / "dvc.yaml").read_text("utf-8")
    metrics = "".join(f"{name}: 0.5\n" for name in finished.METRICS) + "n: 2\n"
    (repo / "results" / "metrics" / "test.json").unlink()
    for name, is_good in (("test.yaml", True), ("test.json", False)):
        finished.write(repo / "results" / "metrics" / name, metrics)
        finished.write(repo / "dvc.yaml", before.replace("metrics/test.json", f"metrics/{name}"))
        finished.record(repo)
        gallery.save(repo)
        found = next(one for one in grade(repo, offline=True).checks if one.id == "evaluate.result")
        assert (found.code is None) is is_good, found


def _type_fix(repo: Path, check: str) -> None:
    for line in _fix(repo, check).splitlines():
        words = shlex.split(line)
        run(repo, sys.executable if words[0] == "python" else words[0], *words[1:])


def _ready(repo: Path, *steps: Step) -> tuple[Step, ...]:
    with closing(SnapshotCache()) as cache:
        return ready_steps(Repository(repo, cache, 0), steps)


def test_code_comes_back_beside_other_edits_which_stay_as_they_are(repo: Path) -> None:
    (repo / "pipeline" / "plot" / "__main__.py").unlink()
    gallery.append(repo, "pipeline/plot/__init__.py", "# own\n")
    finished.write(repo / "pipeline" / "plot" / "new.py", "# own\n")
    before = bytes_kept.own_files(repo)
    found = next(one for one in grade(repo, offline=True).checks if one.steps)
    _type_fix(repo, found.id)
    assert (repo / "pipeline" / "plot" / "__main__.py").is_file()
    assert (repo / "pipeline" / "plot" / "__init__.py").read_bytes().endswith(b"# own\n")
    assert not bytes_kept.find_lost(repo, before)


def test_what_a_checkout_from_git_overwrites_is_put_aside_where_git_never_had_it(
    repo: Path,
) -> None:
    path = "pipeline/plot/plots.py"
    checkout = fixes.command("git", "checkout", "HEAD", "--", "pipeline/plot")
    assert _ready(repo, checkout) == (checkout,)
    gallery.append(repo, path, "# own\n")
    own = (repo / path).read_bytes()
    aside, *left = _ready(repo, checkout)
    assert left == [checkout] and isinstance(aside, Command)
    run(repo, sys.executable, *aside.words[1:])
    run(repo, *checkout.words)
    assert (repo / ".dvc" / "tmp" / "kept" / path).read_bytes() == own
    assert (repo / path).read_bytes() == own.removesuffix(b"# own\n")
    finished.write(repo / path, own)
    run(repo, "git", "add", path)
    assert _ready(repo, checkout) == (checkout,)


def test_metrics_that_git_never_had_are_put_aside_before_a_run(repo: Path) -> None:
    """DVC keeps no copy of an out with ``cache: false``, and a run writes it anew."""
    path = "results/metrics/test.json"
    repro = fixes.command("dvc", "repro", "evaluate")
    assert _ready(repo, repro) == (repro,), "git has them"
    run(repo, "git", "rm", "--quiet", "--cached", path)
    finished.write(repo / "results" / "metrics" / ".gitignore", "/test.json\n")
    gallery.save(repo)
    aside, *left = _ready(repo, repro)
    assert left == [repro] and isinstance(aside, Command) and path in aside.words[-1]


def test_code_behind_a_link_out_of_the_repository_is_copied_into_it(repo: Path) -> None:
    shared, elsewhere = repo / "pipeline" / "shared", repo.parent / "elsewhere"
    before = (shared / "errors.py").read_bytes()
    shutil.move(shared, elsewhere)
    shared.symlink_to(elsewhere)
    gallery.save(repo)
    found = next(one for one in grade(repo, offline=True).checks if one.id == "pipeline.portable")
    assert found.code == "absolute-path"
    _type_fix(repo, found.id)
    assert not shared.is_symlink() and (shared / "errors.py").read_bytes() == before
    found = next(one for one in grade(repo, offline=True).checks if one.id == "pipeline.portable")
    assert found.code is None
