"""How many predictions are in the house at one time, and how many bytes they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from service.problems import Problem


class Slot:
    """One admitted request; it counts the bytes that it holds."""

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self.held_bytes = 0

    def hold(self, count: int) -> None:
        """Count ``count`` more bytes, or tell the client that there is no room for them."""
        if self._gate.held_bytes + count > self._gate.max_held_bytes:
            raise busy("the bodies being received fill the memory set aside for them")
        self._gate.held_bytes += count
        self.held_bytes += count


class Gate:
    """Admits as many requests as the settings allow; one event loop, so no lock."""

    def __init__(self, max_requests: int, max_held_bytes: int) -> None:
        self.max_requests = max_requests
        self.max_held_bytes = max_held_bytes
        self.requests = 0
        self.held_bytes = 0

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """A slot for the length of one request, or a 503 when all are taken."""
        if self.requests >= self.max_requests:
            raise busy(f"{self.max_requests} predictions are being made")
        slot = Slot(self)
        self.requests += 1
        try:
            yield slot
        finally:
            self.requests -= 1
            self.held_bytes -= slot.held_bytes


def busy(reason: str) -> Problem:
    """The answer to a client that should come back in a moment."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"too busy: {reason}",
        "send the request again in a second",
        headers={"Retry-After": "1"},
    )
