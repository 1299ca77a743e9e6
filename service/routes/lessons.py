"""``GET /lessons``: the grader's report of the repository.

A plain function, which FastAPI runs in a thread: grading takes some tenths of a second.
"""

from http import HTTPStatus
from typing import Annotated, Literal

import pydantic
from fastapi import APIRouter, Query, Response

from service.problems import Problem
from service.routes.dependencies import ServiceResources
from service.routes.pipeline import Described
from service.routes.problem_responses import document_problems
from workshop.course.manifest import CourseError

router = APIRouter(tags=["lessons"])

Tier = Literal["static", "remote", "run"]


class LessonModel(Described):
    """One lesson, and the points of its checks."""

    id: str
    title: str
    earned: int
    max: int
    supplied: bool


class EvidenceModel(Described):
    """Where to look."""

    source: Literal["HEAD", "index", "worktree", "cache", "remote"]
    path: str
    line: int | None
    value: str | None


class CheckModel(Described):
    """One check and its result."""

    id: str
    lesson: str
    title: str
    status: Literal["pass", "fail", "blocked", "error"]
    severity: Literal["fail", "advice"] | None
    code: str | None
    rationale: str | None
    expected: str | None
    actual: str | None
    evidence: list[EvidenceModel]
    hint: str | None
    fix: str | None
    earned: int
    max: int


class ReportModel(Described):
    """The grader's report, as `grader check --format json` prints it."""

    schema_: Literal[1] = pydantic.Field(alias="schema")
    repo: str
    commit: str | None
    branch: str | None
    no_branch: str | None
    gradable: bool
    score: int
    max_score: int
    verified: list[Tier]
    unproven: list[Tier]
    lessons: list[LessonModel]
    checks: list[CheckModel]


@router.get(
    "/lessons",
    response_model=ReportModel,
    responses=document_problems(
        {
            422: "A wrong query value.",
            503: "The workshop's own lessons cannot be read.",
        }
    ),
)
def lessons(
    resources: ServiceResources,
    remote: Annotated[
        bool, Query(description="Ask the remote for each object too, which takes longer.")
    ] = False,
) -> Response:
    """The grade of the repository, lesson by lesson, and what to type next.

    Without `remote` nothing leaves this machine, as with `grader check --offline`. A folder that
    is no repository is answered too: `gradable` is false, and a check says what to do.
    """
    try:
        report = resources.reports.report(remote=remote)
    except CourseError as error:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, str(error), "mend the workshop's installation: make env"
        ) from None
    return Response(report, media_type="application/json")
