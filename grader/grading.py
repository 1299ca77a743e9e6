"""Grades one repository: the one call for whoever needs a report and no command line."""

from collections.abc import Callable
from pathlib import Path

from grader import runner
from grader.checks import in_teaching_order
from grader.facts.repository import Facts
from grader.registry import Check
from grader.report import Report, report

Selection = Callable[[Check], bool]


def everything(_check: Check) -> bool:
    """Select every check."""
    return True


def grade(repo: Path, selected: Selection = everything, *, offline: bool = False) -> Report:
    """The report on the repository that the folder ``repo`` is in.

    ``offline`` leaves out what only the remote can answer. Changes nothing, and runs nothing of
    the repository's.
    """
    tiers = ["static"] if offline else ["static", "remote"]
    facts = Facts(repo)
    try:
        checks = in_teaching_order()
        wanted = [name for name, one in checks.items() if selected(one) and one.tier in tiers]
        return report(facts, runner.verdicts(facts, checks, wanted), tiers)
    finally:
        facts.close()
