"""One request: what is recorded of it, and what each of its answers has."""

import time
from dataclasses import dataclass, field

from service.protocol import Headers, Message, Scope, Send
from service.resources import Resources
from service.runtime import access_log


@dataclass(slots=True)
class RequestContext:
    """A request, from its head to the end of its answer."""

    scope: Scope
    """Of a HEAD it is that of the same GET: the answers differ in the body alone."""
    method: str
    send_to_client: Send
    resources: Resources
    id: str
    access_headers: Headers
    """What allows a page of another site to read the answer."""
    route: str = "none"
    status: int = 0
    size: int = 0
    start: float = field(default_factory=time.perf_counter)

    def begin(self) -> None:
        """Count the request as in flight."""
        self.resources.draining.in_flight += 1
        self.resources.metrics.in_flight.inc()

    async def send(self, message: Message) -> None:
        """Pass on one message of an answer; its head gets the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            # FastAPI leaves the matched route there; "/results/plots/{name}" counts as one route.
            if (route := self.scope.get("route")) is not None:
                self.route = route.path
            headers = [
                *message.get("headers", ()),
                *self.access_headers,
                (b"x-request-id", self.id.encode()),
            ]
            # After a 500 uvicorn closes the connection, as the exception is raised again: without
            # this header a client may send its next request on it, and lose that.
            if self.resources.draining.active or self.status == 500:
                headers.append((b"connection", b"close"))
            message["headers"] = headers
        elif self.method == "HEAD":
            # The answer ends here: the body of one of events would never end by itself.
            message = {**message, "body": b"", "more_body": False}
        else:
            self.size += len(message.get("body", b""))
        await self.send_to_client(message)

    def finish(self) -> None:
        """Count the request as answered, and log it."""
        seconds = time.perf_counter() - self.start
        draining = self.resources.draining
        draining.in_flight -= 1
        draining.last_request = time.monotonic()
        self.resources.metrics.in_flight.dec()
        status = self.status or 500  # nothing was sent: uvicorn answers 500 for the exception
        self.resources.metrics.count(self.method, self.route, status, seconds)
        if self.resources.settings.access_log:
            access_log.write_line(
                method=self.method,
                path=self.scope["path"],
                status=status,
                duration_ms=round(seconds * 1000, 3),
                bytes=self.size,
                request_id=self.id,
                model=self.resources.model_file.served_md5,
            )
