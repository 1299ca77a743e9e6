"""The app: ``uvicorn service.main:app`` serves the repository that WORKSHOP_REPO names."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import cv2
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import (
    access_log,
    health,
    lessons,
    memory,
    pipeline_state,
    predictions,
    problems,
    resources,
    results,
    settings,
)
from service.front import Front

DESCRIPTION = """
The genres of movie posters, told by the model in your repository, and the state of the pipeline
that made it.

Every error is a problem (`application/problem+json`, RFC 9457): `detail` says what is wrong and
where, `fix` what to do or to type next.
"""


def create_app() -> FastAPI:
    """The service; it reads the environment and the model when it starts, not before."""
    app = FastAPIOffline(  # /docs works in a room without a network
        redoc_url=None,
        title="Movie posters by genre",
        description=DESCRIPTION,
        version="0.1.0",
        lifespan=_lifespan,
    )
    for module in (predictions, pipeline_state, lessons, results, health):
        app.include_router(module.router)
    app.add_api_route("/", _home, include_in_schema=False)
    app.add_middleware(_PlainStartFailure)
    problems.install(app)
    stack = app.build_middleware_stack
    app.build_middleware_stack = lambda: Front(stack())  # type: ignore[method-assign]  # outermost
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # as FastAPI documents it
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    found = settings.read()
    memory.give_back_large_blocks()
    cv2.setNumThreads(1)  # more take a large picture no further, and the event loop its processor
    # It warns of each malformed form; whoever sent it is told.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    app.description = f"{DESCRIPTION}\n{settings.limits(found)}\n"
    if found.access_log:
        access_log.take_over()
    async with resources.opened(found) as app.state.resources:
        with memory.settled():
            yield


async def _home() -> RedirectResponse:
    return RedirectResponse("/docs")


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problem's schema that the routes' errors refer to."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        reference = "#/components/schemas/{model}"
        schema = problems.ProblemModel.model_json_schema(ref_template=reference)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(schema.pop("$defs"))
        schemas["ProblemModel"] = schema
        app.openapi_schema = document
    return app.openapi_schema


class _PlainStartFailure:
    """Tells a wrong setting in two lines: Starlette would print its traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def plain(message: Message) -> None:
            error = sys.exception()
            if message["type"].endswith(".failed") and isinstance(error, settings.SettingsError):
                message = {**message, "message": f"error: {error}"}
            await send(message)

        await self._app(scope, receive, plain)


app = create_app()
