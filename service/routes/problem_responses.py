"""The problems of routes, FastAPI's own and a bug included, and the documentation of them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import pydantic
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service.app.problems import MEDIA_TYPE, REQUEST_ID, Finding, Problem, bug, document
from service.inference.uploads import ClientGone

LONGEST_INPUT = 80


def install(app: FastAPI) -> None:
    """Make ``app`` answer each error as a problem, FastAPI's own and a bug included."""
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(ClientGone, _gone)
    app.add_exception_handler(Exception, _bug)


def _answer(request: Request, problem: Problem) -> Response:
    content = document(problem, request.scope.get("state", {}).get(REQUEST_ID))
    return Response(content, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - Starlette's handler type is any Exception
    return _answer(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    findings = [Finding(_sentence(detail)) for detail in error.errors()]
    return _answer(
        request,
        Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "; ".join(finding.detail for finding in findings),
            "change that value; /docs says what each may be",
            errors=findings,
        ),
    )


def _sentence(detail: dict[str, Any]) -> str:
    source, *names = map(str, detail["loc"])
    got = repr(detail.get("input"))
    got = got if len(got) <= LONGEST_INPUT else got[:LONGEST_INPUT] + "…"
    message = str(detail["msg"]).removeprefix("Input ")
    return f"the {source} value {'.'.join(names)} {message}, got {got}"


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    status = HTTPStatus(error.status_code)
    path, method = request.url.path, request.method
    match status:
        case HTTPStatus.NOT_FOUND:
            detail, fix = f"there is no {path} here", "open /docs for the list of routes"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = (error.headers or {}).get("Allow", "another method")
            detail, fix = f"{path} does not answer {method}", f"use {allowed}; /docs shows how"
        case _:
            detail, fix = str(error.detail), "open /docs for what this route takes"
    return _answer(request, Problem(status, detail, fix, headers=error.headers))


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody reads this: the client hung up while it sent its body."""
    return _answer(
        request,
        Problem(HTTPStatus.BAD_REQUEST, "the client went away before its body ended", "send again"),
    )


async def _bug(request: Request, error: Exception) -> Response:
    return _answer(request, bug(error, request.method, request.url.path))


class FindingModel(pydantic.BaseModel):
    """One thing that is wrong in a request."""

    index: int | None = pydantic.Field(description="Which file of the request, from 0.")
    filename: str | None = pydantic.Field(description="Its name as sent.")
    detail: str


class ProblemModel(pydantic.BaseModel):
    """What went wrong and what to do (RFC 9457, and `fix`)."""

    type: str = "about:blank"
    title: str = pydantic.Field(description="The status in words.")
    status: int
    detail: str = pydantic.Field(description="What is wrong, and where.")
    fix: str = pydantic.Field(description="What to do or to type next.")
    instance: str | None = pydantic.Field(
        None, description="Which request: its `X-Request-ID`.", examples=["urn:request:9f3c-1a"]
    )
    errors: list[FindingModel] | None = pydantic.Field(
        None, description="Each file or value that is wrong; absent when there is only the detail."
    )


def documented(meanings: Mapping[HTTPStatus, str]) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route for OpenAPI: each status and what it means there."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemModel"}}}
    return {
        status.value: {"description": meaning, "content": content}
        for status, meaning in meanings.items()
    }
