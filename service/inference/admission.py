"""How many predictions are in progress at one time, and how many bytes they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from service.problems import Problem


@dataclass(slots=True)
class Gate:
    """Admits as many requests as the settings allow; one event loop, so no lock."""

    max_requests: int
    max_held_bytes: int
    requests: int = 0
    held_bytes: int = 0

    @contextmanager
    def admit(self) -> Iterator["Slot"]:
        """A slot for the length of one request; a 503 when all are taken."""
        if self.requests >= self.max_requests:
            raise busy_problem(f"{self.max_requests} predictions are being made")
        slot = Slot(self)
        self.requests += 1
        try:
            yield slot
        finally:
            self.requests -= 1
            self.held_bytes -= slot.held_bytes


@dataclass(slots=True)
class Slot:
    """One admitted request, which counts the bytes that it holds."""

    gate: Gate
    held_bytes: int = 0

    def hold(self, count: int) -> None:
        """Count ``count`` more bytes; a 503 when there is no room for them."""
        if self.gate.held_bytes + count > self.gate.max_held_bytes:
            raise busy_problem("the bodies being received fill the memory set aside for them")
        self.gate.held_bytes += count
        self.held_bytes += count


def late_problem(seconds: float) -> Problem:
    """The answer to a client whose job waited for so long that it is refused."""
    return busy_problem(f"others were served for {seconds:.3g} s")


def busy_problem(
    reason: str, fix: str = "send the request again in a second", *, seconds: int = 1
) -> Problem:
    """The answer to a client that should send its request again in so many seconds."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"too busy: {reason}",
        fix,
        headers={"Retry-After": str(seconds)},
    )
