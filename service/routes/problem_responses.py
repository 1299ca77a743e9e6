"""Every error of a route as a problem, FastAPI's own and a bug included, and its documentation."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import pydantic
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service.inference.uploads import ClientDisconnected
from service.problems import (
    MEDIA_TYPE,
    REQUEST_ID,
    InvalidInput,
    Problem,
    bug_problem,
    problem_json,
)

LONGEST_INPUT = 80


def add_handlers(app: FastAPI) -> None:
    """Make ``app`` answer each error as a problem, FastAPI's own and a bug included."""
    problem_of: dict[type[Exception], Callable[[Request, Any], Problem]] = {
        Problem: lambda request, problem: problem,
        RequestValidationError: _invalid_value_problem,
        HTTPException: _http_problem,
        ClientDisconnected: _disconnected_problem,
        Exception: lambda request, error: bug_problem(error, request.method, request.url.path),
    }
    for kind, make_problem in problem_of.items():
        app.add_exception_handler(kind, partial(_answer, make_problem))


async def _answer(
    make_problem: Callable[[Request, Any], Problem], request: Request, error: Exception
) -> Response:
    problem = make_problem(request, error)
    content = problem_json(problem, request.scope.get("state", {}).get(REQUEST_ID))
    return Response(content, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def _invalid_value_problem(request: Request, error: RequestValidationError) -> Problem:
    errors = [InvalidInput(_sentence(detail)) for detail in error.errors()]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "; ".join(invalid.detail for invalid in errors),
        "change that value; /docs says what each may be",
        errors=errors,
    )


def _sentence(detail: dict[str, Any]) -> str:
    source, *names = map(str, detail["loc"])
    value = repr(detail.get("input"))
    value = value if len(value) <= LONGEST_INPUT else value[:LONGEST_INPUT] + "…"
    message = str(detail["msg"]).removeprefix("Input ")
    return f"the {source} value {'.'.join(names)} {message}, got {value}"


def _http_problem(request: Request, error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    path, method = request.url.path, request.method
    match status:
        case HTTPStatus.NOT_FOUND:
            detail, fix = f"there is no {path} here", "open /docs for the list of routes"
            if path.endswith("/"):
                fix = f"leave out the / at its end, or {fix}"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = _with_head((error.headers or {}).get("Allow", ""))
            detail, fix = f"{path} does not answer {method}", f"use {allowed}; /docs shows how"
            return Problem(status, detail, fix, headers={"Allow": allowed})
        case _:
            detail, fix = str(error.detail), "open /docs for what this route takes"
    return Problem(status, detail, fix, headers=error.headers)


def _with_head(allowed: str) -> str:
    """The methods of a route with HEAD, which the dispatcher answers wherever there is a GET."""
    methods = {method.strip() for method in allowed.split(",")} - {""}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _disconnected_problem(request: Request, error: ClientDisconnected) -> Problem:
    """For the count of answers alone: the client has closed its connection."""
    return Problem(
        HTTPStatus.BAD_REQUEST, "the client went away before its body ended", "send again"
    )


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


def document_problems(meanings: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route for OpenAPI: each status and what it means there."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemModel"}}}
    return {
        status: {"description": meaning, "content": content} for status, meaning in meanings.items()
    }
