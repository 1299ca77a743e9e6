"""What a check can answer: a finding with its evidence, or an error that says why there is none."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from grader.step import Step

Source = Literal["HEAD", "index", "worktree", "cache", "remote"]
Severity = Literal["fail", "advice"]


@dataclass(frozen=True)
class Evidence:
    """Where to look: ``path`` is relative to the DVC repository, ``line`` counts from 1."""

    source: Source
    path: str
    line: int | None = field(default=None, metadata={"schema": {"minimum": 1}})
    value: str | None = None


@dataclass(frozen=True)
class Finding:
    """One mistake, in the attendee's own names.

    ``rationale`` says what is wrong and why it matters; ``steps`` mend it. ``advice`` is shown and
    costs no points. ``awaits_commit``: the worktree is right, only a commit is missing.
    ``is_lesson_task``: nothing of it has been begun, and the lesson tells how; who wants the
    solution asks for it. ``ask`` and ``look`` are the first two steps of its hint, where those of
    its check and its evidence are not. ``names`` are the paths, keys of params or stages that are
    too much or too few, where a lesson may have planted that.
    """

    code: str
    rationale: str
    expected: str
    actual: str
    steps: tuple[Step, ...]
    evidence: tuple[Evidence, ...] = ()
    severity: Severity = "fail"
    awaits_commit: bool = False
    is_lesson_task: bool = False
    ask: str | None = None
    look: str | None = None
    names: tuple[str, ...] = ()


def worktree_paths(evidence: Iterable[Evidence]) -> list[str]:
    """The paths of ``evidence`` in the worktree."""
    return [item.path for item in evidence if item.source == "worktree"]


class UnknownError(Exception):
    """Nobody can tell whether a check holds: ``problem`` says why, ``steps`` what to do.

    ``code`` is set where the reason is one of the workshop's known mistakes.
    """

    def __init__(self, problem: str, *steps: Step, code: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.steps = steps
        self.code = code


class BlockedError(Exception):
    """What the check is about does not exist yet; ``check`` is the check that says so."""

    def __init__(self, check: str) -> None:
        super().__init__(check)
        self.check = check
