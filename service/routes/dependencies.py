"""What FastAPI passes to a route, and what it refuses before one: wrong query keys."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from service.problems import InvalidInput, Problem
from service.resources import Resources

LONGEST_KEY, LONGEST_LIST = 80, 5


# async, so that FastAPI calls it on the event loop and starts no thread for it
async def _get_resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


ServiceResources = Annotated[Resources, Depends(_get_resources)]


async def check_query_keys(request: Request) -> None:
    """A Problem for a query key that the route does not read, or that comes twice."""
    route = request.scope["route"]
    if not isinstance(route, APIRoute):
        return
    known = [field.alias for field in route.dependant.query_params]
    unknown = [key for key in request.query_params if key not in known]
    if unknown:
        raise _unknown_keys_problem(request.url.path, known, unknown)
    for key in known:
        values = request.query_params.getlist(key)
        if len(values) > 1:
            shown = ", ".join(repr(value[:LONGEST_KEY]) for value in values[:LONGEST_LIST])
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"the query key {key!r} comes {len(values)} times: {shown}",
                f"send {key} once",
                errors=[InvalidInput(f"the query key {key!r} comes {len(values)} times")],
            )


def _unknown_keys_problem(path: str, known: Sequence[str], unknown: Sequence[str]) -> Problem:
    shown = ", ".join(repr(key[:LONGEST_KEY]) for key in unknown)
    fix = f"use {' or '.join(known)}" if known else "leave out the ? and all behind it"
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{path} reads no query key {shown}",
        f"{fix}; /docs says what each route takes",
        errors=[InvalidInput(f"an unknown query key {key[:LONGEST_KEY]!r}") for key in unknown],
    )
