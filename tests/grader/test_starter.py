"""The two ends of the workshop: a start scores next to nothing, the solution scores everything."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from grader.grading import grade
from grader.report import FAILED, PASSED, exit_code
from tests.grader.test_mistakes import codes, told
from tests.repositories import run
from workshop import starter
from workshop.starter import Preset, StartError

SMALL = Preset(
    120,
    {
        "preprocess": {
            "min_posters_per_genre": 6,
            "valid_share": 0.2,
            "test_share": 0.2,
            "augmentation": {
                "copies": 1, "rotation": 5, "scale": 0.1, "crop": 0.1, "brightness": 0.2
            },
        },
        "train": {"epochs": 1, "fine_tuning_epochs": 1},
    },
)  # fmt: skip
"""So few posters that training takes a second."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ein Raum für alle") / "DVC 練習"
    starter.start(folder, attendee="Ada O'Neil", preset=SMALL)
    return folder


def test_a_start_scores_next_to_nothing(started: Path) -> None:
    report = grade(started)
    assert exit_code(report) == FAILED
    assert codes(report) == {"not-a-repository"}
    assert report["score"] <= 3


def test_a_start_has_the_code_and_nothing_of_dvc(started: Path) -> None:
    committed = set(run(started, "git", "ls-files", "-z").split("\0"))
    assert {"pipeline/train.py", "pipeline/artwork/poster.py", "params.yaml"} <= committed
    assert not any("__pycache__" in path or path.startswith("data/") for path in committed)
    assert not (started / ".dvc").exists()
    for name in ("activate", "activate.ps1"):  # name this computer's folders
        assert (started / name).exists()
        assert name not in committed
    assert len(list((started / "data" / "raw" / "Images").iterdir())) == 120
    settings = tomllib.loads((started / "workshop.toml").read_text("utf-8"))
    assert settings["workshop"]["attendee"] == "Ada O'Neil"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StartError, match="not empty"):
        starter.start(tmp_path, preset=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.slow
def test_the_solution_has_full_score(tmp_path: Path) -> None:
    repo = tmp_path / "a solution, by far"
    starter.start(repo, at="end", preset=SMALL)
    report = grade(repo)
    assert codes(report) == set(), told(report)
    assert exit_code(report) == PASSED
    assert report["score"] == report["max_score"]
    assert run(repo, "git", "status", "--porcelain") == ""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", repo, clone], check=True, timeout=60)
    run(clone, "dvc", "pull", "--quiet")
    assert grade(clone)["score"] == report["score"]
