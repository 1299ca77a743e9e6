"""What every request passes first: its id, its line in the log, its count; and the way out.

A plain ``POST /predict`` is answered from here, past the routing and validation of the framework,
which would take as much time as all the rest that is not the picture's.
"""

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import access_log, predictions, problems
from service.resources import Resources

PREDICT = "/predict"
_SANE_ID = re.compile(rb"[\w.:/+=-]{1,100}", re.ASCII)

Headers = Sequence[tuple[bytes, bytes]]


class Front:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._prefix = os.urandom(6).hex()
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and note that it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        service: Resources = scope["app"].state.resources
        visit = _Visit(scope, send, service, self._id(scope["headers"]))
        scope.setdefault("state", {})[problems.REQUEST_ID] = visit.id
        visit.begin()
        try:
            if _is_plain_prediction(scope):
                visit.route = PREDICT
                await self._predict(Request(scope, receive), visit, service)
            else:
                await self._app(scope, receive, visit.send)
        finally:
            visit.end()

    async def _predict(self, request: Request, visit: "_Visit", service: Resources) -> None:
        try:
            answer = await predictions.predicted(request, service)
        except problems.Problem as problem:
            response = problems.response(problem, visit.id)
            await response(request.scope, request.receive, visit.send)
        except ClientDisconnect:
            pass  # nobody reads an answer
        except Exception as error:
            response = await problems.bug(request, error)
            await response(request.scope, request.receive, visit.send)
            raise  # uvicorn prints the traceback
        else:
            await visit.send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", b"application/json"),
                        (b"content-length", b"%d" % len(answer)),
                    ],
                }
            )
            await visit.send({"type": "http.response.body", "body": answer})

    def _id(self, headers: Headers) -> str:
        """The client's own id where that can be written anywhere, else a new one."""
        for name, value in headers:
            if name == b"x-request-id" and _SANE_ID.fullmatch(value):
                return value.decode()
        return f"{self._prefix}-{next(self._numbers):x}"


def _is_plain_prediction(scope: Scope) -> bool:
    return scope["path"] == PREDICT and scope["method"] == "POST" and not scope["query_string"]


@dataclass(slots=True)
class _Visit:
    """One request on its way through the service."""

    scope: Scope
    to_client: Send
    service: Resources
    id: str
    route: str = "none"
    status: int = 0
    size: int = 0
    start: float = field(default_factory=time.perf_counter)

    def begin(self) -> None:
        self.service.draining.in_flight += 1
        self.service.metrics.in_flight.inc()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if (route := self.scope.get("route")) is not None:
                self.route = route.path
            headers = [*message.get("headers", ()), (b"x-request-id", self.id.encode())]
            # After a bug uvicorn hangs up: the client should not send its next request into that.
            if self.service.draining.active or self.status == 500:
                headers.append((b"connection", b"close"))
            message["headers"] = headers
        else:
            self.size += len(message.get("body", b""))
        await self.to_client(message)

    def end(self) -> None:
        seconds = time.perf_counter() - self.start
        draining = self.service.draining
        draining.in_flight -= 1
        draining.last_seen = time.monotonic()
        self.service.metrics.in_flight.dec()
        status = self.status or 500  # what it raised is told further out
        self.service.metrics.count(self.scope["method"], self.route, status, seconds)
        if self.service.settings.access_log:
            self._log(status, seconds)

    def _log(self, status: int, seconds: float) -> None:
        access_log.write(
            method=self.scope["method"],
            path=self.scope["path"],
            status=status,
            duration_ms=round(seconds * 1000, 3),
            bytes=self.size,
            request_id=self.id,
            model=self.service.model_file.served_md5,
        )
