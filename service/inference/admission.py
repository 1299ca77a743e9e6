"""How many predictions are in the house at one time, and how many bytes they hold."""

from http import HTTPStatus

from service.app.problems import Problem


class Gate:
    """Admits as many requests as the settings allow; one event loop, so no lock."""

    def __init__(self, max_requests: int, max_held_bytes: int) -> None:
        self.max_requests = max_requests
        self.max_held_bytes = max_held_bytes
        self.requests = 0
        self.held_bytes = 0

    def slot(self) -> "Slot":
        """A slot for the length of one request, or a 503 when all are taken."""
        return Slot(self)


class Slot:
    """One admitted request, for the length of a ``with``; it counts the bytes that it holds."""

    __slots__ = ("_gate", "held_bytes")

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.held_bytes = 0

    def __enter__(self) -> "Slot":
        if self._gate.requests >= self._gate.max_requests:
            raise busy(f"{self._gate.max_requests} predictions are being made")
        self._gate.requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._gate.requests -= 1
        self._gate.held_bytes -= self.held_bytes

    def hold(self, count: int) -> None:
        """Count ``count`` more bytes, or tell the client that there is no room for them."""
        if self._gate.held_bytes + count > self._gate.max_held_bytes:
            raise busy("the bodies being received fill the memory set aside for them")
        self._gate.held_bytes += count
        self.held_bytes += count


def busy(reason: str) -> Problem:
    """The answer to a client that should come back in a moment."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"too busy: {reason}",
        "send the request again in a second",
        headers={"Retry-After": "1"},
    )
