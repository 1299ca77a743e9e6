"""What comes next, and the order in which findings are mended: for whoever shows a report."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from grader.engine.check_result import INTERNAL, CheckResult, Kind
from grader.engine.registry import COMMIT_CHECKS
from grader.finding import worktree_paths
from grader.step import Command, Edit, Step

_KINDS: tuple[Kind, ...] = ("fail", "error", "advice")


@dataclass(frozen=True)
class NextAction:
    """``step``, if there is one, mends what ``check`` found or waits for.

    ``more`` other checks fail too, or are blocked too; ``blocked`` wait for those that fail.
    """

    check: str
    step: Step | None
    more: int
    blocked: int
    result: CheckResult = field(metadata=INTERNAL)


def next_action(results: Sequence[CheckResult]) -> NextAction | None:
    """What to do about the first check that fails, else the first that is blocked; else None.

    An error is no next action: there is nothing of the attendee's to mend. What is blocked where
    nothing fails waits for a check that was not selected, or for what could not be told.
    """
    failed = [result for result in order_of_mending(results) if result.kind == "fail"]
    blocked = [result for result in results if result.kind == "blocked"]
    is_untold = any(result.kind == "error" for result in results)
    waiting = failed or ([] if is_untold else blocked)
    if not waiting:
        return None
    result = waiting[0]
    step = result.steps[0] if result.steps else None
    return NextAction(result.id, step, len(waiting) - 1, len(blocked) if failed else 0, result)


def order_of_mending(results: Sequence[CheckResult]) -> list[CheckResult]:
    """What was found, in the order to mend it: mistakes, errors, advice, each in teaching order.

    Where an absent out is also lost, the loss comes first: no command brings the out back before
    that is mended. What is to be run and committed comes after what makes the run stop.
    """
    later = [*_results_on_lost_outs(results), *_results_on_early_commits(results)]
    found = [result for result in results if result.kind in _KINDS]
    return sorted(found, key=lambda result: (_KINDS.index(result.kind), result in later))


def _results_on_lost_outs(results: Sequence[CheckResult]) -> list[CheckResult]:
    """The results on absent outs that neither the cache nor the remote has."""
    losses = [result for result in results if result.code == "out-lost"]
    lost = {path for result in losses for path in worktree_paths(result.evidence)}
    missing = [result for result in results if result.code == "out-missing"]
    return [result for result in missing if lost.issuperset(worktree_paths(result.evidence))]


def _results_on_early_commits(results: Sequence[CheckResult]) -> list[CheckResult]:
    """The results that ask to commit a file in which another one has something to edit.

    And those that ask to run the pipeline before, while the raw data is not as it should be.
    """
    failed = [result for result in results if result.kind == "fail"]
    commits = [result for result in failed if result.id in COMMIT_CHECKS]
    others = [result for result in failed if result not in commits]
    edited = {file for result in others for file in _edited_files(result.steps)}
    unsettled = {result.lesson for result in others}
    return [
        result
        for result in commits
        if edited.intersection(worktree_paths(result.evidence))
        or (result.lesson in unsettled and any(_runs_pipeline(step) for step in result.steps))
    ]


def _edited_files(steps: Sequence[Step]) -> list[str]:
    """The files that a person edits, by hand or by ``dvc stage add``."""
    edited = [step.file for step in steps if isinstance(step, Edit)]
    is_dvc = any(isinstance(s, Command) and s.words[:3] == ("dvc", "stage", "add") for s in steps)
    return [*edited, *["dvc.yaml"] * is_dvc]


def _runs_pipeline(step: Step) -> bool:
    return isinstance(step, Command) and step.words[:2] == ("dvc", "repro")
