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
        self._before_stop: list[Callable[[], object]] = []
        self._is_stopping = False
        self._seconds = seconds
        # The loop holds tasks by weak references only: without this one it may be collected.
        self._task: asyncio.Task[None] | None = None

    def before_stop(self, call: Callable[[], object]) -> None:
        """Call this on the event loop at SIGTERM and at SIGINT: it ends what never would by itself.

        At once where the signal has come: a page may be loaded for the first time just then.
        """
        self._before_stop.append(call)
        if self._is_stopping:
            call()

    @contextmanager
    def at_signals(self) -> Iterator[None]:
        """Drain at SIGTERM, then call the handler that was there; at a second one call it at once.

        At SIGINT (Ctrl-C) only what would never end is ended first. Python delivers signals to the
        main thread: in another one nothing changes.
        """
        # uvicorn's own, which it sets before it starts the app.
        handlers: dict[int, Callable[[int, FrameType | None], object]] = {}
        for watched in (signal.SIGTERM, signal.SIGINT):
            handler = signal.getsignal(watched)
            if callable(handler):
                handlers[watched] = handler
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: FrameType | None) -> None:
            handler = handlers[number]
            # A signal handler runs between any two instructions: the loop has to do the rest.
            loop.call_soon_threadsafe(self._call_before_stop)
            if number != signal.SIGTERM or self.active or not self._seconds:
                handler(number, frame)
                return
            self.active = True
            loop.call_soon_threadsafe(self._start, lambda: handler(number, None))

        for number in handlers:
            signal.signal(number, stop)
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _call_before_stop(self) -> None:
        self._is_stopping = True
        for call in self._before_stop:
            call()

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
