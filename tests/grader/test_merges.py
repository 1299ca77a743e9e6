"""A merge that stopped: git commits nothing before each of its files is settled."""

from contextlib import closing
from pathlib import Path

import pytest

from grader import fixes
from grader.engine.check_result import CheckResult
from grader.facts.repository import Repository
from grader.facts.snapshot_cache import SnapshotCache
from grader.fixes.ready_steps import KEPT_DIR, ready_steps
from grader.grading import grade
from grader.step import Command, Step
from tests.grader import finished, gallery
from tests.grader.results import fix_of
from tests.repositories import commit, run

METRICS = "results/metrics/test.json"


def stop_a_merge(repo: Path, files: dict[str, tuple[str, str]]) -> None:
    """Merge two branches that have other texts in ``files``."""
    run(repo, "git", "branch", "other")
    for side, branch in enumerate(("main", "other")):
        run(repo, "git", "checkout", "--quiet", branch)
        for path, texts in files.items():
            finished.write(repo / path, texts[side])
        commit(repo, f"Write as {branch}")
    run(repo, "git", "merge", "main", exit_codes=(1,))


def ready(repo: Path, steps: tuple[Step, ...]) -> list[Step]:
    with closing(SnapshotCache()) as cache:
        return [*ready_steps(Repository(repo, cache, 0), steps)]


def next_result(repo: Path) -> CheckResult:
    action = grade(repo, offline=True).next
    assert action
    return action.result


MARKED = ("dvc.lock", "dvc.yaml", "params.yaml", "data/raw.dvc")


def commit_markers(repo: Path, path: str) -> str:
    """Commit ``path`` with the marks of a conflict in it; its text without them."""
    text = (repo / path).read_text("utf-8")
    first, rest = text.split("\n", 1)
    marked = f"<<<<<<< HEAD\n{first}\n=======\n{first}\n>>>>>>> other\n{rest}"
    finished.write(repo / path, marked)
    commit(repo, "Merge")
    return text


def follow(repo: Path, path: str, text: str) -> None:
    """Type what is told; where that is an edit, leave one side: ``text``."""
    for step in next_result(repo).steps:
        if isinstance(step, Command) and step.words != ("dvc", "repro"):
            run(repo, *step.words)
        elif not isinstance(step, Command):
            finished.write(repo / path, text)
    assert b"<<<<<<<" not in (repo / path).read_bytes()


@pytest.mark.parametrize("path", MARKED)
def test_markers_that_were_committed_are_gone_for_good(repo: Path, path: str) -> None:
    text = commit_markers(repo, path)
    assert next_result(repo).id == "init.readable"
    follow(repo, path, text)
    assert grade(repo, offline=True).next is None


@pytest.mark.parametrize("path", MARKED[1:])
def test_a_marked_file_that_was_deleted_comes_back_from_before_the_merge(
    repo: Path, path: str
) -> None:
    text = commit_markers(repo, path)
    (repo / path).unlink()
    follow(repo, path, text)
    assert (repo / path).read_text("utf-8") == text
    assert grade(repo, offline=True).next is None


def test_a_marked_file_whose_deletion_was_committed_comes_back_without_marks(repo: Path) -> None:
    text = commit_markers(repo, "params.yaml")
    run(repo, "git", "rm", "--quiet", "params.yaml")
    run(repo, "git", "commit", "--quiet", "--message", "Remove")
    follow(repo, "params.yaml", text)
    assert grade(repo, offline=True).next is None


@pytest.mark.parametrize("path", MARKED)
def test_what_is_mended_after_a_marked_commit_is_only_to_be_committed(
    repo: Path, path: str
) -> None:
    text = commit_markers(repo, path)
    finished.write(repo / path, text)
    report = grade(repo, offline=True)
    assert report.next
    assert [step.words[:2] for step in report.next.result.steps if isinstance(step, Command)] == [
        ("git", "add"),
        ("git", "commit"),
    ]
    assert len(report.next.result.steps) == 2
    assert not [result.id for result in report.checks if result.status == "error"]


def test_our_side_of_a_marked_commit_is_not_taken_in_the_next_merge(repo: Path) -> None:
    gallery.lock.merge_stopped_at_the_lock(repo)
    head = (repo / "dvc.lock").read_bytes()
    assert b"<<<<<<<" in head
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Merge with its marks")
    run(repo, "git", "branch", "third", "HEAD~1")
    run(repo, "git", "checkout", "--quiet", "third")
    gallery.append(repo, "dvc.lock", "# third\n")
    commit(repo, "Third")
    run(repo, "git", "checkout", "--quiet", "-")
    run(repo, "git", "merge", "third", exit_codes=(0, 1))
    steps = next_result(repo).steps
    assert fixes.command("git", "checkout", "--ours", "dvc.lock") not in steps


def test_text_in_utf16_is_committed_with_what_a_merge_left(repo: Path) -> None:
    gallery.encodings.module_is_utf16(repo)
    gallery.lock.merge_stopped_at_the_lock(repo)
    result = next_result(repo)
    assert result.id == "init.names"
    assert fix_of(result).splitlines()[1:] == [
        "git add pipeline/train/__main__.py",
        "git checkout --ours dvc.lock",
        "git add dvc.lock",
        'git commit -m "Write text in UTF-8"',
    ]


def test_a_text_with_conflicts_is_edited_before_anything_is_committed(repo: Path) -> None:
    stop_a_merge(repo, {"notes.txt": ("mine\n", "yours\n"), "ours.txt": ("a\n", "b\n")})
    finished.write(repo / "ours.txt", "a and b\n")  # settled, and git does not know that yet
    gallery.append(repo, "params.yaml", "# A comment.\n")
    text = "keep one side of each conflict, delete the lines <<<<<<<, ======= and >>>>>>>"
    assert fix_of(next_result(repo)).splitlines() == [
        "git add params.yaml",
        f"# notes.txt: {text}",
        "git add notes.txt ours.txt",
        'git commit -m "Commit what describes the pipeline"',
    ]


def test_an_edit_of_metrics_is_put_aside_before_one_side_is_taken(repo: Path) -> None:
    stop_a_merge(repo, {METRICS: ("1\n", "2\n")})
    steps = fixes.commit(["notes.txt"], "Save my notes")
    assert ready(repo, steps) == [
        steps[0],
        fixes.command("git", "checkout", "--ours", METRICS),
        fixes.command("git", "add", METRICS),
        steps[1],
    ], "every line is that of a side"
    gallery.append(repo, METRICS, "3\n")
    first = ready(repo, steps)[0]
    assert isinstance(first, Command) and f"{KEPT_DIR}/{METRICS}" in first.words[-1]
