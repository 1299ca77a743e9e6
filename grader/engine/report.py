"""The report on one repository: every output format is made of it.

The metadata of a field are for ``grader.output.report_json`` and ``report_schema``: ``in_json``
False leaves the field out of JSON, ``schema`` are further keys of its JSON Schema.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from grader.engine.verdict import Status, Verdict
from grader.facts.git import Git
from grader.facts.repository import Repository
from grader.finding import Evidence, Severity, UnknownError
from grader.step import Step
from workshop import shell
from workshop.course.manifest import course

_Fact = TypeVar("_Fact")
ReportTier = Literal["static", "remote", "run"]
Kind = Status | Literal["advice"]

# Exit codes; 2 is also that of a wrong option.
PASSED, FAILED, NOTHING_TO_GRADE, NOT_TOLD = 0, 1, 2, 3
_POINTS = {"schema": {"minimum": 0}}
_ID = {"schema": {"pattern": r"^[a-z]+\.[a-z_]+$"}}
_CODE = {"schema": {"pattern": "^[a-z-]+$"}}
_COMMIT = {"schema": {"pattern": "^[0-9a-f]{40,64}$"}}
_BRANCH = {"schema": {"description": "where the next commit goes"}}
_NO_BRANCH = {"schema": {"description": "how to return, where HEAD is on none"}}
# In JSON the text of the steps stands before them, under that name.
_AS_FIX = {"text": "fix"}
_INTERNAL = {"in_json": False}


@dataclass(frozen=True)
class LessonScore:
    """One lesson, and the points of its checks."""

    id: str
    title: str
    earned: int = field(metadata=_POINTS)
    max: int = field(metadata=_POINTS)
    supplied: bool


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
    earned: int = field(metadata=_POINTS)
    max: int = field(metadata=_POINTS)
    blocked_by: str | None = field(metadata=_INTERNAL)
    awaits_commit: bool = field(metadata=_INTERNAL)

    @property
    def kind(self) -> Kind:
        """The status, or that it is mere advice."""
        return "advice" if self.severity == "advice" else self.status


@dataclass(frozen=True)
class Report:
    """The grader's report, as `grader check --format json` prints it."""

    schema: Literal[1] = field(default=1, init=False)
    repo: str
    commit: str | None = field(metadata=_COMMIT)
    branch: str | None = field(metadata=_BRANCH)
    no_branch: str | None = field(metadata=_NO_BRANCH)
    gradable: bool
    score: int = field(metadata=_POINTS)
    max_score: int = field(metadata=_POINTS)
    verified: tuple[ReportTier, ...]
    unproven: tuple[ReportTier, ...]
    lessons: tuple[LessonScore, ...]
    checks: tuple[CheckResult, ...]


def make_report(
    repository: Repository,
    verdicts: Iterable[Verdict],
    tiers: Iterable[ReportTier],
    lessons: Container[str],
) -> Report:
    """The report on ``repository``; ``tiers`` were asked, ``lessons`` are the ids of its lessons.

    A tier without any answer is not verified, as a remote that nobody reached. A lesson that only
    such a tier can judge counts 0 of 0 points.
    """
    verdicts = list(verdicts)
    answered = {verdict.check.tier for verdict in verdicts if verdict.status in ("pass", "fail")}
    verified = tuple(tier for tier in tiers if tier == "static" or tier in answered)
    counted = [verdict for verdict in verdicts if verdict.status != "error"]
    unproven: tuple[ReportTier, ...] = ("remote", "run")
    return Report(
        repo=str(_or_none(lambda: repository.root) or repository.start),
        commit=_or_none(lambda: repository.commit),
        branch=_or_none(lambda: repository.git.branch if repository.git else None),
        no_branch=_or_none(lambda: _no_branch(repository.git)),
        gradable=_or_none(lambda: repository.git) is not None,
        score=sum(verdict.earned for verdict in counted),
        max_score=sum(verdict.check.points for verdict in counted),
        verified=verified,
        unproven=tuple(tier for tier in unproven if tier not in verified),
        lessons=_scores(repository, counted, lessons),
        checks=tuple(map(_result, verdicts)),
    )


def _scores(
    repository: Repository, counted: Iterable[Verdict], lessons: Container[str]
) -> tuple[LessonScore, ...]:
    settings = _or_none(lambda: repository.settings)
    supplied = settings.supplied if settings else ()
    return tuple(
        LessonScore(
            lesson.id,
            lesson.title,
            sum(v.earned for v in counted if v.check.lesson == lesson.id),
            sum(v.check.points for v in counted if v.check.lesson == lesson.id),
            lesson.id in supplied,
        )
        for lesson in course().lessons
        if lesson.id in lessons
    )


def _or_none(fact: Callable[[], _Fact]) -> _Fact | None:
    """The fact, None where nobody can tell it: a check reports that."""
    try:
        return fact()
    except UnknownError:
        return None


def _no_branch(git: Git | None) -> str | None:
    """What to say where HEAD is on no branch: no mistake, but commits there are easily lost."""
    if git is None or git.branch is not None:
        return None
    if git.operation_in_progress == "rebase":
        return "on no branch while git rebase goes on: git status says how it ends"
    if git.operation_in_progress == "bisect":
        return "on no branch while git bisect goes on: git bisect reset ends it"
    names = git.branches(2)
    if len(names) == 1 and shell.is_quotable(names[0]):
        return f"on no branch: {shell.command_line(('git', 'checkout', names[0]))} returns"
    return "on no branch: git branch lists those to return to" if names else "on no branch"


def exit_code(report: Report) -> int:
    """0 all passed, 1 some failed or are blocked, 2 nothing to grade, 3 only errors."""
    if not report.gradable:
        return NOTHING_TO_GRADE
    kinds = {result.kind for result in report.checks}
    if kinds & {"fail", "blocked"}:
        return FAILED
    return NOT_TOLD if "error" in kinds else PASSED


def _result(verdict: Verdict) -> CheckResult:
    check, finding = verdict.check, verdict.finding
    waiting = f"waits for {verdict.blocked_by}" if verdict.blocked_by else None
    is_counted = verdict.status != "error"
    return CheckResult(
        id=check.id,
        lesson=check.lesson,
        title=check.title,
        status=verdict.status,
        severity=finding.severity if finding else None,
        code=verdict.code,
        rationale=finding.rationale if finding else waiting or verdict.problem,
        expected=finding.expected if finding else None,
        actual=finding.actual if finding else None,
        evidence=finding.evidence if finding else (),
        hint=course().check(check.id).ask if finding else None,
        steps=verdict.steps,
        earned=verdict.earned if is_counted else 0,
        max=check.points if is_counted else 0,
        blocked_by=verdict.blocked_by,
        awaits_commit=verdict.awaits_commit,
    )
