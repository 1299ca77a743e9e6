"""Every error that the service answers: RFC 9457 problem details with one more member, ``fix``.

Problem is raised anywhere below a route; what FastAPI and Starlette raise is told the same way by
``service.routes.problem_responses``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from service.app.json_answer import as_json

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "request_id"
"""Under this name ``service.app.dispatcher`` leaves a request's id in its state."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a request: the file it is about, where it is about one."""

    detail: str
    index: int | None = None
    filename: str | None = None


class Problem(Exception):  # noqa: N818 - as the RFC names it
    """An answer other than success: what is wrong and where, and what to do about it."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        fix: str,
        *,
        errors: Sequence[Finding] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.fix = fix
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def document(problem: Problem, request_id: str | None) -> bytes:
    """``problem`` as JSON, which names the request that it is about."""
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        "fix": problem.fix,
    }
    if request_id is not None:
        found["instance"] = f"urn:request:{request_id}"
    if problem.errors:
        found["errors"] = [asdict(finding) for finding in problem.errors]
    return as_json(found)


def bug(error: Exception, method: str, path: str) -> Problem:
    """The answer where this program is wrong, and not who asked it."""
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"the service has a bug: {type(error).__name__} in {method} {path}; "
        "it is not your repository",
        "report it with the traceback that the service printed",
    )
