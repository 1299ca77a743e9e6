"""What the workshop writes into dvc.yaml is as DVC writes it: its next command changes one line.

DVC writes the whole file anew where it freezes, adds or removes a stage.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dvcstate import read
from grader.facts.repository import Repository
from grader.facts.snapshot_cache import SnapshotCache
from grader.fixes.stage_edits import edit_stage
from grader.stages.stage_change import Change
from grader.step import Edit
from tests.grader.exercise_room import edit
from tests.repositories import ROOT, environment, run
from workshop import supplied_stages
from workshop.exercises.dvc_process import DvcProcess
from workshop.exercises.project_folder import PROJECT_DIR, STAGES_FILE
from workshop.stages import STAGES
from workshop.start import solution

SUPPLIED = sorted(path.stem for path in supplied_stages.STAGES_DIR.glob("*.yaml"))
REFERENCE = (ROOT / "dvc.yaml").read_text("utf-8")
FIRST = "stages:\n  preprocess:\n    cmd: python -m pipeline.preprocess\n"


@pytest.fixture(scope="module")
def dvc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DvcProcess]:
    with DvcProcess(environment(tmp_path_factory.mktemp("home"))) as process:
        yield process


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, dvc: DvcProcess) -> Path:
    """A repository of DVC in which there is nothing."""
    repo = tmp_path_factory.mktemp("style") / "repo"
    repo.mkdir()
    run(repo, "git", "init", "--quiet")
    dvc.run(repo, "init", "--quiet")
    return repo


def assert_dvc_writes_it_likewise(dvc: DvcProcess, repo: Path) -> None:
    """To freeze a stage adds one line, and to let it run again leaves the file as it was."""
    before = (repo / "dvc.yaml").read_bytes()
    for stage in [stage.name for stage in read(repo).stages if stage.cmd]:
        dvc.run(repo, "freeze", stage)
        frozen = (repo / "dvc.yaml").read_bytes().splitlines()
        assert len(frozen) == len(before.splitlines()) + 1
        frozen.remove(b"    frozen: true")
        assert frozen == before.splitlines()
        dvc.run(repo, "unfreeze", stage)
        assert (repo / "dvc.yaml").read_bytes() == before


@pytest.mark.parametrize("count", range(1, len(STAGES) + 1))
def test_the_reference_and_each_catch_up_are_as_dvc_writes_them(
    count: int, dvc: DvcProcess, empty: Path
) -> None:
    text = solution.pipeline([stage.name for stage in STAGES[:count]])
    assert count < len(STAGES) or text == REFERENCE
    (empty / "dvc.yaml").write_text(text, "utf-8", newline="\n")
    assert_dvc_writes_it_likewise(dvc, empty)


def test_the_supplied_parts_are_as_dvc_writes_them(dvc: DvcProcess, empty: Path) -> None:
    (empty / "dvc.yaml").write_text(FIRST, "utf-8", newline="\n")
    for stage in SUPPLIED:
        supplied_stages.supply(empty, stage)
    text = (empty / "dvc.yaml").read_text("utf-8")
    for path in ("models/classifier.weights.h5", "data/preprocess", "models/classifier.weights.h5"):
        text = re.sub(r"BLANK-\d", path, text, count=1)
    assert "BLANK" not in text
    (empty / "dvc.yaml").write_text(text, "utf-8", newline="\n")
    assert_dvc_writes_it_likewise(dvc, empty)


def test_the_project_of_the_exercises_is_as_dvc_writes_it(dvc: DvcProcess, empty: Path) -> None:
    (empty / "dvc.yaml").write_bytes((PROJECT_DIR / STAGES_FILE).read_bytes())
    assert_dvc_writes_it_likewise(dvc, empty)


def test_what_a_fix_adds_by_an_edit_is_as_dvc_writes_it(dvc: DvcProcess, empty: Path) -> None:
    """The comment is why the stage is not written anew by ``dvc stage add``."""
    text = "stages:\n  own: # mine\n    cmd: python own.py\n    deps:\n    - own.py\n"
    (empty / "dvc.yaml").write_text(text, "utf-8", newline="\n")
    cache = SnapshotCache()
    repository = Repository(empty, cache, 0)
    (stage,) = repository.worktree.project.stages
    change = Change(deps=("data.csv",), params=("size",))
    steps = edit_stage(repository, repository.worktree, stage, change)
    cache.close()
    for step in steps:
        assert isinstance(step, Edit)
        edit(empty / step.file, step)
    assert read(empty).stages[0].params[0].keys == ("size",)
    assert_dvc_writes_it_likewise(dvc, empty)
