"""``POST /predict``: pictures in, genres out."""

import asyncio
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import numpy as np
import pydantic
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from pipeline import images
from service.admission import Slot
from service.answer import as_answer
from service.model import Model
from service.model_state import ModelState, model_state
from service.plain_jpeg import is_light
from service.problems import Finding, Problem, documented
from service.resources import FromService, Resources
from service.upload import FIELD, Upload
from service.uploads import received

router = APIRouter(tags=["predictions"])


class GenreProbability(pydantic.BaseModel):
    """One genre of one picture."""

    genre: str = pydantic.Field(examples=["Drama"])
    probability: float = pydantic.Field(ge=0, le=1, examples=[0.93])
    selected: bool = pydantic.Field(description="Whether it reaches its threshold.")


class Prediction(pydantic.BaseModel):
    """One picture's genres, the most probable first."""

    filename: str | None = pydantic.Field(
        description="As sent; null for a raw body.", examples=["a.jpg"]
    )
    genres: list[GenreProbability]


class ServedModel(pydantic.BaseModel):
    """Which model answered."""

    path: str = pydantic.Field(examples=["models/classifier.onnx"])
    md5: str = pydantic.Field(description="The hash of the file, as DVC writes it.")
    state: ModelState = pydantic.Field(
        description="The state of the stage that makes it, as in `GET /pipeline` and as of the "
        "last look; `stale` as well where dvc.lock records another file. `unknown`: the project "
        "cannot be read, or has not been looked at yet."
    )


class Predictions(pydantic.BaseModel):
    """The answer for all pictures of a request, in the order sent."""

    model: ServedModel
    predictions: list[Prediction]


Top = Annotated[int | None, Query(ge=1, description="Only the N most probable genres.")]
Threshold = Annotated[
    float | None,
    Query(
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="In place of the model's own thresholds for `selected`; filters nothing.",
    ),
]

REQUEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One or many pictures as a form, or one picture as it is.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {
                        FIELD: {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "contentMediaType": "image/*"},
                            "description": "Repeat the field for several pictures.",
                        }
                    },
                }
            },
            "image/*": {"schema": {"type": "string", "contentMediaType": "image/*"}},
        },
    }
}

ERRORS = documented(
    {
        HTTPStatus.BAD_REQUEST: "The multipart body is malformed or cut off.",
        HTTPStatus.REQUEST_TIMEOUT: "The body took too long to arrive.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too many bytes, pixels or files.",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Not a form and not an image type that is read.",
        HTTPStatus.UNPROCESSABLE_ENTITY: "A picture that does not decode, a wrong field or a wrong "
        "query value. One bad file refuses the request; `errors` names each.",
        HTTPStatus.SERVICE_UNAVAILABLE: "No model yet (`fix` says how to get one), or too busy "
        "(`Retry-After`).",
    }
)


@router.post("/predict", response_model=Predictions, responses=ERRORS, openapi_extra=REQUEST_BODY)
async def predict(
    request: Request, service: FromService, top: Top = None, threshold: Threshold = None
) -> Response:
    """The genres of one or many movie posters.

    Try it: `curl -F file=@a.jpg -F file=@b.jpg 'http://127.0.0.1:8000/predict?top=3'`, or one raw
    picture: `curl -H 'Content-Type: image/jpeg' --data-binary @a.jpg http://127.0.0.1:8000/predict`
    """
    answer = await predicted(request, service, top, threshold)
    return Response(answer, media_type="application/json")


async def predicted(
    request: Request, service: Resources, top: int | None = None, threshold: float | None = None
) -> bytes:
    """The answer as JSON; a Problem where there is none.

    ``service.front`` calls this itself where there is no query, past FastAPI's own work.
    """
    with service.gate.slot() as slot:
        model = await service.model()
        uploads = await _received(request, service, slot)
        job = partial(_rows, model, uploads, service.settings.max_pixels)
        if len(uploads) == 1 and is_light(uploads[0].content):
            rows = await service.work.light(job)
        else:
            rows = await service.work.heavy(job)
    service.metrics.posters.inc(len(uploads))
    state = model_state(service.project.latest(), service.model_file.name, model.md5)
    return as_answer(model, (service.model_file.name, state), uploads, rows, top, threshold)


async def _received(request: Request, service: Resources, slot: Slot) -> list[Upload]:
    seconds = service.settings.receive_seconds
    try:
        async with asyncio.timeout(seconds):
            return await received(request, service.settings, slot)
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the body did not arrive within {seconds:g} s",
            "send fewer or smaller pictures, or try a better network",
            headers={"Connection": "close"},
        ) from None


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
        except images.ImageError as error:
            refusals.append((_status(error), Finding(str(error), index, upload.filename)))
    if refusals:
        raise _bad_files(refusals)
    return pictures


def _picture(upload: Upload, size: tuple[int, int], max_pixels: int) -> NDArray[np.uint8]:
    if not upload.content:
        raise images.BrokenImage("empty (0 bytes)")
    return images.load(upload.content, size, max_pixels=max_pixels)


def _status(error: images.ImageError) -> HTTPStatus:
    if isinstance(error, images.TooManyPixels):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, images.UnsupportedImage):
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
