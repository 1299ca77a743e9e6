"""What every request passes first: it gets its id, and is answered here or by FastAPI's routes.

The frequent requests (a prediction with a plain query, ``/healthz``, ``/readyz``) are answered
here. All others go to FastAPI, which is loaded with the first of them: its import takes as long as
all that a first prediction needs (0.25 s, 20 MB), and its routing and validation of a prediction as
long as all of the service's own work but the picture's.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from itertools import count

from service.app.cross_origin import access_headers, preflight_headers
from service.app.foreign_requests import check_request
from service.app.lifespan import run_lifespan
from service.app.request_context import RequestContext
from service.inference.uploads import ClientDisconnected
from service.problems import MEDIA_TYPE, REQUEST_ID, Problem, bug_problem, problem_json
from service.protocol import App, Headers, Receive, Scope, Send, as_json, send_answer
from service.resources import Resources
from service.runtime import memory

# Safe in a header, a log line and a URN: "4bf92f35-77b34da6" and "Root=1-67891233" are, "a b" not.
_SAFE_ID = re.compile(rb"[\w.:/+=-]{1,100}", re.ASCII)
# "", "top=3", "threshold=0.5" and "top=3&threshold=0.5"; FastAPI validates all else.
_PLAIN_QUERY = re.compile(
    rb"(?:top=([1-9]\d{0,8}))?(?:(?:^|&)threshold=(0\.\d{1,15}|0|1))?", re.ASCII
)
_UNSTARTED = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "the service was not started: it received no lifespan event (ASGI)",
    "start uvicorn without --lifespan off",
)


class Dispatcher:
    """The app that uvicorn runs; ``open_service`` gives its resources from the start to the end."""

    def __init__(self, open_service: Callable[[], AbstractAsyncContextManager[Resources]]) -> None:
        self._open_service = open_service
        self._resources: Resources | None = None
        self._id_prefix = os.urandom(6).hex()  # a process's: workers number their requests alike
        self._numbers = count(1)
        self._loading: asyncio.Task[App] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the lifespan of the service."""
        if scope["type"] == "lifespan":
            await run_lifespan(self._open(), receive, send)
        elif self._resources is None:
            await _send_problem(_UNSTARTED, send, None)
        elif scope["type"] == "http":
            await self._handle(self._context(scope, send, self._resources), receive)
        else:  # a websocket, which FastAPI refuses
            await (await self._routes(self._resources))(scope, receive, send)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        async with self._open_service() as self._resources:
            yield

    def _context(self, scope: Scope, send: Send, resources: Resources) -> RequestContext:
        method, headers = scope["method"], scope["headers"]
        if method == "HEAD":
            scope = {**scope, "method": "GET"}
        access = access_headers(resources.settings.cors_origins, headers)
        request_id = self._request_id(headers)
        return RequestContext(scope, method, send, resources, request_id, access)

    async def _handle(self, context: RequestContext, receive: Receive) -> None:
        context.begin()
        try:
            await self._answer(context, receive)
        except Problem as problem:
            await _send_problem(problem, context.send, context.id)
        except ClientDisconnected:
            context.status = 400  # for the count, as the routes have it; nobody reads an answer
        except Exception as error:
            if not context.status:  # the routes have answered 500 already
                bug = bug_problem(error, context.scope["method"], context.scope["path"])
                await _send_problem(bug, context.send, context.id)
            raise  # uvicorn prints the traceback
        finally:
            context.finish()

    async def _answer(self, context: RequestContext, receive: Receive) -> None:
        settings = context.resources.settings
        path, headers = _path(context.scope), context.scope["headers"]
        check_request(context.method, path, headers, settings.hosts, settings.cors_origins)
        content = await _direct_answer(context, receive)
        if content is not None:
            await send_answer(context.send, 200, "application/json", content, {})
        elif (headers := _preflight_answer(context)) is not None:
            await context.send({"type": "http.response.start", "status": 204, "headers": headers})
            await context.send({"type": "http.response.body"})
        else:
            context.scope.setdefault("state", {})[REQUEST_ID] = context.id
            routes = await self._routes(context.resources)
            await routes(context.scope, receive, context.send)

    async def _routes(self, resources: Resources) -> App:
        """FastAPI's routes, loaded once for all who wait, and again where that failed."""
        if self._loading is None or (self._loading.done() and self._loading.exception()):
            self._loading = asyncio.create_task(_load_routes(resources))
        # Shielded: a client that disconnects must not cancel what others wait for.
        return await asyncio.shield(self._loading)

    def _request_id(self, headers: Headers) -> str:
        """The client's own id where that is safe to write anywhere, else a new one."""
        for name, value in headers:
            if name == b"x-request-id" and _SAFE_ID.fullmatch(value):
                return value.decode()
        return f"{self._id_prefix}-{next(self._numbers):x}"


async def _load_routes(resources: Resources) -> App:
    """Load them in a thread, so that predictions go on meanwhile."""

    def load() -> App:
        # Imported here, with the first request for a route: see the module's docstring.
        from service.routes import app

        return app.create_routes(resources)

    routes = await asyncio.to_thread(load)
    memory.freeze_gc()
    return routes


async def _direct_answer(context: RequestContext, receive: Receive) -> bytes | None:
    """The answer to a frequent request as JSON; None where FastAPI's routes have to answer."""
    scope, resources = context.scope, context.resources
    path = _path(scope)
    match scope["method"], path:
        case "POST", "/predict" if query := _PLAIN_QUERY.fullmatch(scope["query_string"]):
            context.route = path
            top = int(query[1]) if query[1] else None
            threshold = float(query[2]) if query[2] else None
            return await resources.predictor.predict(scope["headers"], receive, top, threshold)
        case "GET", "/healthz":
            context.route = path
            return b'{"status":"alive"}'
        case "GET", "/readyz":
            context.route = path
            return as_json(await resources.readiness())
    return None


def _path(scope: Scope) -> str:
    """The path without the prefix of a proxy before the service (--root-path)."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path


def _preflight_answer(context: RequestContext) -> list[tuple[bytes, bytes]] | None:
    """The headers of an answer to a browser's question before a request; None for a request."""
    if context.scope["method"] != "OPTIONS":
        return None
    return preflight_headers(context.resources.settings.cors_origins, context.scope["headers"])


async def _send_problem(problem: Problem, send: Send, request_id: str | None) -> None:
    content = problem_json(problem, request_id)
    await send_answer(send, problem.status.value, MEDIA_TYPE, content, problem.headers)
