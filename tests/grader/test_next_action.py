"""What comes next, and the score, are the same wherever they are shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import hint
from grader.checks import CHECKS
from grader.engine.next_action import order_of_mending
from grader.engine.report import Report
from grader.facts.snapshot_cache import SnapshotCache
from grader.grading import grade
from grader.output import human, report_json
from grader.output.steps import next_line
from grader.watch import view
from grader.watch.report_diff import ReportDiff
from service.repository.project_watch import ProjectWatch
from service.repository.report_cache import ReportCache
from tests.grader.gallery import MISTAKES, Mistake
from workshop.terminal import Style

ALL = sum(check.points for check in CHECKS.values())


@pytest.fixture
def watched(repo: Path) -> Iterator[SnapshotCache]:
    """What `grader watch` knows of the repository before anything goes wrong."""
    cache = SnapshotCache()
    grade(repo, offline=True, cache=cache)
    yield cache
    cache.close()


def served(repo: Path) -> object:
    """What ``GET /lessons`` answers."""
    project = ProjectWatch(repo)
    try:
        return json.loads(ReportCache(repo, project).report(remote=False))
    finally:
        project.close()


def next_in(text: str) -> str | None:
    """The command, or the place of an edit, behind ``next:``, up to what else is said there."""
    line = next((line for line in text.splitlines() if "next: " in line), None)
    if line is None:
        return None
    return line.partition("next: ")[2]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: f"{one.code}:{one.name}")
def test_every_caller_names_the_same_next_action(
    mistake: Mistake, repo: Path, watched: SnapshotCache
) -> None:
    mistake.apply(repo)
    asked, offline = grade(repo), grade(repo, offline=True)
    watching = grade(repo, offline=True, cache=watched)
    assert report_json.document(watching) == report_json.document(offline)
    document = json.loads(json.dumps(report_json.document(offline)))
    assert served(repo) == document

    assert {asked.max_score, offline.max_score} == {ALL}
    wide = Style(width=10_000)
    for report in (asked, offline):
        if report.gradable:
            assert_shown(report, human.render(report, wide))
        assert_shown(report, view.report_line(report, ReportDiff()).replace(" (", "\n("))
        mended_first = [one for one in order_of_mending(report.checks) if one.kind == "fail"]
        if report.next and mended_first:
            assert report.next.result is mended_first[0]
    _, result = hint.choose_result([], lambda remote: asked if remote else offline)
    assert result == (asked.next and asked.next.result)
    if asked.next and asked.next.result.lesson != "share":  # which only the remote can tell
        assert offline.next and offline.next.check == asked.next.check
        assert offline.next.step == asked.next.step
        assert offline.score + offline.not_told >= asked.score


def assert_shown(report: Report, text: str) -> None:
    """The text has the report's next action, and its points."""
    shown = next_in(text)
    assert (shown is None) == (report.next is None)
    if report.next and shown:
        line = next_line(report.next)
        assert line.startswith(shown.rstrip()) or shown.startswith(line)
    if report.gradable:
        assert f"{report.score} of {report.max_score} points" in text
