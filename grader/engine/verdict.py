"""What became of one check, and of all of them."""

from dataclasses import dataclass
from typing import Literal

from grader.engine.finding import Finding
from grader.engine.registry import Check

Status = Literal["pass", "fail", "blocked", "error"]


@dataclass(frozen=True)
class Verdict:
    """``finding`` where the check found one; ``reason`` and ``fix`` where it is blocked or erred.

    ``code`` is the finding's, or that of a known reason why nobody could tell.
    """

    check: Check
    status: Status
    finding: Finding | None = None
    reason: str | None = None
    fix: str | None = None
    code: str | None = None

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
