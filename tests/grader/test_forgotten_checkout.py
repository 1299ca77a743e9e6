"""`dvc checkout` is forgotten after `git checkout`: one cause, one mistake, one way out."""

from pathlib import Path

import pytest

from grader.engine.report import Report
from grader.grading import grade
from grader.output import human
from tests.grader import finished
from tests.grader.gallery import save
from tests.grader.results import fix_of
from tests.repositories import run
from tests.service import onnx_models
from workshop.terminal import Style


@pytest.fixture
def two_runs(repo: Path) -> Path:
    """A repository whose last commit has other outs of three stages than the one before."""
    finished.change_param(repo, "train", "epochs", 3)
    finished.write(repo / "models" / "classifier.weights.h5", b"\x89HDF\r\n\x1a\n\0 others")
    finished.write(repo / "models" / "classifier.onnx", onnx_models.model(bias=0.3))
    finished.picture(repo / "results" / "plots" / "examples.png", 5)
    finished.record(repo)
    save(repo)
    finished.push(repo)
    return repo


def failing(report: Report) -> list[tuple[str, str | None]]:
    return [(each.id, each.code) for each in report.checks if each.kind == "fail"]


def assert_one_way_out(repo: Path, first: str, code: str) -> None:
    report = grade(repo, offline=True)
    assert failing(report) == [(first, code)]
    assert report.next
    assert fix_of(report.next.result) == "dvc checkout"
    text = human.render(report, Style())
    assert text.count("\n✗ ") == 2, text  # its lesson, and itself
    run(repo, "dvc", "checkout", "--quiet")
    assert failing(grade(repo, offline=True)) == []


@pytest.mark.slow
def test_the_commit_before_and_the_way_back(two_runs: Path) -> None:
    run(two_runs, "git", "checkout", "--quiet", "HEAD~1")
    text = human.render(grade(two_runs, offline=True), Style())
    assert "detached HEAD: commits here are on no branch. git checkout main returns\n" in text
    assert_one_way_out(two_runs, "train.unchanged", "lock-stale")
    run(two_runs, "git", "checkout", "--quiet", "main")
    assert_one_way_out(two_runs, "train.unchanged", "lock-stale")


@pytest.mark.slow
def test_another_branch_with_other_raw_data(two_runs: Path) -> None:
    run(two_runs, "git", "checkout", "--quiet", "-b", "more")
    finished.picture(two_runs / "data" / "raw" / "Images" / "gp000003.jpg", 99)
    finished.add(two_runs, "data/raw")
    finished.picture(two_runs / "data" / "preprocess" / "images" / "gp000003-0.png", 99)
    finished.record(two_runs)
    save(two_runs)
    run(two_runs, "git", "checkout", "--quiet", "main")
    assert_one_way_out(two_runs, "data.in_place", "lock-stale")


@pytest.mark.slow
def test_outs_of_several_stages_that_are_gone(repo: Path) -> None:
    for name in ("classifier.weights.h5", "classifier.onnx"):
        (repo / "models" / name).unlink()
    assert_one_way_out(repo, "train.present", "out-missing")


def test_what_a_hand_changed_is_no_forgotten_checkout(two_runs: Path) -> None:
    run(two_runs, "git", "checkout", "--quiet", "HEAD~1")
    finished.picture(two_runs / "results" / "plots" / "examples.png", 77)
    report = grade(two_runs, offline=True)
    assert failing(report) == [
        ("train.unchanged", "lock-stale"), ("plot.unchanged", "lock-stale")
    ]  # fmt: skip
    assert report.next
    assert fix_of(report.next.result) == "dvc checkout train export"


def test_data_alone_that_was_there_before_may_be_new(repo: Path) -> None:
    picture = repo / "data" / "raw" / "Images" / "gp000003.jpg"
    before = picture.read_bytes()
    finished.picture(picture, 99)
    finished.add(repo, "data/raw")
    finished.record(repo)
    save(repo)
    finished.write(picture, before)
    report = grade(repo, offline=True)
    assert report.next and report.next.check == "data.in_place"
    assert "dvc add data/raw" in fix_of(report.next.result)
