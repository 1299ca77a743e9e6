"""`grader predict`: what somebody expects of `dvc repro`, compared with what it will do."""

import shutil
from pathlib import Path

import pytest

from tests.grader import finished
from tests.grader.command_line import grader
from tests.grader.gallery import edit
from workshop import stages

STAGES = [stage.name for stage in stages.STAGES]


def predicted(repo: Path, *stages: str) -> tuple[int, list[str], str]:
    """The exit code, the lines and the error of `grader predict`."""
    done = grader("predict", *stages, "--repo", str(repo), cwd=repo.parent)
    return done.returncode, done.stdout.splitlines(), done.stderr


def stage_lines(lines: list[str]) -> dict[str, tuple[str, str]]:
    """The mark of each stage, and whether it runs."""
    words = [line.split() for line in lines if line[:1] in "✓✗~" and line]
    return {name: (mark, verb) for mark, name, verb, *_ in words}


def test_a_param_of_one_stage_runs_it_and_what_reads_its_outs(repo: Path) -> None:
    finished.change_param(repo, "train", "learning_rate", 0.5)
    code, lines, _ = predicted(repo, "train", "export", "evaluate", "plot")
    assert code == 0
    assert lines[0] == "5 of 5 right"
    follows = dict.fromkeys(STAGES, ("✓", "follows"))
    own = {"preprocess": ("✓", "stays"), "train": ("✓", "runs")}
    assert stage_lines(lines) == follows | own
    text = "\n".join(lines)
    assert "params.yaml:train.learning_rate modified" in text
    assert "it reads what train changes" in text
    assert "nothing that it reads has changed" in text
    assert "dvc repro" in text


def test_each_stage_that_was_told_wrongly_is_marked_with_the_reason(repo: Path) -> None:
    finished.change_param(repo, "plot", "dpi", 77)
    code, lines, _ = predicted(repo, "evaluate")
    assert code == 1
    assert lines[0] == "3 of 5 right"
    marks = stage_lines(lines)
    assert marks["evaluate"] == ("✗", "stays")
    assert marks["plot"] == ("✗", "runs")


def test_what_depends_on_a_run_is_open_where_it_was_not_named(repo: Path) -> None:
    finished.change_param(repo, "train", "learning_rate", 0.5)
    code, lines, _ = predicted(repo, "train")
    assert code == 0
    assert lines[0] == "2 of 5 right, 3 open"
    assert stage_lines(lines)["plot"] == ("~", "follows")
    assert "A stage that follows is passed over where its deps come out as they were" in " ".join(
        lines
    )


def test_an_out_that_the_cache_has_comes_back_without_a_run(repo: Path) -> None:
    (repo / "models" / "classifier.onnx").unlink()
    code, lines, _ = predicted(repo, "none")
    assert code == 0, lines
    assert "its outs come back from the cache" in "\n".join(lines)
    assert lines[0] == "5 of 5 right"


def test_a_source_that_is_gone_stops_all_that_follows(repo: Path) -> None:
    shutil.rmtree(repo / "data" / "raw")
    code, lines, _ = predicted(repo, "none")
    assert code == 0, lines
    text = "\n".join(lines)
    assert "data/raw is not there: dvc repro stops here" in text
    assert "dvc repro stops at preprocess" in text
    assert lines[-1] == "dvc repro stops where something is missing: grader check says what to do."


def test_nothing_runs_where_nothing_has_changed(repo: Path) -> None:
    code, lines, _ = predicted(repo, "none")
    assert code == 0
    assert lines[0] == "5 of 5 right"
    assert lines[-1] == "Nothing that a stage reads has changed: dvc repro runs nothing."


def test_a_frozen_stage_stays_and_what_reads_its_outs_stays_with_it(repo: Path) -> None:
    finished.change_pipeline(repo, lambda stages: stages["train"].update(frozen=True))
    finished.change_param(repo, "train", "learning_rate", 0.5)
    code, lines, _ = predicted(repo, "none")
    assert code == 0, lines
    assert "it is frozen: dvc repro passes over it" in "\n".join(lines)


def test_changed_raw_data_runs_what_reads_them(repo: Path) -> None:
    (repo / "data" / "raw" / "train.csv").write_text("Id\n")
    code, lines, _ = predicted(repo, *STAGES)
    assert code == 0, lines
    assert "data/raw modified" in "\n".join(lines)


def test_a_stage_of_the_lessons_that_has_never_run_runs(repo: Path) -> None:
    (repo / "dvc.lock").unlink()
    code, lines, _ = predicted(repo, *STAGES)
    assert code == 0, lines
    assert "it has never run" in "\n".join(lines)


@pytest.mark.parametrize(
    ("words", "problem", "fix"),
    [
        (("trian",), "no stage is called 'trian'", "name some of preprocess, train, export"),
        (("none", "train"), "none stands alone", "name stages, or type none"),
    ],
)
def test_a_wrong_name_is_told(repo: Path, words: tuple[str, ...], problem: str, fix: str) -> None:
    code, lines, error = predicted(repo, *words)
    assert (code, lines) == (2, [])
    assert problem in error
    assert fix in error


def test_a_project_without_stages_and_one_that_is_broken_are_told(repo: Path) -> None:
    edit(repo, "dvc.yaml", "  train:\n", "   train:\n")
    code, _, error = predicted(repo, "none")
    assert code == 2
    assert "dvc.yaml" in error
    (repo / "dvc.yaml").unlink()
    (repo / "dvc.lock").unlink()
    code, _, error = predicted(repo, "none")
    assert code == 2
    assert "there is no stage yet" in error
