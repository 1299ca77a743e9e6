"""A folder given to DVC as a whole, before a stage is there that writes in it."""

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.engine.check_result import CheckResult
from grader.grading import grade
from grader.output.steps import next_line
from tests.grader import finished, gallery
from tests.grader.results import fix_of
from tests.grader.typing_in import type_in
from tests.repositories import run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_dvc")]


def _found(repo: Path) -> CheckResult:
    report = grade(repo, offline=True)
    return next(one for one in report.checks if one.id == "data.no_overlap")


def test_data_added_as_a_whole_is_reported_before_a_stage_overlaps(repo: Path) -> None:
    for path in ("dvc.yaml", "dvc.lock", "data/raw.dvc", "data/.gitignore"):
        (repo / path).unlink()
    finished.write(repo / ".gitignore", (repo / ".gitignore").read_text("utf-8") + "/data\n")
    finished.add(repo, "data")
    gallery.save(repo)
    found = _found(repo)
    assert found.code == "out-overlap"
    assert "data.dvc tracks all of data/" in str(found)
    type_in(repo, fix_of(found), repo, lambda _repo: None)
    assert _found(repo).status == "pass"
    assert run(repo, "git", "status", "--short", "*.dvc", "*.gitignore") == ""


@pytest.mark.parametrize(
    ("folder", "git_has"), [("models", "nothing"), ("results", "it added"), ("models", "it")]
)
def test_a_folder_of_outs_that_was_added_is_left_to_its_stages(
    folder: str, git_has: str, repo: Path
) -> None:
    stage = "train" if folder == "models" else "evaluate"
    _as_before(repo, stage, folder)
    run(repo, "dvc", "add", "--quiet", folder)
    if git_has != "nothing":
        run(repo, "git", "add", ".")
    if git_has == "it":
        gallery.save(repo)
    run(repo, *_stage_add(repo, stage), exit_codes=(255,))
    found = _found(repo)
    assert found.code == "out-overlap"
    assert f"{folder}.dvc tracks all of {folder}/, and the stage {stage} writes " in str(found)
    action = grade(repo, offline=True).next
    assert action and next_line(action) == f"dvc remove {folder}.dvc"
    type_in(repo, fix_of(found), repo, lambda _repo: None)
    assert _found(repo).status == "pass"
    assert f"{folder}.dvc" not in run(repo, "git", "status", "--short")
    run(repo, *_stage_add(repo, stage))


def _as_before(repo: Path, stage: str, folder: str) -> None:
    """The repository before the lesson of ``stage``, with a file of one's own in ``folder``."""

    def drop(stages: Any) -> None:
        for name in list(stages)[list(stages).index(stage) :]:
            del stages[name]

    finished.change_pipeline(repo, drop)
    lock = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    drop(lock["stages"])
    finished.write(repo / "dvc.lock", yaml.safe_dump(lock))
    run(repo, "git", "rm", "-r", "--quiet", "--cached", folder)
    shutil.rmtree(repo / folder)
    finished.write(repo / folder / "notes.txt", "mine")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Go back")


def _stage_add(repo: Path, stage: str) -> list[str]:
    entries = grade(repo, offline=True).checks
    found = next(one for one in entries if one.id == f"{stage}.declared")
    return shlex.split(fix_of(found).splitlines()[0])
