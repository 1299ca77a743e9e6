"""Pictures that may take long: in turns, within a budget, and only while their client waits.

A turn is one large picture, or small ones that together cost as little as one. Between two of its
turns a request lets all others have theirs: a form of 64 large pictures delays nobody by more than
one of them.

Two budgets bound a request: of the processor's time, which a picture costs wherever it is decoded,
and for several pictures of the clock's, which is short where other programs or requests take the
processor. One picture alone waits on a busy machine; several can be sent in smaller forms.
"""

import asyncio
import math
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from service.inference.admission import busy_problem
from service.inference.decode_cost import LIGHT_BYTES, LIGHT_PIXELS, DecodeCost, estimate_cost
from service.inference.decoder_process import DecoderProcess, LateDecoder
from service.inference.job_pool import JobPool
from service.inference.model import Model
from service.inference.multipart_form import UploadedFile
from service.inference.outcomes import Outcome, predict_files
from service.inference.uploads import ClientDisconnected
from service.problems import Problem
from service.protocol import Receive
from service.settings import ServiceSettings

Result = TypeVar("Result")

RETRY_SECONDS = 5
PIXELS_OF_A_FILE = 100_000
"""To take a file into a turn and to predict it costs about as much as to decode so many."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """Which of a request's files are decoded together, and how."""

    files: Sequence[int]
    is_light: bool
    weight: float
    """What it costs beside others: pixels, and PIXELS_OF_A_FILE for each file."""


class CostlyPictures:
    """Threads for small pictures, and a process for large ones."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._light = JobPool(settings.threads, settings.max_pool_wait_seconds)
        self._heavy = JobPool(1, settings.max_pool_wait_seconds)
        self._decoder = DecoderProcess()

    async def predict(
        self, model: Model, files: Sequence[UploadedFile], receive: Receive
    ) -> list[Outcome]:
        """What became of each file; a Problem where all together cost too much.

        ClientDisconnected when nobody waits any more.
        """
        costs = [estimate_cost(file.content) for file in files]
        self._check_pixels(costs)
        outcomes: list[Outcome] = []
        seconds = self._settings.max_decode_seconds
        pace = _Pace(len(files), self._settings.max_answer_seconds)
        client = _Client(receive)
        try:
            for turn in _turns(files, costs):
                contents = [files[index].content for index in turn.files]
                pace.begin_turn(turn.weight)
                work = self._take_turn(model, contents, turn.is_light, seconds, pace)
                found, spent = await client.wait_for(work)
                seconds -= spent
                outcomes += found
                if len(outcomes) < len(files):
                    self._check_seconds(seconds)
        finally:
            client.leave()
        return outcomes

    def close(self) -> None:
        """Wait for the jobs that run, and end the process."""
        self._light.close()
        self._heavy.close()
        self._decoder.close()

    async def _take_turn(
        self,
        model: Model,
        contents: Sequence[bytes],
        is_light: bool,
        seconds: float,
        pace: "_Pace",
    ) -> tuple[list[Outcome], float]:
        """What became of the files, and how many of the processor's seconds that took."""
        max_pixels = self._settings.max_pixels

        def decode_here() -> tuple[list[Outcome], float]:
            start = time.thread_time()
            outcomes = predict_files(model, contents, max_pixels)
            return outcomes, time.thread_time() - start

        def decode_apart() -> tuple[list[Outcome], float]:
            start = self._decoder.seconds
            load = partial(self._decoder.load_image, seconds=seconds, clock_seconds=pace.left())
            try:
                outcomes = predict_files(model, contents, max_pixels, load)
            except LateDecoder as late:
                raise pace.late_problem(str(late)) from None
            return outcomes, self._decoder.seconds - start

        wait = min(pace.left(), self._settings.max_pool_wait_seconds)
        if is_light:
            return await self._light.run(decode_here, wait)
        return await self._heavy.run(decode_apart, wait)

    def _check_pixels(self, costs: Sequence[DecodeCost]) -> None:
        limit, count = self._settings.max_request_pixels, sum(cost.pixels for cost in costs)
        # One picture alone has the limits of a picture.
        if len(costs) > 1 and count > limit:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the {len(costs)} pictures have {count / 1e6:.0f} Mpx together, "
                f"over the limit of {limit / 1e6:g} Mpx a request",
                "send fewer pictures at a time, or scale them down",
            )

    def _check_seconds(self, left: float) -> None:
        if left <= 0:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the pictures take longer than {self._settings.max_decode_seconds:g} s to decode",
                "send fewer pictures at a time, or scale them down",
            )


class _Pace:
    """The clock of a request: a turn begins only if it can be expected to end in time."""

    def __init__(self, pictures: int, most_seconds: float) -> None:
        self._pictures = pictures
        # One picture alone has the time that a busy machine needs for it, which the decoder bounds.
        self._most_seconds = most_seconds if pictures > 1 else math.inf
        self._start = time.monotonic()
        self._weight = 0.0

    def begin_turn(self, weight: float) -> None:
        """Take a turn that costs ``weight``; a 503 where those before it took too long."""
        seconds = time.monotonic() - self._start
        expected = seconds * weight / self._weight if self._weight else 0.0
        if seconds + expected > self._most_seconds:
            raise self.late_problem(f"{seconds:.1f} s have gone by before the last of them")
        self._weight += weight

    def left(self) -> float:
        """Seconds until the answer is late."""
        return max(0.0, self._start + self._most_seconds - time.monotonic())

    def late_problem(self, reason: str) -> Problem:
        """The answer to a client whose pictures would be late."""
        if self._pictures == 1:
            return busy_problem(f"other programs take the processor: {reason}")
        return busy_problem(
            f"the {self._pictures} pictures take longer than {self._most_seconds:g} s while other "
            f"requests or programs take the processor: {reason}",
            "send fewer pictures at a time, or all again in some seconds",
            seconds=RETRY_SECONDS,
        )


class _Client:
    """The client of a request whose body has arrived: all that can still come is its end."""

    def __init__(self, receive: Receive) -> None:
        self._end = asyncio.ensure_future(_wait_for_end(receive))

    async def wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of ``work``, which is cancelled when the client disconnects."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait((task, self._end), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise ClientDisconnected
        finally:
            task.cancel()

    def leave(self) -> None:
        """No longer look for its end."""
        self._end.cancel()


async def _wait_for_end(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0.1)  # a server that has anything else to say must not say it for ever


def _turns(files: Sequence[UploadedFile], costs: Sequence[DecodeCost]) -> Iterator[_Turn]:
    """The files in their order, neighbours together as long as they cost little."""

    def turn(indices: Sequence[int], *, is_light: bool) -> _Turn:
        weight = sum(costs[index].pixels + PIXELS_OF_A_FILE for index in indices)
        return _Turn(indices, is_light, weight)

    together: list[int] = []
    pixel_count = byte_count = 0
    for index, (file, cost) in enumerate(zip(files, costs, strict=True)):
        pixel_count += cost.pixels
        byte_count += len(file.content)
        is_full = pixel_count > LIGHT_PIXELS or byte_count > LIGHT_BYTES
        if together and (is_full or not cost.is_light):
            yield turn(together, is_light=True)
            together, pixel_count, byte_count = [], cost.pixels, len(file.content)
        if cost.is_light:
            together.append(index)
        else:
            yield turn([index], is_light=False)
            pixel_count = byte_count = 0
    if together:
        yield turn(together, is_light=True)
