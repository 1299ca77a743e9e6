"""The report: everything that was found about one repository, the source of every format."""

from collections.abc import Callable, Container, Iterable
from typing import Any, TypeVar

from grader.engine.finding import UnknownError
from grader.engine.verdict import Verdict
from grader.facts.git import Git
from grader.facts.repository import Repository
from workshop import shell
from workshop.course.manifest import course

SCHEMA = 1
Fact = TypeVar("Fact")
Report = dict[str, Any]
"""JSON by the schema in ``report.schema.json``."""

PASSED, FAILED, NOTHING_TO_GRADE, NOT_TOLD = 0, 1, 2, 3
"""Exit codes; 2 is also that of a wrong option."""


def report(
    repository: Repository,
    verdicts: Iterable[Verdict],
    verified: list[str],
    lessons: Container[str],
) -> Report:
    """The report on ``repository``; ``verified`` are the tiers that were to be looked at.

    One that gave no answer was not: a remote that nobody reached, or that nobody asked. Of the
    ``lessons`` with these ids, one that only the remote can judge then has no check, and counts 0
    of 0 points.
    """
    verdicts = list(verdicts)
    answered = {one.check.tier for one in verdicts if one.status in ("pass", "fail")}
    verified = [tier for tier in verified if tier == "static" or tier in answered]
    counted = [verdict for verdict in verdicts if verdict.status != "error"]
    settings = _known(lambda: repository.settings)
    supplied = settings.supplied if settings else ()
    return {
        "schema": SCHEMA,
        "repo": str(_known(lambda: repository.root) or repository.start),
        "commit": _known(lambda: repository.commit),
        "branch": _known(lambda: repository.git.branch if repository.git else None),
        "no_branch": _known(lambda: _no_branch(repository.git)),
        "gradable": _known(lambda: repository.git) is not None,
        "score": sum(verdict.earned for verdict in counted),
        "max_score": sum(verdict.check.points for verdict in counted),
        "verified": verified,
        "unproven": [tier for tier in ("remote", "run") if tier not in verified],
        "lessons": [
            {
                "id": lesson.id,
                "title": lesson.title,
                "earned": sum(v.earned for v in counted if v.check.lesson == lesson.id),
                "max": sum(v.check.points for v in counted if v.check.lesson == lesson.id),
                "supplied": lesson.id in supplied,
            }
            for lesson in course().lessons
            if lesson.id in lessons
        ],
        "checks": [_entry(verdict) for verdict in verdicts],
    }


def _known(fact: Callable[[], Fact]) -> Fact | None:
    """A fact, None where it cannot be told: some check says so."""
    try:
        return fact()
    except UnknownError:
        return None


def _no_branch(git: Git | None) -> str | None:
    """What to say where HEAD is on no branch: no mistake, but it is soon forgotten."""
    if git is None or git.branch is not None:
        return None
    if git.operation_in_progress == "rebase":
        return "on no branch while git rebase goes on: git status says how it ends"
    if git.operation_in_progress == "bisect":
        return "on no branch while git bisect goes on: git bisect reset ends it"
    names = git.branches(2)
    if len(names) == 1 and shell.is_quotable(names[0]):
        return f"on no branch: git checkout {shell.quoted(names[0])} returns"
    return "on no branch: git branch lists those to return to" if names else "on no branch"


def exit_code(report: Report) -> int:
    """0 all passed, 1 some failed or are blocked, 2 nothing to grade, 3 only errors."""
    if not report["gradable"]:
        return NOTHING_TO_GRADE
    statuses = {one["status"] for one in report["checks"] if one["severity"] != "advice"}
    if statuses & {"fail", "blocked"}:
        return FAILED
    return NOT_TOLD if "error" in statuses else PASSED


def _entry(verdict: Verdict) -> dict[str, Any]:
    check, finding = verdict.check, verdict.finding
    return {
        "id": check.id,
        "lesson": check.lesson,
        "title": check.title,
        "status": verdict.status,
        "severity": finding.severity if finding else None,
        "code": verdict.code,
        "rationale": finding.rationale if finding else verdict.reason,
        "expected": finding.expected if finding else None,
        "actual": finding.actual if finding else None,
        "evidence": [vars(one) for one in finding.evidence] if finding else [],
        "hint": course().check(check.id).ask if finding else None,
        "fix": finding.fix if finding else verdict.fix,
        "earned": verdict.earned if verdict.status != "error" else 0,
        "max": check.points if verdict.status != "error" else 0,
    }
