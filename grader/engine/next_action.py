"""The one thing to do next, by a report."""

from dataclasses import dataclass

from grader.engine.report import CheckResult, Kind, Report
from grader.finding import worktree_paths
from grader.step import Step


@dataclass(frozen=True)
class NextAction:
    """``step``, if there is one, mends what ``result`` found or waits for.

    ``more`` other checks fail too, or are blocked too; ``blocked`` wait for those that fail.
    """

    result: CheckResult
    step: Step | None
    more: int
    blocked: int


def next_action(report: Report) -> NextAction | None:
    """The first check that fails, else the first that is blocked; None where there is neither.

    An error is no next action: there is nothing of the attendee's to mend. Where an absent out is
    also lost, the loss comes first: no command brings the out back before that is mended.
    """
    lost_outs = _results_on_lost_outs(report)
    kinds = [result.kind for result in report.checks]
    kind: Kind = "fail" if "fail" in kinds else "blocked"
    if kind not in kinds:
        return None
    result = next(r for r in report.checks if r.kind == kind and r not in lost_outs)
    step = result.steps[0] if result.steps else None
    blocked = kinds.count("blocked") if kind == "fail" else 0
    return NextAction(result, step, kinds.count(kind) - 1, blocked)


def _results_on_lost_outs(report: Report) -> list[CheckResult]:
    """The results on absent outs that neither the cache nor the remote has."""
    losses = [result for result in report.checks if result.code == "out-lost"]
    lost = {path for result in losses for path in worktree_paths(result.evidence)}
    missing = [result for result in report.checks if result.code == "out-missing"]
    return [result for result in missing if lost.issuperset(worktree_paths(result.evidence))]
