"""Raw data in another folder than the lessons': moved back, or right where all follow it."""

import shlex
from pathlib import Path

import pytest

from grader.grading import grade
from tests.grader import finished, gallery
from tests.grader.results import fix_of
from tests.repositories import run


def move_data(repo: Path) -> None:
    """As ``dvc move data/raw data/posters``."""
    (repo / "data" / "raw").rename(repo / "data" / "posters")
    text = (repo / "data" / "raw.dvc").read_text("utf-8").replace("path: raw", "path: posters")
    finished.write(repo / "data" / "posters.dvc", text)
    (repo / "data" / "raw.dvc").unlink()
    gallery.edit(repo, "data/.gitignore", "/raw\n", "")
    gallery.append(repo, "data/.gitignore", "/posters\n")


def test_data_that_was_moved_is_moved_back(repo: Path) -> None:
    move_data(repo)
    report = grade(repo, offline=True)
    assert report.next
    assert report.next.check == "data.committed"
    assert fix_of(report.next.result) == "dvc move data/posters data/raw"


def test_a_committed_move_is_taken_back_by_a_commit(repo: Path) -> None:
    move_data(repo)
    gallery.save(repo)
    report = grade(repo, offline=True)
    assert report.next
    assert report.next.check == "data.in_place"
    assert fix_of(report.next.result).splitlines() == [
        "dvc move data/posters data/raw",
        "git add data/raw.dvc data/posters.dvc data/.gitignore",
        'git commit -m "Move the data back"',
    ]


def test_data_in_another_folder_is_right_where_command_and_deps_name_it(repo: Path) -> None:
    move_data(repo)
    text = (repo / "dvc.yaml").read_text("utf-8")
    finished.write(repo / "dvc.yaml", text.replace("data/raw", "data/posters"))
    finished.record(repo)
    gallery.save(repo)
    finished.push(repo)
    report = grade(repo, offline=True)
    assert report.score == report.max_score - report.not_told, report.next


@pytest.mark.parametrize("is_followed_by", ["command", "dep"])
def test_what_followed_a_move_in_part_has_one_way_out(repo: Path, is_followed_by: str) -> None:
    move_data(repo)
    old, new = {
        "command": ("--raw data/raw", "--raw data/posters"),
        "dep": ("- data/raw", "- data/posters"),
    }[is_followed_by]
    gallery.edit(repo, "dvc.yaml", old, new)
    gallery.save(repo)
    report = grade(repo, offline=True)
    assert report.next
    fix = fix_of(report.next.result)
    if is_followed_by == "dep":
        assert fix.startswith("dvc move data/posters data/raw\n")
    else:
        assert report.next.check == "preprocess.deps"
        assert fix.startswith("dvc stage add --force -n preprocess -d data/posters -d pipeline/")


def test_data_that_is_gone_comes_from_the_cache_where_it_is_there(repo: Path) -> None:
    (repo / "data" / "raw").rename(repo / "away")
    found = next(one for one in grade(repo, offline=True).checks if one.id == "data.in_place")
    assert fix_of(found) == "dvc checkout data/raw.dvc"


def test_a_folder_of_another_name_is_called_as_before(repo: Path) -> None:
    """``dvc move`` stops where the folder of its target is not there."""
    before = set((repo / "data").rglob("*"))
    (repo / "data").rename(repo / "dataset")
    report = grade(repo, offline=True)
    assert report.next
    (line,) = fix_of(report.next.result).splitlines()
    run(repo, *shlex.split(line))
    assert set((repo / "data").rglob("*")) == before
    assert grade(repo, offline=True).next is None
