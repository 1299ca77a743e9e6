"""What the grader tells to type mends what it found: each fix is typed, and the finding is gone."""

import shlex
from pathlib import Path

import pytest

from grader.grading import grade
from tests.grader import finished
from tests.grader.gallery import MISTAKES, Mistake
from tests.grader.test_mistakes import codes, told
from tests.repositories import run

pytestmark = pytest.mark.slow

BY_HAND = {
    "not-a-repository": "where to begin is up to the attendee",
    "remote-unreachable": "the network is not ours to mend",
    "remote-url-malformed": "the address names a bucket that does not exist",
    "remote-not-yours": "the same",
    "secret-in-config": "a secret has to be replaced where it was issued",
    "cycle": "which dep is wrong only the attendee knows",
    "dvcignore-hides-data": "which line to narrow, the same",
    "change-not-isolated": "the change is the attendee's",
    "wrong-directory": "moving a pipeline is more than a command",
    "cache-corrupt": "runs the stage",
    "out-lost": "runs the stage",
    "out-wrong": "runs the stage",
}
"""Codes whose fix a test cannot type, and why."""
NAMES_BY_HAND = {
    "lock_has_merge_markers", "stages_are_under_another_file", "there_is_no_remote",
    "data_was_never_added", "lock_is_ignored_by_git", "default_remote_was_removed",
}  # fmt: skip

typed = [one for one in MISTAKES if one.code not in BY_HAND and one.name not in NAMES_BY_HAND]


def type_in(repo: Path, command: str) -> None:
    """Type one line; a run of the pipeline is recorded, for it would train on nothing here."""
    words = shlex.split(command)
    if words[:2] == ["dvc", "repro"]:
        finished.record(repo)
    elif words[:2] == ["git", "commit"]:
        run(repo, "git", "commit", "--quiet", "--allow-empty", *words[2:])
    else:
        run(repo, *words)


@pytest.mark.parametrize("mistake", typed, ids=lambda one: f"{one.code}:{one.name}")
def test_typing_the_fix_mends_the_mistake(mistake: Mistake, repo: Path) -> None:
    mistake.apply(repo)
    for _ in range(7):
        found = [one for one in grade(repo)["checks"] if one["status"] == "fail"]
        if not found:
            break
        for command in found[0]["fix"].splitlines():
            type_in(repo, command)
    report = grade(repo)
    assert not codes(report) - {"out-not-pushed"}, told(report)
