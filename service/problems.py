"""Every error that the service answers: RFC 9457 problem details with one more member, ``fix``.

Problem is raised anywhere below a route; ``service.routes.problem_responses`` turns what FastAPI
and Starlette raise into the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from service.protocol import as_json

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "request_id"
"""The key in a request's ASGI state under which the dispatcher puts the request's id."""


@dataclass(frozen=True, slots=True)
class InvalidInput:
    """One thing that is wrong in a request, and the file that has it, if one has."""

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
        errors: Sequence[InvalidInput] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.fix = fix
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def problem_json(problem: Problem, request_id: str | None) -> bytes:
    """``problem`` as JSON, with the id of the request that it is about."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        "fix": problem.fix,
    }
    if request_id is not None:
        document["instance"] = f"urn:request:{request_id}"
    if problem.errors:
        document["errors"] = [asdict(error) for error in problem.errors]
    return as_json(document)


def bug_problem(error: Exception, method: str, path: str) -> Problem:
    """The answer to a request that this program fails on, through no fault of the client."""
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"the service has a bug: {type(error).__name__} in {method} {path}; "
        "it is not your repository",
        "report it with the traceback that the service printed",
    )
