"""Runs jobs in threads, in the order of arrival, and refuses those that would wait too long."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.inference.admission import late_problem

Result = TypeVar("Result")


class JobPool:
    """Some threads; a job that no thread takes within ``max_wait`` seconds gets a 503."""

    def __init__(self, threads: int, max_wait: float) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        self._max_wait = max_wait

    async def run(self, job: Callable[[], Result], max_wait: float | None = None) -> Result:
        """The result of ``job``, from a thread; once cancelled, it never starts.

        ``max_wait``: in place of the pool's.
        """
        wait = self._max_wait if max_wait is None else max_wait
        deadline = time.monotonic() + wait

        def run() -> Result:
            if time.monotonic() > deadline:
                raise late_problem(wait)
            return job()

        future = self._threads.submit(run)
        # The timer cancels a job that no thread takes; it is late itself when the loop is busy, so
        # run() looks at the time too.
        timer = asyncio.get_running_loop().call_later(wait, future.cancel)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            # By the timer, or because this request was cancelled: only the latter is passed on.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise late_problem(wait) from None
        finally:
            timer.cancel()

    def close(self) -> None:
        """Wait for the threads."""
        self._threads.shutdown()
