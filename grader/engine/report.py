"""The report on one repository: every output format is made of it.

The score, what comes next and the order of the checks are decided here and in ``next_action``, for
all who show a report. The metadata of a field are those of ``check_result``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from grader.engine.check_result import POINTS, CheckResult
from grader.engine.next_action import NextAction, next_action
from grader.engine.registry import Check
from grader.engine.verdict import Verdict
from grader.facts import settings
from grader.facts.git import Git
from grader.facts.repository import Repository
from grader.finding import UnknownError
from grader.stages.planted_faults import planted_fault
from workshop import shell
from workshop.course.exercises import EXERCISE
from workshop.course.gaps import BEFORE, GAPS
from workshop.course.manifest import course

_Fact = TypeVar("_Fact")
ReportTier = Literal["static", "remote", "run"]

# A report is read by people, and sent to a room.
_MOST_EVIDENCE = 10
_DETACHED = "detached HEAD: commits here are on no branch"
# Exit codes; 2 is also that of a wrong option.
PASSED, FAILED, NOTHING_TO_GRADE, NOT_TOLD = 0, 1, 2, 3
_COMMIT = {"schema": {"pattern": "^[0-9a-f]{40,64}$"}}
_BRANCH = {"schema": {"description": "where the next commit goes"}}
_NO_BRANCH = {"schema": {"description": "how to return, where HEAD is on none"}}


@dataclass(frozen=True)
class LessonScore:
    """One lesson, and the points of its checks; ``not_told`` are those that nobody could tell."""

    id: str
    title: str
    earned: int = field(metadata=POINTS)
    max: int = field(metadata=POINTS)
    not_told: int = field(metadata=POINTS)
    supplied: bool


@dataclass(frozen=True)
class Report:
    """The grader's report, as `grader check --format json` prints it.

    ``max_score`` is the total of the checks that were selected, whatever could be told of them;
    ``not_told`` are the points of those that nobody could tell, or whom the remote was not asked.
    ``checks`` are in teaching order; ``next`` is what to do first.
    """

    schema: Literal[1] = field(default=1, init=False)
    repo: str
    commit: str | None = field(metadata=_COMMIT)
    branch: str | None = field(metadata=_BRANCH)
    no_branch: str | None = field(metadata=_NO_BRANCH)
    gradable: bool
    score: int = field(metadata=POINTS)
    max_score: int = field(metadata=POINTS)
    not_told: int = field(metadata=POINTS)
    next: NextAction | None
    verified: tuple[ReportTier, ...]
    unproven: tuple[ReportTier, ...]
    lessons: tuple[LessonScore, ...]
    checks: tuple[CheckResult, ...]


def make_report(
    repository: Repository,
    verdicts: Iterable[Verdict],
    tiers: Iterable[ReportTier],
    selected: Sequence[Check],
) -> Report:
    """The report on ``repository``: ``verdicts`` on those of the ``selected`` checks in ``tiers``.

    A tier without any answer is not verified, as a remote that nobody reached.
    """
    verdicts = list(verdicts)
    answered = {verdict.check.tier for verdict in verdicts if verdict.status in ("pass", "fail")}
    verified = tuple(tier for tier in tiers if tier == "static" or tier in answered)
    unproven: tuple[ReportTier, ...] = ("remote", "run")
    is_started = _or_none(lambda: (repository.root / settings.PATH).exists())
    is_lesson = bool(is_started) and not repository.is_foreign
    is_taught = is_lesson or repository.exercise is not None
    results = tuple(_result(verdict, repository, is_taught=is_taught) for verdict in verdicts)
    lessons = _scores(repository, results, selected)
    return Report(
        repo=str(_or_none(lambda: repository.root) or repository.start),
        commit=_or_none(lambda: repository.commit),
        branch=_or_none(lambda: repository.git.branch if repository.git else None),
        no_branch=_or_none(lambda: _no_branch(repository.git)),
        gradable=_or_none(lambda: repository.git) is not None,
        score=sum(lesson.earned for lesson in lessons),
        max_score=sum(lesson.max for lesson in lessons),
        not_told=sum(lesson.not_told for lesson in lessons),
        next=next_action(results),
        verified=verified,
        unproven=tuple(tier for tier in unproven if tier not in verified),
        lessons=lessons,
        checks=results,
    )


def _scores(
    repository: Repository, results: Iterable[CheckResult], selected: Iterable[Check]
) -> tuple[LessonScore, ...]:
    """The score of each lesson that has a selected check."""
    read_settings = _or_none(lambda: repository.settings)
    supplied = read_settings.supplied if read_settings else ()
    told = {result.id: result for result in results if result.status != "error"}
    own: dict[str, list[Check]] = {}
    for check in selected:
        own.setdefault(check.lesson, []).append(check)
    return tuple(
        LessonScore(
            id_,
            title,
            sum(told[check.id].earned for check in own[id_] if check.id in told),
            sum(check.points for check in own[id_]),
            sum(check.points for check in own[id_] if check.id not in told),
            id_ in supplied,
        )
        for id_, title in _titles(repository).items()
        if id_ in own
    )


def _titles(repository: Repository) -> dict[str, str]:
    """The title of each lesson by its id, an exercise before all others."""
    exercise = repository.exercise
    titles = {EXERCISE: exercise.title} if exercise else {}
    for lesson in course().lessons:
        if lesson.id == BEFORE:
            titles[GAPS] = "Gaps in the code"
        titles[lesson.id] = lesson.topic if repository.is_foreign else lesson.title
    return titles


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
        return f"{_DETACHED}. {shell.command_line(('git', 'checkout', names[0]))} returns"
    return f"{_DETACHED}. git branch lists those there are" if names else _DETACHED


def exit_code(report: Report) -> int:
    """0 all passed, 1 some failed or are blocked, 2 nothing to grade, 3 only errors."""
    if not report.gradable:
        return NOTHING_TO_GRADE
    kinds = {result.kind for result in report.checks}
    if kinds & {"fail", "blocked"}:
        return FAILED
    return NOT_TOLD if "error" in kinds else PASSED


def _result(verdict: Verdict, repository: Repository, *, is_taught: bool) -> CheckResult:
    """``is_taught``: the lessons are there to be read, as `grader start` puts them."""
    check, finding = verdict.check, verdict.finding
    waiting = f"waits for {verdict.blocked_by}" if verdict.blocked_by else None
    is_task = finding is not None and finding.is_lesson_task and is_taught
    names = finding.names if finding else ()
    planted = _or_none(lambda: planted_fault(repository, check.id, names)) if names else None
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
        evidence=finding.evidence[:_MOST_EVIDENCE] if finding else (),
        evidence_count=len(finding.evidence) if finding else 0,
        hint=finding.ask or check.ask if finding else None,
        steps=verdict.steps,
        earned=verdict.earned,
        max=check.points,
        blocked_by=verdict.blocked_by,
        awaits_commit=verdict.awaits_commit,
        is_lesson_task=is_task,
        look=finding.look if finding else None,
        planted=planted[1] if planted else None,
        told_in=planted[0].id if planted else check.lesson if is_task else None,
    )
