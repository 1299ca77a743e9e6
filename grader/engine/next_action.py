"""What comes next, and the order in which findings are mended: for whoever shows a report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from grader.engine.check_result import INTERNAL, CheckResult, Kind
from grader.engine.registry import CHECKS, COMMIT_CHECKS, STOPS_RUNS
from grader.finding import worktree_paths
from grader.step import Command, Edit, Step
from workshop.course.exercises import EXERCISE
from workshop.course.gaps import GAPS

_KINDS: tuple[Kind, ...] = ("fail", "error", "advice")


# Where outs overlap or stages form a circle, DVC refuses these before it looks at their arguments:
# dvc/repo/__init__.py, Repo.check_graph.
_STOPS_DVC = frozenset(("out-overlap", "cycle"))
_READS_GRAPH = (("dvc", "stage"), ("dvc", "repro"), ("dvc", "add"))


@dataclass(frozen=True)
class NextAction:
    """``step``, if there is one, mends what ``check`` found or waits for.

    ``more`` other checks fail too, or are blocked too; ``blocked`` wait for those that fail.
    """

    check: str
    step: Step | None
    more: int
    blocked: int
    # The one whose text says what to do: nothing of it is there yet, or it waits for its commit.
    lesson: str | None = field(metadata=INTERNAL)
    result: CheckResult = field(metadata=INTERNAL)


def next_action(results: Sequence[CheckResult]) -> NextAction | None:
    """What to do about the first check that fails, else the first that is blocked; else None.

    An error is no next action: there is nothing of the attendee's to mend. What is blocked where
    nothing fails waits for a check that was not selected, or for what could not be told.
    """
    failed = [result for result in order_of_mending(results) if result.kind == "fail"]
    blocked = [result for result in results if result.kind == "blocked"]
    blocked.sort(key=is_of_remote)
    is_untold = any(result.kind == "error" for result in results)
    waiting = failed or ([] if is_untold else blocked)
    if not waiting:
        return None
    result = waiting[0]
    step = result.steps[0] if result.steps else None
    left, lesson = len(waiting) - 1, _lesson_in_progress(result, results)
    return NextAction(result.id, step, left, len(blocked) if failed else 0, lesson, result)


def _lesson_in_progress(result: CheckResult, results: Sequence[CheckResult]) -> str | None:
    """The lesson that tells what to do about ``result``; None where it is a mistake.

    What a commit check reports may be the work of any lesson: that of the last check that waits,
    before the first that a lesson has yet to ask for.
    """
    if result.told_in:
        return result.told_in
    if not result.awaits_commit:
        return None
    begun = takewhile(lambda item: not item.is_lesson_task, results)
    waiting = [item for item in begun if item.awaits_commit and item.id not in COMMIT_CHECKS]
    return waiting[-1].lesson if waiting else None


def waiting_tasks(results: Sequence[CheckResult], action: NextAction | None) -> list[CheckResult]:
    """The tasks of lessons that come after ``action``: no mistakes, and nobody's next step.

    The symptom of an exercise and an open gap wait for nothing.
    """
    current = action.result if action else None
    tasks = [result for result in results if result.is_lesson_task and result != current]
    return [result for result in tasks if result.lesson not in (EXERCISE, GAPS)]


def order_of_mending(results: Sequence[CheckResult]) -> list[CheckResult]:
    """What was found, in the order to mend it: mistakes, errors, advice.

    Each kind is in teaching order, but what a result waits for comes right before it, and what the
    remote has told comes last: who did not ask it is told of the same before.
    """
    found = [result for result in results if result.kind in _KINDS]
    ordered: list[CheckResult] = []

    def place(result: CheckResult) -> None:
        if result not in ordered:
            for other in found:
                if _waits_for(result, other):
                    place(other)
            ordered.append(result)

    for result in sorted(found, key=lambda one: (_KINDS.index(one.kind), is_of_remote(one))):
        place(result)
    return ordered


def is_of_remote(result: CheckResult) -> bool:
    """Whether only the remote can answer it."""
    check = CHECKS.get(result.id)
    return check is not None and check.tier == "remote"


def _waits_for(result: CheckResult, other: CheckResult) -> bool:
    """Whether the fix of ``result`` does not work before that of ``other``; never in a circle.

    No command brings back an absent out that is also lost. What is to be run and committed waits
    for what makes the run stop, and for what is to be edited in the same file. What DVC stops at
    whatever is typed waits for nothing.
    """
    if result is other or other.kind != "fail" or result.code in _STOPS_DVC:
        return False
    is_commit = result.id in COMMIT_CHECKS
    # A commit check tells of an overlap in the folder itself.
    if other.code in _STOPS_DVC and not is_commit and _reads_graph(result):
        return True
    if result.code == "out-missing":
        return other.code == "out-lost" and _is_about(other, result)
    if other.id in COMMIT_CHECKS or _stops_runs(result):
        return False
    if is_commit and other.is_lesson_task:  # a stage that is begun, or what a later lesson asks
        return other.code in STOPS_RUNS and bool(worktree_paths(other.evidence))
    if is_commit and other.planted:  # the lesson mends it before its commit
        return bool(worktree_paths(other.evidence))
    if is_commit and _edited_files(other.steps).intersection(worktree_paths(result.evidence)):
        return True
    runs_all = any(isinstance(s, Command) and s.words == ("dvc", "repro") for s in result.steps)
    is_data_first = is_commit and other.lesson == result.lesson
    return runs_all and (_stops_runs(other) or is_data_first)


def _stops_runs(result: CheckResult) -> bool:
    """Whether ``dvc repro`` stops before that is mended: also at what git has to bring back."""
    checkout = ("git", "checkout")
    restores = any(isinstance(s, Command) and s.words[:2] == checkout for s in result.steps)
    return result.code in STOPS_RUNS or (restores and result.id not in COMMIT_CHECKS)


def _reads_graph(result: CheckResult) -> bool:
    """Whether a command that mends it reads the whole graph of stages first."""
    return any(isinstance(s, Command) and s.words[:2] in _READS_GRAPH for s in result.steps)


def _is_about(loss: CheckResult, result: CheckResult) -> bool:
    """Whether every out that ``result`` misses is lost."""
    return {*worktree_paths(loss.evidence)}.issuperset(worktree_paths(result.evidence))


def _edited_files(steps: Sequence[Step]) -> set[str]:
    """The files that a person edits, by hand or by ``dvc stage add``."""
    edited = {step.file for step in steps if isinstance(step, Edit)}
    is_dvc = any(isinstance(s, Command) and s.words[:3] == ("dvc", "stage", "add") for s in steps)
    return edited | {"dvc.yaml"} if is_dvc else edited
