"""What FastAPI passes to a route, and what it refuses before one: unknown query keys."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from service.problems import InvalidInput, Problem
from service.resources import Resources

LONGEST_KEY = 80


# async, so that FastAPI calls it on the event loop and starts no thread for it
async def _get_resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


ServiceResources = Annotated[Resources, Depends(_get_resources)]


async def refuse_unknown_keys(request: Request) -> None:
    """A Problem for a query key that the route does not read, such as a misspelt one."""
    route = request.scope["route"]
    if not isinstance(route, APIRoute):
        return
    known = [field.alias for field in route.dependant.query_params]
    unknown = [key for key in request.query_params if key not in known]
    if not unknown:
        return
    shown = ", ".join(repr(key[:LONGEST_KEY]) for key in unknown)
    fix = f"use {' or '.join(known)}" if known else "leave out the ? and all behind it"
    raise Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{request.url.path} reads no query key {shown}",
        f"{fix}; /docs says what each route takes",
        errors=[InvalidInput(f"an unknown query key {key[:LONGEST_KEY]!r}") for key in unknown],
    )
