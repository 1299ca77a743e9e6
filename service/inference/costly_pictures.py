"""Pictures that may take long: in turns, within a budget, and only while their client waits.

A turn is one large picture, or small ones that together cost as little as one. Between two of its
turns a request lets all others have theirs: a form of 64 large pictures delays nobody by more than
one of them.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.shared.pixels import TooManyPixels
from service.inference.decode_cost import LIGHT_BYTES, LIGHT_PIXELS, DecodeCost, estimate_cost
from service.inference.decoder_process import DecoderProcess
from service.inference.job_pool import JobPool
from service.inference.model import Model
from service.inference.multipart_form import UploadedFile
from service.inference.outcomes import Outcome, load_here, predict_files
from service.inference.uploads import ClientDisconnected
from service.problems import Problem
from service.protocol import Receive
from service.settings import ServiceSettings

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Turn:
    """Which of a request's files are decoded together, and how."""

    files: Sequence[int]
    is_light: bool


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
        client = _Client(receive)
        try:
            for turn in _turns(files, costs):
                contents = [files[index].content for index in turn.files]
                work = self._take_turn(model, contents, turn.is_light, seconds)
                found, spent = await client.wait_for(work)
                seconds -= spent
                for content, outcome in zip(contents, found, strict=True):
                    if turn.is_light and isinstance(outcome, TooManyPixels):
                        # Larger than its header told `estimate_cost`: once more, in the process.
                        self._check_seconds(seconds)
                        again = self._take_turn(model, [content], False, seconds)
                        decoded, spent = await client.wait_for(again)
                        outcome = decoded[0]
                        seconds -= spent
                    outcomes.append(outcome)
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
        self, model: Model, contents: Sequence[bytes], is_light: bool, seconds: float
    ) -> tuple[list[Outcome], float]:
        """What became of the files, and how many of the processor's seconds that took."""
        max_pixels = self._settings.max_pixels

        def decode_here() -> tuple[list[Outcome], float]:
            start = time.thread_time()
            outcomes = predict_files(model, contents, max_pixels, _load_as_estimated)
            return outcomes, time.thread_time() - start

        def decode_apart() -> tuple[list[Outcome], float]:
            start = self._decoder.seconds
            load = partial(self._decoder.load_image, seconds=seconds)
            outcomes = predict_files(model, contents, max_pixels, load)
            return outcomes, self._decoder.seconds - start

        return await (self._light.run(decode_here) if is_light else self._heavy.run(decode_apart))

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


def _load_as_estimated(content: bytes, size: tuple[int, int], max_pixels: int) -> NDArray[np.uint8]:
    """``load_here``; TooManyPixels where the picture is larger than its cost was estimated by."""
    return load_here(content, size, min(max_pixels, estimate_cost(content).most_pixels))


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
    together: list[int] = []
    pixel_count = byte_count = 0
    for index, (file, cost) in enumerate(zip(files, costs, strict=True)):
        pixel_count += cost.pixels
        byte_count += len(file.content)
        is_full = pixel_count > LIGHT_PIXELS or byte_count > LIGHT_BYTES
        if together and (is_full or not cost.is_light):
            yield _Turn(together, is_light=True)
            together, pixel_count, byte_count = [], cost.pixels, len(file.content)
        if cost.is_light:
            together.append(index)
        else:
            yield _Turn([index], is_light=False)
            pixel_count = byte_count = 0
    if together:
        yield _Turn(together, is_light=True)
