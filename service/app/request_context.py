"""One request on its way through the service: what is noted of it, and what every answer has."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from service.app import problems
from service.app.asgi import Message, Scope, Send
from service.runtime import access_log
from service.runtime.resources import Resources

NONE: Mapping[str, str] = {}


@dataclass(slots=True)
class Visit:
    """From the head of the request to the end of its answer."""

    scope: Scope
    to_client: Send
    service: Resources
    id: str
    route: str = "none"
    status: int = 0
    size: int = 0
    start: float = field(default_factory=time.perf_counter)

    def begin(self) -> None:
        """Count it as being in the house."""
        self.service.draining.in_flight += 1
        self.service.metrics.in_flight.inc()

    async def answer(
        self, status: int, media_type: bytes, content: bytes, headers: Mapping[str, str] = NONE
    ) -> None:
        """Send a whole answer."""
        more = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        about = [
            *more,
            (b"content-length", b"%d" % len(content)),
            (b"content-type", media_type),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": about})
        await self.send({"type": "http.response.body", "body": content})

    async def tell(self, problem: problems.Problem) -> None:
        """Send a problem."""
        content = problems.document(problem, self.id)
        media_type = problems.MEDIA_TYPE.encode()
        await self.answer(problem.status.value, media_type, content, problem.headers)

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer, the head with what every answer's has."""
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
        """Count it as answered."""
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
