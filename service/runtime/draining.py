"""How a service stops without losing a request, from SIGTERM to the end.

uvicorn alone closes its socket at once, and with it the connections that the kernel has accepted
and those on which a client is sending. So the service first goes on for a while, with 503 at
``/readyz`` and ``Connection: close`` in each answer. When no request has come for a moment, uvicorn
may close.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

QUIET_SECONDS = 0.5
"""The end comes after so long without a request."""
POLL_SECONDS = 0.05


class Draining:
    """The requests in flight, and whether the service is about to stop."""

    def __init__(self, seconds: float) -> None:
        self.active = False
        self.in_flight = 0
        self.last_request = time.monotonic()
        self._seconds = seconds
        # The loop holds tasks by weak references only: without this one it may be collected.
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def at_sigterm(self) -> Iterator[None]:
        """Drain at SIGTERM, then call the handler that was there; at a second one call it at once.

        Python delivers signals to the main thread: in another one nothing changes.
        """
        # uvicorn's own, which it sets before it starts the app.
        handler = signal.getsignal(signal.SIGTERM)
        is_main_thread = threading.current_thread() is threading.main_thread()
        if not (is_main_thread and callable(handler) and self._seconds):
            yield
            return
        loop = asyncio.get_running_loop()

        def start(number: int, frame: FrameType | None) -> None:
            if self.active:
                handler(number, frame)
                return
            self.active = True
            # A signal handler runs between any two instructions: the loop has to do the rest.
            loop.call_soon_threadsafe(self._start, lambda: handler(number, None))

        signal.signal(signal.SIGTERM, start)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, handler)

    def _start(self, finish: Callable[[], object]) -> None:
        self._task = asyncio.create_task(self._drain(finish))

    async def _drain(self, finish: Callable[[], object]) -> None:
        end = time.monotonic() + self._seconds
        self.last_request = time.monotonic()
        while time.monotonic() < end:
            if not self.in_flight and time.monotonic() - self.last_request >= QUIET_SECONDS:
                break
            await asyncio.sleep(POLL_SECONDS)
        finish()
