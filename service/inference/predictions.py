"""Pictures in, genres out: what ``POST /predict`` answers."""

import asyncio
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

import numpy as np
from numpy.typing import NDArray

from pipeline.shared import pixels
from service.app.asgi import Headers, Receive
from service.app.problems import Finding, Problem
from service.inference.admission import Slot
from service.inference.model import Model
from service.inference.plain_jpeg import is_light
from service.inference.prediction_json import as_answer
from service.inference.upload import Upload
from service.inference.uploads import received
from service.runtime.resources import Resources

LIGHT_FILES = 4
"""So many small plain JPEGs are one light job: in a thread each of two costs a tenth more."""


async def predicted(
    headers: Headers,
    receive: Receive,
    service: Resources,
    top: int | None = None,
    threshold: float | None = None,
) -> bytes:
    """The answer as JSON; a Problem where there is none."""
    with service.gate.slot() as slot:
        model = await service.model()
        uploads = await _received(headers, receive, service, slot)
        job = partial(_rows, model, uploads, service.settings.max_pixels)
        if _are_light(uploads):
            rows = await service.work.light(job)
        else:
            rows = await service.work.heavy(job)
    service.metrics.posters.inc(len(uploads))
    state = service.project.model_state(service.model_file.name, model.md5)
    return as_answer(model, (service.model_file.name, state), uploads, rows, top, threshold)


async def _received(
    headers: Headers, receive: Receive, service: Resources, slot: Slot
) -> list[Upload]:
    seconds = service.settings.receive_seconds
    try:
        async with asyncio.timeout(seconds):
            return await received(headers, receive, service.settings, slot)
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the body did not arrive within {seconds:g} s",
            "send fewer or smaller pictures, or try a better network",
            headers={"Connection": "close"},
        ) from None


def _are_light(uploads: Sequence[Upload]) -> bool:
    count = len(uploads)
    return count <= LIGHT_FILES and all(is_light(each.content, count) for each in uploads)


def _rows(model: Model, uploads: Sequence[Upload], max_pixels: int) -> list[NDArray[np.float32]]:
    """The probabilities for each picture: all that takes a while."""
    pictures = _decoded(uploads, model.input_size, max_pixels)
    return [model.probabilities(picture) for picture in pictures]


def _decoded(
    uploads: Sequence[Upload], size: tuple[int, int], max_pixels: int
) -> list[NDArray[np.uint8]]:
    """Each picture at the model's size, decoded one after the other; one bad file refuses all."""
    pictures: list[NDArray[np.uint8]] = []
    refusals: list[tuple[HTTPStatus, Finding]] = []
    for index, upload in enumerate(uploads):
        try:
            pictures.append(_picture(upload, size, max_pixels))
        except pixels.ImageError as error:
            refusals.append((_status(error), Finding(str(error), index, upload.filename)))
    if refusals:
        raise _bad_files(refusals)
    return pictures


def _picture(upload: Upload, size: tuple[int, int], max_pixels: int) -> NDArray[np.uint8]:
    if not upload.content:
        raise pixels.BrokenImage("empty (0 bytes)")
    return pixels.load_image(upload.content, size, max_pixels=max_pixels)


def _status(error: pixels.ImageError) -> HTTPStatus:
    if isinstance(error, pixels.TooManyPixels):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, pixels.UnsupportedImage):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return HTTPStatus.UNPROCESSABLE_ENTITY


FIXES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "scale the picture down and send it again",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "send a JPEG, PNG, WebP or GIF picture",
    HTTPStatus.UNPROCESSABLE_ENTITY: "open the file in a viewer; if it is broken there, export or "
    "download it again",
}


def _bad_files(refusals: Sequence[tuple[HTTPStatus, Finding]]) -> Problem:
    """The first bad file names the problem; ``errors`` names them all."""
    status, first = refusals[0]
    name = f"file {first.index}" if first.filename is None else repr(first.filename)
    more = f" (and {len(refusals) - 1} more)" if len(refusals) > 1 else ""
    return Problem(
        status,
        f"{name}: {first.detail}{more}",
        FIXES[status],
        errors=[finding for _, finding in refusals],
    )
