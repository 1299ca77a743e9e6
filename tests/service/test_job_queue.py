"""In which order jobs run on the event loop, and what a refused job leaves in memory."""

import asyncio
import gc
import threading
import weakref

import pytest

from service.inference import job_queue
from service.inference.job_pool import JobPool
from service.inference.job_queue import JobQueue
from service.problems import Problem

JOB = "job"


async def run_while_others_come(jobs: int, quiet_turns: int = 0) -> list[str]:
    """What happened, in order, while one more job came after so many turns that brought none."""
    queue, events = JobQueue(10), list[str]()
    waiting = []
    for number in range(jobs):
        events.append(f"comes {number}")
        waiting.append(asyncio.create_task(queue.run(lambda: events.append(JOB))))
        for _ in range(1 + quiet_turns):
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    return events


@pytest.mark.parametrize("quiet_turns", [0, job_queue.QUIET_TURNS - 1])
def test_requests_that_have_arrived_are_read_before_the_next_job(quiet_turns: int) -> None:
    events = asyncio.run(run_while_others_come(20, quiet_turns))
    assert events == [f"comes {number}" for number in range(20)] + [JOB] * 20


def test_jobs_do_not_wait_for_ever_while_others_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "ARRIVAL_SECONDS", -1)
    events = asyncio.run(run_while_others_come(20))
    assert events.index(JOB) < events.index("comes 3")
    assert events.count(JOB) == 20


async def turns_between_jobs(jobs: int) -> list[int]:
    """For each of some jobs that come together, the turn of the loop in which it is done."""
    queue, events, turn = JobQueue(10), list[int](), 0
    coming = [asyncio.create_task(queue.run(lambda: events.append(turn))) for _ in range(jobs)]
    while len(events) < jobs:
        await asyncio.sleep(0)
        turn += 1
    await asyncio.gather(*coming)
    return [each - events[0] for each in events]


def test_jobs_that_wait_are_done_together_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "TURN_SECONDS", 60)
    assert asyncio.run(turns_between_jobs(4)) == [0, 0, 0, 0]
    monkeypatch.setattr(job_queue, "TURN_SECONDS", 1e-9)
    again = job_queue.QUIET_TURNS + 1
    assert asyncio.run(turns_between_jobs(4)) == [0, again, 2 * again, 3 * again]


async def behind_a_stuck_job() -> tuple[str, bool]:
    """How a second job is refused while the only thread is stuck; whether a third is cancelled."""
    pool, goes_on = JobPool(1, 0.05), threading.Event()
    stuck = asyncio.create_task(pool.run(goes_on.wait))
    await asyncio.sleep(0)
    try:
        with pytest.raises(Problem) as refusal:
            await pool.run(lambda: None)
        third = asyncio.create_task(pool.run(lambda: None))
        await asyncio.sleep(0)
        third.cancel()
        await asyncio.wait([third])
        assert not stuck.done()
    finally:
        goes_on.set()
    assert await stuck
    pool.close()
    return refusal.value.detail, third.cancelled()


def test_no_job_waits_longer_than_the_limit_for_a_stuck_thread() -> None:
    assert asyncio.run(behind_a_stuck_job()) == ("too busy: others were served for 0.05 s", True)


class LargeObject:
    """Ten megabytes, say."""


async def refuse(queue: JobQueue) -> weakref.ref[LargeObject]:
    def job(upload: LargeObject) -> None:
        raise ValueError(f"{type(upload).__name__} is broken")

    upload = LargeObject()
    gone = weakref.ref(upload)
    with pytest.raises(ValueError, match="LargeObject is broken"):
        await queue.run(lambda upload=upload: job(upload))  # type: ignore[misc]
    return gone


async def stays_in_memory() -> bool:
    queue = JobQueue(10)
    gone = await refuse(queue)
    await asyncio.sleep(0)
    return gone() is not None


def test_a_refused_upload_does_not_wait_for_the_garbage_collector() -> None:
    gc.disable()
    try:
        assert not asyncio.run(stays_in_memory())
    finally:
        gc.enable()
