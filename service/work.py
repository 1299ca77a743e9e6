"""Where a prediction is computed: on the event loop, or in a bounded pool of threads.

A thread costs a poster 40 µs and buys nothing, since ONNX Runtime takes one processor anyway. So
what takes two milliseconds is done on the event loop, as long as others get their turn; what may
take longer goes to the pool.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from service.admission import busy
from service.problems import Problem

Answer = TypeVar("Answer")

PASS_SECONDS = 0.008
"""Of work in one pass of the event loop; then it looks who else is there."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A job, and who waits for it until when."""

    job: Callable[[], Any]
    answer: asyncio.Future[Any]
    deadline: float


class Work:
    """Does jobs; one that would wait longer than its limit, in seconds, is refused instead."""

    def __init__(self, threads: int, max_wait: float, max_pool_wait: float) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        self._max_wait, self._max_pool_wait = max_wait, max_pool_wait
        self._waiting: deque[_Waiting] = deque()

    async def light(self, job: Callable[[], Answer]) -> Answer:
        """Do ``job`` on the event loop, in the order of arrival.

        Not at once, but together with those that have come with it: one after the other they find
        their code and data in the processor's caches, and so do the answers that are written then.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._pass, loop)
        self._waiting.append(_Waiting(job, answer, time.monotonic() + self._max_wait))
        return await answer

    async def heavy(self, job: Callable[[], Answer]) -> Answer:
        """Do ``job`` in a thread, after those that came before it."""
        deadline = time.monotonic() + self._max_pool_wait

        def done() -> Answer:
            if time.monotonic() > deadline:
                raise _too_late(self._max_pool_wait)
            return job()

        return await asyncio.get_running_loop().run_in_executor(self._threads, done)

    def close(self) -> None:
        """Wait for the threads."""
        self._threads.shutdown()

    def _pass(self, loop: asyncio.AbstractEventLoop) -> None:
        end = time.monotonic() + PASS_SECONDS
        while self._waiting:
            now = time.monotonic()
            if now > end:
                loop.call_soon(self._pass, loop)
                return
            self._do(self._waiting.popleft(), now)

    def _do(self, waiting: _Waiting, now: float) -> None:
        if waiting.answer.cancelled():
            return
        try:
            if now > waiting.deadline:
                raise _too_late(self._max_wait)
            waiting.answer.set_result(waiting.job())
        except Exception as error:  # noqa: BLE001 - handed to who waits, whatever it is
            waiting.answer.set_exception(error)


def _too_late(seconds: float) -> Problem:
    return busy(f"others were served for {seconds:g} s")
