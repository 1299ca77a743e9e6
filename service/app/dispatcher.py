"""What every request passes first: its id, and the way to who answers it.

What is asked all the time, a prediction and whether the service is up, is answered from here. All
else, and these asked in an unusual way, goes to FastAPI's routes. They are loaded with the first
such request: at the start they would take as long as all that a prediction needs, and with each
prediction its routing and validation would take as much as all that is not the picture's.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from itertools import count

from service.app import late, lifespan, problems, readiness
from service.app.asgi import App, Headers, Receive, Scope, Send
from service.app.json_answer import as_json
from service.app.request_context import Visit
from service.inference import predictions
from service.inference.uploads import ClientGone
from service.runtime import gc_freeze
from service.runtime.resources import Resources

JSON = b"application/json"
_SANE_ID = re.compile(rb"[\w.:/+=-]{1,100}", re.ASCII)
_PLAIN_QUERY = re.compile(
    rb"(?:top=([1-9]\d{0,8}))?(?:(?:^|&)threshold=(0\.\d{1,15}|0|1))?", re.ASCII
)


class Front:
    """The app that uvicorn runs; ``opened`` gives its resources from the start to the end."""

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[Resources]]) -> None:
        self._opened = opened
        self._service: Resources
        self._started = False
        self._prefix = os.urandom(6).hex()
        self._numbers = count(1)
        self._loading: asyncio.Task[App] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and note that it was answered."""
        if scope["type"] == "lifespan":
            await lifespan.lived(self._serving(), receive, send)
        elif scope["type"] == "http" and not self._started:
            await _told_unstarted(send)
        elif scope["type"] == "http":
            await self._visited(
                Visit(scope, send, self._service, self._id(scope["headers"])), receive
            )
        else:
            routes = await self._routes()
            await routes(scope, receive, send)

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        async with self._opened() as self._service:
            self._started = True
            yield

    async def _visited(self, visit: Visit, receive: Receive) -> None:
        visit.begin()
        try:
            answer = self._plain_answer(visit.scope, receive)
            if answer is not None:
                visit.route = _path(visit.scope)
                await _answered(answer, visit)
            else:
                await self._routed(visit, receive)
        finally:
            visit.end()

    def _plain_answer(self, scope: Scope, receive: Receive) -> Awaitable[bytes] | None:
        """What is going to be the answer; None where that is for the routes to tell."""
        service = self._service
        match scope["method"], _path(scope):
            case "POST", "/predict":
                query = _PLAIN_QUERY.fullmatch(scope["query_string"])
                if query is None:
                    return None
                top = int(query[1]) if query[1] else None
                threshold = float(query[2]) if query[2] else None
                return predictions.predicted(scope["headers"], receive, service, top, threshold)
            case "GET", "/healthz":
                return _alive()
            case "GET", "/readyz":
                return _ready(service)
        return None

    async def _routed(self, visit: Visit, receive: Receive) -> None:
        visit.scope.setdefault("state", {})[problems.REQUEST_ID] = visit.id
        try:
            routes = await self._routes()
        except Exception as error:
            await _told_bug(error, visit)
            raise  # uvicorn prints the traceback
        await routes(visit.scope, receive, visit.send)

    async def _routes(self) -> App:
        """FastAPI's routes; loaded in a thread, so that predictions go on meanwhile."""
        if self._loading is None or (self._loading.done() and self._loading.exception()):
            self._loading = asyncio.create_task(self._loaded())
        return await asyncio.shield(self._loading)

    async def _loaded(self) -> App:
        routes = await asyncio.to_thread(late.routes, self._service)
        gc_freeze.settle()
        return routes

    def _id(self, headers: Headers) -> str:
        """The client's own id where that can be written anywhere, else a new one."""
        for name, value in headers:
            if name == b"x-request-id" and _SANE_ID.fullmatch(value):
                return value.decode()
        return f"{self._prefix}-{next(self._numbers):x}"


def _path(scope: Scope) -> str:
    """Without that of the proxy that the service is behind (``--root-path``)."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


async def _told_unstarted(send: Send) -> None:
    problem = problems.Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "the service was not started: nobody told it to (ASGI's lifespan)",
        "start uvicorn without --lifespan off",
    )
    content = problems.document(problem, None)
    headers = [
        (b"content-length", b"%d" % len(content)),
        (b"content-type", problems.MEDIA_TYPE.encode()),
    ]
    await send({"type": "http.response.start", "status": problem.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _alive() -> bytes:
    return as_json(readiness.ALIVE)


async def _ready(service: Resources) -> bytes:
    return as_json(await readiness.ready(service))


async def _answered(answer: Awaitable[bytes], visit: Visit) -> None:
    try:
        content = await answer
    except problems.Problem as problem:
        await visit.tell(problem)
    except ClientGone:
        visit.status = 400  # as the routes count it; nobody reads an answer
    except Exception as error:
        await _told_bug(error, visit)
        raise  # uvicorn prints the traceback
    else:
        await visit.answer(200, JSON, content)


async def _told_bug(error: Exception, visit: Visit) -> None:
    await visit.tell(problems.bug(error, visit.scope["method"], visit.scope["path"]))
