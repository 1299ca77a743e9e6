"""The one thing to do next that a report leads to."""

from dataclasses import dataclass

from grader.engine.report import CheckResult, Kind, Report
from grader.engine.step import Step


@dataclass(frozen=True)
class NextAction:
    """``step`` mends what ``result`` found or waits for; ``more`` to mend, ``blocked`` wait.

    ``step`` is None where the result has none.
    """

    result: CheckResult
    step: Step | None
    more: int
    blocked: int


def next_action(report: Report) -> NextAction | None:
    """The first check that fails, else the first that waits; None where neither is there.

    What could not be told comes last: there is nothing of the attendee's to mend. Of an out that is
    absent and lost, the loss is told: nothing brings it before that is mended.
    """
    beyond = _not_to_be_pulled(report)
    kinds = [result.kind for result in report.checks]
    wanted: tuple[Kind, ...] = ("fail", "blocked")
    for kind in wanted:
        if kind in kinds:
            result = next(one for one in report.checks if one.kind == kind and one not in beyond)
            step = result.steps[0] if result.steps else None
            blocked = kinds.count("blocked") if kind == "fail" else 0
            return NextAction(result, step, kinds.count(kind) - 1, blocked)
    return None


def _not_to_be_pulled(report: Report) -> list[CheckResult]:
    """The results on absent outs that no cache and no remote has."""
    lost = {
        path
        for result in report.checks
        if result.code == "out-lost"
        for path in _paths_in_worktree(result)
    }
    missing = [result for result in report.checks if result.code == "out-missing"]
    return [result for result in missing if lost.issuperset(_paths_in_worktree(result))]


def _paths_in_worktree(result: CheckResult) -> list[str]:
    return [one.path for one in result.evidence if one.source == "worktree"]
