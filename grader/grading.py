"""Grades one repository: the one call that makes a report."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from grader.checks import in_teaching_order
from grader.engine import runner
from grader.engine.registry import Check
from grader.engine.report import Report, ReportTier, make_report
from grader.facts.repository import Repository
from grader.facts.snapshot_cache import SnapshotCache
from grader.fixes.ready_steps import ready_steps

# DVC answers about a dep in a cloud in two seconds. What is left of ten is the remote's.
ASK_S = 5.0


def grade(
    repo: Path,
    select: Callable[[Check], bool] = lambda _check: True,
    *,
    offline: bool = False,
    as_foreign: bool = False,
    report_run: Callable[[str], None] | None = None,
    cache: SnapshotCache | None = None,
) -> Report:
    """The report on the repository that the folder ``repo`` is in, with the checks of ``select``.

    ``offline`` leaves out what only the remote can answer. ``as_foreign`` leaves out what the
    workshop asks for, and judges any DVC repository. A ``cache`` makes the next grade of the
    same repository faster. Changes nothing, and runs nothing of the repository's, but for the code
    in its gaps where there is a ``report_run``, which gets a line about each that runs.
    """
    tiers: tuple[ReportTier, ...] = ("static",) if offline else ("static", "remote")
    own_cache = cache or SnapshotCache()
    ask_s = 0 if offline else ASK_S
    repository = Repository(repo, own_cache, ask_s, as_foreign=as_foreign)
    try:
        checks = in_teaching_order()
        if repository.exercise:
            from grader.exercises import with_exercise  # 15 ms, and few repositories are one

            checks = with_exercise(checks, repository.exercise)
        elif repository.has_gaps:
            from grader.gaps import with_gaps  # likewise

            checks = with_gaps(checks, report_run)
        selected = [check for check in checks.values() if select(check)]
        if repository.is_foreign:
            selected = [check for check in selected if not check.of_workshop]
        ids = [check.id for check in selected if check.tier in tiers]
        ready = partial(ready_steps, repository)
        verdicts = runner.verdicts(repository, checks, ids, ready)
        return make_report(repository, verdicts, tiers, selected)
    finally:
        if cache is None:
            own_cache.close()
