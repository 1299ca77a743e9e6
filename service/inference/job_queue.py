"""Runs jobs of a few milliseconds on the event loop, a few in a turn of the loop.

To hand a poster to a thread costs 40 µs of CPU and gains nothing, since ONNX Runtime takes one
processor anyway. Jobs that may take longer are for ``job_pool``, and do not delay the others.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from service.inference.admission import late_problem

Result = TypeVar("Result")

ARRIVAL_SECONDS = 0.05
"""Jobs wait at most so long while every turn of the loop brings another."""
TURN_SECONDS = 0.005
"""In one turn of the loop no job starts later than this.

A job leaves the processor's caches full of the model, and the code that receives and answers
requests starts with cold ones. Measured: that adds 0.4 ms to a request that is computed alone, and
0.2 ms to one of four. A longer turn gains little more, and delays all other requests.
"""
QUIET_TURNS = 8
"""Jobs start after so many turns of the loop without another job; a turn takes 2 to 4 µs.

uvloop accepts one connection a turn. With jobs in every second turn, a client that connects behind
300 others got its answer after 0.3 s; with eight quiet turns after 0.07 s.
"""


@dataclass(frozen=True, slots=True)
class _QueuedJob:
    """A job, its result, and the time until which it may start."""

    run: Callable[[], Any]
    result: asyncio.Future[Any]
    deadline: float


class JobQueue:
    """Runs jobs; one that would wait longer than ``max_wait`` seconds is refused with a 503."""

    def __init__(self, max_wait: float) -> None:
        self._max_wait = max_wait
        self._queue: deque[_QueuedJob] = deque()
        self._quiet_turns = 0
        self._last_run = 0.0

    async def run(self, job: Callable[[], Result]) -> Result:
        """Run ``job`` on the event loop, in the order of arrival.

        Requests that have already reached a socket are read first, and their jobs run with it.
        """
        # The future has no name here: an error's traceback holds this frame, which would then hold
        # the error, a cycle that keeps the uploads in memory until the next garbage collection.
        return await self._enqueue(job)

    def _enqueue(self, job: Callable[[], Result]) -> asyncio.Future[Result]:
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        result: asyncio.Future[Result] = loop.create_future()
        if not self._queue:  # the first of a batch: ARRIVAL_SECONDS count from here
            self._last_run = now
            loop.call_soon(self._turn, loop)
        self._queue.append(_QueuedJob(job, result, now + self._max_wait))
        self._quiet_turns = 0
        return result

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.monotonic()
        if self._quiet_turns < QUIET_TURNS and now - self._last_run < ARRIVAL_SECONDS:
            self._quiet_turns += 1
        else:
            self._run_some(now)
            self._quiet_turns = 0
        if self._queue:
            # call_soon, not a timer: the loop asks the sockets without waiting, then comes back.
            loop.call_soon(self._turn, loop)

    def _run_some(self, now: float) -> None:
        end = now + TURN_SECONDS
        while self._queue and now < end:
            self._run(self._queue.popleft(), now)
            now = time.monotonic()
        self._last_run = now

    def _run(self, job: _QueuedJob, now: float) -> None:
        if job.result.cancelled():
            return
        try:
            if now > job.deadline:
                raise late_problem(self._max_wait)
            job.result.set_result(job.run())
        except Exception as error:  # noqa: BLE001 - handed to the request, whatever it is
            job.result.set_exception(error)
            del job  # from this frame, which the error's traceback holds too
