"""Ending without losing a request: what happens between SIGTERM and the end.

uvicorn alone would close its socket at once, and with it the connections that the kernel has
accepted already and those on which a client is just sending. So for a while the service still
answers, tells whoever asks ``/readyz`` to go elsewhere, and ends each connection with its answer;
when nobody has come for a moment, uvicorn may close.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

QUIET_SECONDS = 0.5
"""Without a request, and nobody comes any more."""

Handler = Callable[[int, FrameType | None], object]


class Draining:
    """Who is in the house, and whether it is about to close."""

    def __init__(self, seconds: float) -> None:
        self.active = False
        self.in_flight = 0
        self.last_seen = time.monotonic()
        self._seconds = seconds
        self._tasks: set[asyncio.Task[None]] = set()

    @contextmanager
    def at_sigterm(self) -> Iterator[None]:
        """Drain at SIGTERM, and only then do what was done before; a second one does it at once.

        Python takes signals in the main thread alone: elsewhere nothing changes.
        """
        before = signal.getsignal(signal.SIGTERM)
        main = threading.current_thread() is threading.main_thread()
        if not (main and callable(before) and self._seconds):
            yield
            return
        loop = asyncio.get_running_loop()

        def begin(number: int, frame: FrameType | None) -> None:
            if self.active:
                before(number, frame)
                return
            self.active = True
            loop.call_soon_threadsafe(self._start, lambda: before(number, None))

        signal.signal(signal.SIGTERM, begin)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _start(self, finish: Callable[[], object]) -> None:
        task = asyncio.create_task(self._until_quiet(finish))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until_quiet(self, finish: Callable[[], object]) -> None:
        end = time.monotonic() + self._seconds
        self.last_seen = time.monotonic()
        while time.monotonic() < end:
            if not self.in_flight and time.monotonic() - self.last_seen >= QUIET_SECONDS:
                break
            await asyncio.sleep(0.05)
        finish()
