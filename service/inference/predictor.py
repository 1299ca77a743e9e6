"""Pictures in, genres out: what ``POST /predict`` answers."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

import numpy as np
from numpy.typing import NDArray

from pipeline.shared import pixels
from service.inference.admission import Gate
from service.inference.cheap_jpeg import is_cheap_to_decode
from service.inference.job_queue import JobQueue
from service.inference.model import Model
from service.inference.model_file import ModelFile
from service.inference.multipart_form import UploadedFile
from service.inference.prediction_json import predictions_json
from service.inference.uploads import read_uploads
from service.problems import InvalidInput, Problem
from service.protocol import Headers, Receive
from service.repository.project_watch import ProjectWatch
from service.runtime.metrics import Metrics
from service.settings import ServiceSettings

INLINE_FILES = 4
"""Up to so many small plain JPEGs run inline; already for two, a thread costs a tenth more."""

REFUSALS: dict[type[pixels.ImageError], tuple[HTTPStatus, str]] = {
    pixels.TooManyPixels: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "scale the picture down and send it again",
    ),
    pixels.UnsupportedImage: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "send a JPEG, PNG, WebP or GIF picture",
    ),
    pixels.BrokenImage: (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "open the file in a viewer; if it is broken there, export or download it again",
    ),
}
"""Status and fix of each reason why a file gives no picture."""


class Predictor:
    """Predicts the pictures of a request within the limits of ``settings``."""

    def __init__(
        self,
        settings: ServiceSettings,
        model_file: ModelFile,
        project: ProjectWatch,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._model_file = model_file
        self._project = project
        self._metrics = metrics
        self._gate = Gate(settings.max_requests, settings.max_held_bytes)
        self._jobs = JobQueue(
            settings.threads, settings.max_wait_seconds, settings.max_pool_wait_seconds
        )

    async def predict(
        self,
        headers: Headers,
        receive: Receive,
        top: int | None = None,
        threshold: float | None = None,
    ) -> bytes:
        """The answer to a request as JSON; a Problem where there is none."""
        with self._gate.admit() as slot:
            model = await self._model_file.model()
            files = await read_uploads(headers, receive, self._settings, slot)
            job = partial(_predict_files, model, files, self._settings.max_pixels)
            if _is_inline_job(files):
                rows = await self._jobs.run_inline(job)
            else:
                rows = await self._jobs.run_in_pool(job)
        self._metrics.posters.inc(len(files))
        path = self._model_file.name
        state = self._project.model_state(path, model.md5)
        return predictions_json(model, path, state, files, rows, top, threshold)

    def close(self) -> None:
        """Wait for the jobs that run."""
        self._jobs.close()


def _is_inline_job(files: Sequence[UploadedFile]) -> bool:
    count = len(files)
    return count <= INLINE_FILES and all(is_cheap_to_decode(file.content, count) for file in files)


def _predict_files(
    model: Model, files: Sequence[UploadedFile], max_pixels: int
) -> list[NDArray[np.float32]]:
    """The probabilities for each picture: the part of a request that takes long."""
    pictures = _decode_files(files, model.input_size, max_pixels)
    return [model.probabilities(picture) for picture in pictures]


def _decode_files(
    files: Sequence[UploadedFile], size: tuple[int, int], max_pixels: int
) -> list[NDArray[np.uint8]]:
    """Each picture at the model's size, decoded one after the other; one bad file refuses all."""
    pictures: list[NDArray[np.uint8]] = []
    errors: list[tuple[pixels.ImageError, InvalidInput]] = []
    for index, file in enumerate(files):
        try:
            if not file.content:
                raise pixels.BrokenImage("empty (0 bytes)")
            pictures.append(pixels.load_image(file.content, size, max_pixels=max_pixels))
        except pixels.ImageError as error:
            errors.append((error, InvalidInput(str(error), index, file.filename)))
    if errors:
        raise _bad_files_problem(errors)
    return pictures


def _bad_files_problem(errors: Sequence[tuple[pixels.ImageError, InvalidInput]]) -> Problem:
    """The first bad file names the problem; ``errors`` names them all."""
    error, first = errors[0]
    status, fix = REFUSALS[type(error)]
    name = f"file {first.index}" if first.filename is None else repr(first.filename)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem(
        status, f"{name}: {first.detail}{more}", fix, errors=[invalid for _, invalid in errors]
    )
