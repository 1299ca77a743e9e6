"""Where a prediction is computed: on the event loop, or in a bounded pool of threads.

A thread costs a poster 40 µs and buys nothing, since ONNX Runtime takes one processor anyway. So
what takes a few milliseconds is done on the event loop, a few jobs a turn of the loop; what may
take longer goes to the pool.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from service.app.problems import Problem
from service.inference.admission import busy

Answer = TypeVar("Answer")

ARRIVAL_SECONDS = 0.05
"""So long at most the jobs wait while others arrive in every turn of the loop."""
TURN_SECONDS = 0.005
"""No job is begun later in a turn of the loop.

A job leaves the processor's caches to the model, and all that receives and answers requests starts
cold: of a request that was done alone it takes 0.4 ms, of one among four 0.2 ms.
More would gain little more, and keep those waiting who ask for something else.
"""
QUIET_TURNS = 8
"""The jobs wait until so many turns of the loop brought no other; each takes 2 to 4 µs.

uvloop accepts one connection a turn. With jobs in every second turn, a client that connects behind
300 others was heard after 0.3 s; now after 0.07.
"""


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
        self._quiet_turns = 0
        self._last_done = 0.0

    async def light(self, job: Callable[[], Answer]) -> Answer:
        """Do ``job`` on the event loop, in the order of arrival.

        Whoever is at the door comes in first.
        """
        return await self._queued(job)

    async def heavy(self, job: Callable[[], Answer]) -> Answer:
        """Do ``job`` in a thread, after those that came before it."""
        deadline = time.monotonic() + self._max_pool_wait

        def done() -> Answer:
            if time.monotonic() > deadline:
                raise _too_late(self._max_pool_wait)
            return job()

        waiting = self._threads.submit(done)
        # Takes back what has not begun, and is itself late where the loop is busy: hence both.
        timer = asyncio.get_running_loop().call_later(self._max_pool_wait, waiting.cancel)
        try:
            return await asyncio.wrap_future(waiting)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise _too_late(self._max_pool_wait) from None
        finally:
            timer.cancel()

    def close(self) -> None:
        """Wait for the threads."""
        self._threads.shutdown()

    def _queued(self, job: Callable[[], Answer]) -> asyncio.Future[Answer]:
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        answer: asyncio.Future[Answer] = loop.create_future()
        if not self._waiting:
            self._last_done = now
            loop.call_soon(self._turn, loop)
        self._waiting.append(_Waiting(job, answer, now + self._max_wait))
        self._quiet_turns = 0
        return answer

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.monotonic()
        if self._quiet_turns < QUIET_TURNS and now - self._last_done < ARRIVAL_SECONDS:
            self._quiet_turns += 1
        else:
            self._do_some(now)
            self._quiet_turns = 0
        if self._waiting:
            loop.call_soon(self._turn, loop)

    def _do_some(self, now: float) -> None:
        end = now + TURN_SECONDS
        while self._waiting and now < end:
            self._do(self._waiting.popleft(), now)
            now = time.monotonic()
        self._last_done = now

    def _do(self, waiting: _Waiting, now: float) -> None:
        if waiting.answer.cancelled():
            return
        try:
            if now > waiting.deadline:
                raise _too_late(self._max_wait)
            waiting.answer.set_result(waiting.job())
        except Exception as error:  # noqa: BLE001 - handed to who waits, whatever it is
            waiting.answer.set_exception(error)
            del waiting  # the error holds this frame: else all would wait for the collector


def _too_late(seconds: float) -> Problem:
    return busy(f"others were served for {seconds:g} s")
