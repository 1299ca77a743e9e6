"""Grades one repository: the one call for whoever needs a report and no command line."""

from collections.abc import Callable
from pathlib import Path

from grader.checks import in_teaching_order
from grader.engine import runner
from grader.engine.registry import Check
from grader.engine.report import Report, ReportTier, report
from grader.facts.repository import Repository
from grader.facts.snapshot_cache import SnapshotCache

ASK_S = 5.0
"""Of a dep in a cloud DVC tells in two seconds; the remote is asked after that."""
Selection = Callable[[Check], bool]


def everything(_check: Check) -> bool:
    """Select every check."""
    return True


def grade(
    repo: Path,
    selected: Selection = everything,
    *,
    offline: bool = False,
    cache: SnapshotCache | None = None,
) -> Report:
    """The report on the repository that the folder ``repo`` is in.

    ``offline`` leaves out what only the remote can answer. ``cache`` is of who grades again and
    again. Changes nothing, and runs nothing of the repository's.
    """
    tiers: tuple[ReportTier, ...] = ("static",) if offline else ("static", "remote")
    repository = Repository(repo, cache, 0 if offline else ASK_S)
    try:
        checks = in_teaching_order()
        chosen = [one for one in checks.values() if selected(one)]
        wanted = [one.id for one in chosen if one.tier in tiers]
        lessons = {one.lesson for one in chosen}
        return report(repository, runner.verdicts(repository, checks, wanted), tiers, lessons)
    finally:
        repository.close()
