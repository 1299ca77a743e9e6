"""`grader start --without-dvc`: a project whose data is in git, and that runs without a package."""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from tests.grader.command_line import grader
from tests.repositories import run
from workshop.start import plain_project
from workshop.start.start_request import StartError


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a b") / "my project"
    text = plain_project.make_plain_project(folder, "ada")
    assert text.splitlines()[0] == f"{folder} is ready: a small project without DVC."
    return folder


def test_the_data_is_in_git_and_in_its_history(project: Path) -> None:
    assert run(project, "git", "status", "--short", "--ignored") == ""
    assert not (project / ".dvc").exists()
    versions = run(project, "git", "log", "--format=%h", "--", "ratings.csv").split()
    rows = [run(project, "git", "show", f"{at}:ratings.csv").count("\n") - 1 for at in versions]
    assert rows == [400, 300]


def test_the_data_is_the_same_on_every_computer() -> None:
    data = plain_project.ratings_text(400).encode()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert md5 == "d740ee68d511a4b5cac03893c5fb108a"
    assert data.startswith(plain_project.ratings_text(300).encode())


def test_the_script_needs_python_alone(project: Path) -> None:
    run(project, sys.executable, "-S", "train.py")
    written = run(project, "git", "status", "--short").split()
    assert written == ["??", "curve.csv", "??", "metrics.json", "??", "model.json"]
    assert json.loads((project / "metrics.json").read_text("utf-8"))["films"] == 80
    error = [float(line.split(",")[2]) for line in _lines(project / "curve.csv")[1:]]
    assert error[-1] < error[0] / 2


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StartError, match="not empty"):
        plain_project.make_plain_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_it_has_no_lesson_to_solve_and_no_remote(tmp_path: Path) -> None:
    for words in (("--at", "train"), ("--remote", "gs://dvc-workshop/ada")):
        done = grader("start", "p", "--without-dvc", *words, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.splitlines()[1] == "  fix: leave out the others"
        assert list(tmp_path.iterdir()) == []
