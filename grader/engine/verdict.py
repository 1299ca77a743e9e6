"""What became of one check."""

from dataclasses import dataclass
from typing import Literal

from grader.engine.finding import Finding
from grader.engine.registry import Check
from grader.engine.step import Step

Status = Literal["pass", "fail", "blocked", "error"]


@dataclass(frozen=True)
class Verdict:
    """``finding`` where the check found a mistake, ``problem`` where nobody could tell.

    ``blocked_by`` is the id of the check that has to hold first, the root of what went wrong.
    ``steps`` mend what was found, or what blocks. ``code`` is the finding's, or that of a known
    reason why nobody could tell. ``awaits_commit``: what is asked for is done in the folder, and
    not committed yet.
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
        """Whether what stands on this check can be judged: it passed, but for advice."""
        return self.status == "pass" or self.is_advice

    @property
    def is_advice(self) -> bool:
        """Shown, and no more than that."""
        return self.finding is not None and self.finding.severity == "advice"

    @property
    def earned(self) -> int:
        """The points."""
        return self.check.points if self.holds else 0
