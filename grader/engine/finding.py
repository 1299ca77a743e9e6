"""What a check can answer: a finding with its evidence, or that it could not tell."""

from dataclasses import dataclass, field
from typing import Literal

from grader.engine.step import Step

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

    ``rationale`` says what is so and why it matters; ``steps`` mend it. ``advice`` is shown and
    costs nothing. ``awaits_commit``: the work is done in the folder, and only a commit is missing.
    """

    code: str
    rationale: str
    expected: str
    actual: str
    steps: tuple[Step, ...]
    evidence: tuple[Evidence, ...] = ()
    severity: Severity = "fail"
    awaits_commit: bool = False


class UnknownError(Exception):
    """It could not be told whether a check holds: ``problem`` says why, ``steps`` what to do.

    ``code`` where the reason is one of the workshop's known mistakes.
    """

    def __init__(self, problem: str, *steps: Step, code: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.steps = steps
        self.code = code


class NotThereYetError(Exception):
    """What the check is about does not exist yet: it is blocked by ``check``, which says so."""

    def __init__(self, check: str) -> None:
        super().__init__(check)
        self.check = check
