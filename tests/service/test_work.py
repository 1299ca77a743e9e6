"""Who comes first on the event loop, and what a refused job leaves behind."""

import asyncio
import gc
import threading
import weakref

import pytest

from service.app.problems import Problem
from service.inference import work
from service.inference.work import Work

JOB = "job"


async def done_while_others_come(jobs: int, quiet_turns: int = 0) -> list[str]:
    """What happened, in order, while one more job came after so many turns that brought none."""
    house, seen = Work(1, 10, 10), list[str]()
    waiting = []
    for number in range(jobs):
        seen.append(f"comes {number}")
        waiting.append(asyncio.create_task(house.light(lambda: seen.append(JOB))))
        for _ in range(1 + quiet_turns):
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    house.close()
    return seen


@pytest.mark.parametrize("quiet_turns", [0, work.QUIET_TURNS - 1])
def test_whoever_is_at_the_door_comes_in_before_the_next_job(quiet_turns: int) -> None:
    seen = asyncio.run(done_while_others_come(20, quiet_turns))
    assert seen == [f"comes {number}" for number in range(20)] + [JOB] * 20


def test_jobs_do_not_wait_for_ever_while_others_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "ARRIVAL_SECONDS", -1)
    seen = asyncio.run(done_while_others_come(20))
    assert seen.index(JOB) < seen.index("comes 3")
    assert seen.count(JOB) == 20


async def turns_between_jobs(jobs: int) -> list[int]:
    """For each of some jobs that come together, the turn of the loop in which it is done."""
    house, seen, turn = Work(1, 10, 10), list[int](), 0
    coming = [asyncio.create_task(house.light(lambda: seen.append(turn))) for _ in range(jobs)]
    while len(seen) < jobs:
        await asyncio.sleep(0)
        turn += 1
    await asyncio.gather(*coming)
    house.close()
    return [each - seen[0] for each in seen]


def test_jobs_that_wait_are_done_together_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TURN_SECONDS", 60)
    assert asyncio.run(turns_between_jobs(4)) == [0, 0, 0, 0]
    monkeypatch.setattr(work, "TURN_SECONDS", 1e-9)
    again = work.QUIET_TURNS + 1
    assert asyncio.run(turns_between_jobs(4)) == [0, again, 2 * again, 3 * again]


async def behind_a_stuck_job() -> tuple[str, bool]:
    """What a second job is told while the only thread is stuck, and whether a third is ended."""
    house, goes_on = Work(1, 10, 0.05), threading.Event()
    stuck = asyncio.create_task(house.heavy(goes_on.wait))
    await asyncio.sleep(0)
    try:
        with pytest.raises(Problem) as told:
            await house.heavy(lambda: None)
        third = asyncio.create_task(house.heavy(lambda: None))
        await asyncio.sleep(0)
        third.cancel()
        await asyncio.wait([third])
        assert not stuck.done()
    finally:
        goes_on.set()
    assert await stuck
    house.close()
    return told.value.detail, third.cancelled()


def test_nobody_waits_longer_than_the_limit_for_a_stuck_thread() -> None:
    assert asyncio.run(behind_a_stuck_job()) == ("too busy: others were served for 0.05 s", True)


class Upload:
    """Ten megabytes, say."""


async def refused(house: Work) -> weakref.ref[Upload]:
    def job(upload: Upload) -> None:
        raise ValueError(f"{type(upload).__name__} is broken")

    upload = Upload()
    gone = weakref.ref(upload)
    with pytest.raises(ValueError, match="Upload is broken"):
        await house.light(lambda upload=upload: job(upload))  # type: ignore[misc]
    return gone


async def left_behind() -> bool:
    house = Work(1, 10, 10)
    gone = await refused(house)
    await asyncio.sleep(0)
    house.close()
    return gone() is not None


def test_a_refused_upload_does_not_wait_for_the_garbage_collector() -> None:
    gc.disable()
    try:
        assert not asyncio.run(left_behind())
    finally:
        gc.enable()
