"""What a script of a shell or a notebook reads is not judged: one advice says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.code.command import unread_programs
from grader.engine.check_result import CheckResult
from grader.grading import grade
from grader.step import Note
from tests.grader import finished
from tests.grader.gallery import edit_stages

NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("bash train.sh", ["train.sh"]),
        ("bash -e scripts/train.sh --epochs 3", ["scripts/train.sh"]),
        ("cd scripts && ./train --fast", ["scripts/train"]),
        ("set -e; . ./env.sh; sh train", ["env.sh", "train"]),
        (r"powershell -File .\scripts\train.ps1", ["scripts/train.ps1"]),
        ("train.bat", ["train.bat"]),
        ("jupyter nbconvert --to notebook --execute fit.ipynb", ["fit.ipynb"]),
        ("papermill fit.ipynb out.ipynb -p epochs 3", ["fit.ipynb"]),
        ("python -m papermill notes/fit.ipynb -", ["notes/fit.ipynb"]),
        (["mkdir -p out", "./run.sh"], ["run.sh"]),
        ("bash -c 'python -m pipeline.train'", []),
        ("python -m pipeline.train --data data/preprocess", []),
        ("python ./train.py", []),
        ("cat train.sh", []),
        ("echo hello", []),
    ],
)
def test_scripts_and_notebooks_are_found_in_a_command(
    command: str | list[str], paths: list[str]
) -> None:
    assert unread_programs(command) == paths


def run_by(repo: Path, change: Callable[[Any], None]) -> dict[str, CheckResult]:
    """What is found when ``change`` of the stages has run and is committed, by check."""
    edit_stages(repo, change)
    report = grade(repo)
    found = {result.id: result for result in report.checks if result.code}
    assert (report.score == report.max_score) == all(
        result.severity == "advice" for result in found.values()
    )
    return found


def test_a_stage_of_a_lesson_that_a_notebook_runs_costs_no_points(repo: Path) -> None:
    finished.write(repo / "fit.ipynb", NOTEBOOK)

    def change(stages: Any) -> None:
        stages["fit"] = stages.pop("train")
        stages["fit"].update(cmd="papermill fit.ipynb -", deps=["data/preprocess", "fit.ipynb"])
        del stages["fit"]["params"]

    found = run_by(repo, change)
    assert {*found} == {"others.deps"}
    assert "What fit.ipynb reads could not be judged" in str(found["others.deps"].rationale)
    assert all(isinstance(step, Note) for step in found["others.deps"].steps)


def test_all_stages_with_scripts_are_told_in_one_advice(repo: Path) -> None:
    finished.write(repo / "train.sh", "python -m pipeline.train\n")
    finished.write(repo / "count.sh", "wc -l data/raw/train.csv > count.txt\n")
    finished.write(repo / "count.txt", "3\n")

    def change(stages: Any) -> None:
        stages["train"]["cmd"] = "sh train.sh"
        stages["train"]["deps"].append("train.sh")
        stages["count"] = {"cmd": "./count.sh", "deps": ["count.sh", "data/raw"]}
        stages["count"]["outs"] = [{"count.txt": {"cache": False}}]

    found = run_by(repo, change)
    assert {*found} == {"others.deps"}
    assert "Whether count, train declares it all" in str(found["others.deps"].rationale)


def test_the_script_itself_has_to_be_a_dep(repo: Path) -> None:
    finished.write(repo / "train.sh", "python -m pipeline.train\n")
    found = run_by(repo, lambda stages: stages["train"].update(cmd="bash train.sh"))
    assert found["train.deps"].severity == "fail"
    assert "train reads train.sh" in str(found["train.deps"].rationale)


def test_a_script_that_is_nowhere_is_the_wrong_command(repo: Path) -> None:
    found = run_by(repo, lambda stages: stages["train"].update(cmd="bash nowhere.sh"))
    assert found["train.command"].code == "stage-wrong-command"
