"""Lesson ``change``: what counts as a change, and what does not."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.checks.change import _difference
from grader.engine.check_result import CheckResult
from grader.grading import grade
from tests.grader import finished
from tests.grader.gallery import append, edit_stages, save
from tests.repositories import run

CHECK = "change.isolated"


@pytest.fixture
def unchanged(repo: Path) -> Path:
    """All lessons but ``change`` solved: one commit, and nothing compared yet."""
    shutil.rmtree(repo / ".git")
    run(repo, "git", "init", "--quiet")
    save(repo)
    return repo


def result_of(repo: Path) -> CheckResult:
    (result,) = grade(repo, lambda check: check.id == CHECK, offline=True).checks
    return result


def add_dep(stages: Any) -> None:
    stages["evaluate"]["deps"].append("params.yaml")


def drop_param(stages: Any) -> None:
    stages["plot"]["params"] = ["plot.examples"]


def change_command(stages: Any) -> None:
    stages["plot"]["cmd"] += " "


def add_out(stages: Any) -> None:
    stages["train"]["outs"].append("models/notes.txt")


@pytest.mark.parametrize("mend", [add_dep, drop_param, change_command, add_out])
def test_a_stage_that_was_mended_is_no_change(unchanged: Path, mend: Callable[[Any], None]) -> None:
    finished.write(unchanged / "models" / "notes.txt", "x")
    edit_stages(unchanged, mend)
    result = result_of(unchanged)
    assert (result.status, result.code) == ("fail", "change-not-isolated")
    assert "nothing was compared yet" in (result.rationale or "")


def test_what_a_mended_stage_changes_below_it_is_no_change(unchanged: Path) -> None:
    weights = unchanged / "models" / "classifier.weights.h5"
    finished.write(weights, b"\x89HDF\r\n\x1a\n of another command")
    edit_stages(unchanged, lambda stages: stages["train"].update(cmd=stages["train"]["cmd"] + " "))
    assert result_of(unchanged).status == "fail"


def change_a_param(repo: Path) -> None:
    finished.change_param(repo, "plot", "examples", 9)


def change_code(repo: Path) -> None:
    append(repo, "pipeline/plot/plots.py", "# more\n")


def change_data(repo: Path) -> None:
    finished.write(repo / "data" / "raw" / "Images" / "new.jpg", b"\xff\xd8 new")
    finished.add(repo, "data/raw")


@pytest.mark.parametrize("change", [change_a_param, change_code, change_data])
def test_another_value_other_code_and_other_data_are_changes(
    unchanged: Path, change: Callable[[Path], None]
) -> None:
    change(unchanged)
    finished.record(unchanged)
    save(unchanged)
    assert result_of(unchanged).status == "pass"


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"cmd": "x", "deps": None, "outs": [1, {"md5": 2}], "params": [1]},
        {"cmd": ["x"], "deps": {"a": 1}, "outs": "x", "params": {"params.yaml": None}},
    ],
)
def test_a_lock_that_dvc_did_not_write_is_compared_all_the_same(record: dict[str, Any]) -> None:
    assert _difference({"a": record}, {"a": record}) == ([], [])
    whole = {"cmd": "x", "deps": [{"path": "a", "md5": "1"}], "outs": [{"path": "b", "md5": "2"}]}
    assert _difference({"a": record}, {"a": whole}) == ([], [])
