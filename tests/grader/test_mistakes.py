"""Every mistake of the gallery gives its own code, and no other."""

from collections import Counter
from pathlib import Path

import pytest

from grader.grading import grade
from grader.report import Report
from tests.grader.gallery import MISTAKES, Mistake


def codes(report: Report) -> set[str]:
    """What was found."""
    return {entry["code"] for entry in report["checks"] if entry["code"]}


def told(report: Report) -> str:
    """What was found and why, for the message of a failed test."""
    return "\n".join(
        f"{entry['id']} {entry['status']} {entry['code']}: {entry['rationale']}"
        for entry in report["checks"]
        if entry["status"] in ("fail", "error")
    )


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: f"{one.code}:{one.name}")
def test_a_mistake_gives_its_own_code_and_no_other(mistake: Mistake, repo: Path) -> None:
    mistake.apply(repo)
    report = grade(repo)
    assert codes(report) == mistake.codes, told(report)


def test_every_mistake_can_be_made_in_two_ways() -> None:
    counts = Counter(mistake.code for mistake in MISTAKES)
    assert {code for code, count in counts.items() if count < 2} == set()
