"""The verdict on one check."""

from dataclasses import dataclass
from typing import Literal

from grader.engine.registry import Check
from grader.finding import Finding
from grader.step import Step

Status = Literal["pass", "fail", "blocked", "error"]


@dataclass(frozen=True)
class Verdict:
    """``finding`` where the check found a mistake, ``problem`` where nobody can tell.

    ``blocked_by`` is the id of the check that has to hold first. ``steps`` mend what was found, or
    what blocks. ``code`` is that of the finding or of the problem. ``awaits_commit``: the worktree
    has what the check asks for, and HEAD does not yet.
    """

    check: Check
    status: Status
    finding: Finding | None = None
    problem: str | None = None
    blocked_by: str | None = None
    steps: tuple[Step, ...] = ()
    code: str | None = None
    awaits_commit: bool = False

    @property
    def holds(self) -> bool:
        """Whether checks that require this one can be judged: it passed, or has advice only."""
        is_advice = self.finding is not None and self.finding.severity == "advice"
        return self.status == "pass" or is_advice

    @property
    def earned(self) -> int:
        """The points that it earns."""
        return self.check.points if self.holds else 0
