"""``GET /lessons``: the grader's report of the repository.

A plain function, which FastAPI runs in a thread: grading takes some tenths of a second.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from grader.engine.report import Report
from grader.output import report_schema
from service.problems import Problem
from service.routes.dependencies import ServiceResources
from service.routes.problem_responses import document_problems
from workshop.course.manifest import CourseError

router = APIRouter(tags=["lessons"])

ReportModel = report_schema.model_of(Report)


@router.get(
    "/lessons",
    response_model=ReportModel,
    responses=document_problems(
        {
            422: "A wrong query key or value.",
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
        report = resources.reports.document(remote=remote)
    except CourseError as error:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, str(error), "mend the workshop's installation: make env"
        ) from None
    return Response(report, media_type="application/json")
