"""The result of one check, as the report has it.

The metadata of a field are for ``grader.output.report_json`` and ``report_schema``: ``in_json``
False leaves the field out of JSON, ``schema`` are further keys of its JSON Schema.
"""

from dataclasses import dataclass, field
from typing import Literal

from grader.engine.verdict import Status
from grader.finding import Evidence, Severity
from grader.step import Step
from workshop.course.manifest import PlantedFault

Kind = Status | Literal["advice"]

POINTS = {"schema": {"minimum": 0}}
INTERNAL = {"in_json": False}
_ID = {"schema": {"pattern": r"^[a-z]+\.[a-z_]+$"}}
_CODE = {"schema": {"pattern": "^[a-z-]+$"}}
# In JSON the text of the steps stands before them, under that name.
_AS_FIX = {"text": "fix"}


@dataclass(frozen=True)
class CheckResult:
    """One check, and what was found."""

    id: str = field(metadata=_ID)
    lesson: str
    title: str
    status: Status
    severity: Severity | None
    code: str | None = field(metadata=_CODE)
    rationale: str | None
    expected: str | None
    actual: str | None
    evidence: tuple[Evidence, ...]
    hint: str | None
    steps: tuple[Step, ...] = field(metadata=_AS_FIX)
    earned: int = field(metadata=POINTS)
    max: int = field(metadata=POINTS)
    blocked_by: str | None = field(metadata=INTERNAL)
    awaits_commit: bool = field(metadata=INTERNAL)
    is_lesson_task: bool = field(metadata=INTERNAL)
    look: str | None = field(default=None, metadata=INTERNAL)
    # How many pieces of evidence there are: ``evidence`` has the first of them.
    evidence_count: int = field(default=0, metadata=INTERNAL)
    # A task of the lesson ``told_in``, or a fault that it planted: its text says what to do.
    planted: PlantedFault | None = field(default=None, metadata=INTERNAL)
    told_in: str | None = field(default=None, metadata=INTERNAL)

    @property
    def kind(self) -> Kind:
        """The status, or that it is mere advice."""
        return "advice" if self.severity == "advice" else self.status
