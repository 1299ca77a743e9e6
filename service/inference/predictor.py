"""Pictures in, genres out: what ``POST /predict`` answers."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

import numpy as np
from numpy.typing import NDArray

from pipeline.shared import pixels
from service.inference.admission import Gate
from service.inference.cheap_jpeg import is_cheap_to_decode
from service.inference.costly_pictures import CostlyPictures
from service.inference.decoder_process import StoppedDecoder
from service.inference.job_queue import JobQueue
from service.inference.model_file import ModelFile
from service.inference.multipart_form import UploadedFile
from service.inference.outcomes import Outcome, predict_files
from service.inference.prediction_json import predictions_json
from service.inference.uploads import read_uploads
from service.problems import InvalidInput, Problem
from service.protocol import Headers, Receive
from service.repository.project_watch import ProjectWatch
from service.runtime.metrics import Metrics
from service.settings import ServiceSettings

INLINE_FILES = 4
"""Up to so many small plain JPEGs run inline; already for two, a thread costs a tenth more."""

STATUSES: dict[type[pixels.ImageError], HTTPStatus] = {
    pixels.TooManyPixels: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    StoppedDecoder: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    pixels.UnsupportedImage: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    pixels.BrokenImage: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Of each reason why a file gives no picture."""


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
        self._jobs = JobQueue(settings.max_wait_seconds)
        self._costly = CostlyPictures(settings)

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
            if _is_inline_job(files):
                contents = [file.content for file in files]
                job = partial(predict_files, model, contents, self._settings.max_pixels)
                outcomes = await self._jobs.run(job)
            else:
                outcomes = await self._costly.predict(model, files, receive)
        rows = _rows(files, outcomes)
        self._metrics.posters.inc(len(files))
        path = self._model_file.name
        state = self._project.model_state(path, model.md5)
        return predictions_json(model, path, state, files, rows, top, threshold)

    def close(self) -> None:
        """Wait for the jobs that run."""
        self._costly.close()


def _is_inline_job(files: Sequence[UploadedFile]) -> bool:
    count = len(files)
    return count <= INLINE_FILES and all(is_cheap_to_decode(file.content, count) for file in files)


def _rows(files: Sequence[UploadedFile], outcomes: Sequence[Outcome]) -> list[NDArray[np.float32]]:
    """The probabilities of each file; one bad file refuses all."""
    rows: list[NDArray[np.float32]] = []
    errors: list[tuple[pixels.ImageError, InvalidInput]] = []
    for index, (file, outcome) in enumerate(zip(files, outcomes, strict=True)):
        if isinstance(outcome, pixels.ImageError):
            errors.append((outcome, InvalidInput(str(outcome), index, file.filename)))
        else:
            rows.append(outcome)
    if errors:
        raise _bad_files_problem(errors)
    return rows


def _bad_files_problem(errors: Sequence[tuple[pixels.ImageError, InvalidInput]]) -> Problem:
    """The first bad file names the problem; ``errors`` names them all."""
    error, first = errors[0]
    name = f"file {first.index}" if first.filename is None else repr(first.filename)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem(
        STATUSES[type(error)],
        f"{name}: {first.detail}{more}",
        error.fix,
        errors=[invalid for _, invalid in errors],
    )
