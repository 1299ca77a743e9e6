"""``POST /predict`` as a route: its documentation, and requests with an unusual query.

``service.app.dispatcher`` answers all others itself, with the same ``Predictor``.
"""

from typing import Annotated, Any, Literal

import pydantic
from fastapi import APIRouter, Query, Request, Response

from dvcstate.model import State
from service.inference.multipart_form import FIELD
from service.routes.dependencies import ServiceResources
from service.routes.problem_responses import document_problems

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
    state: State | Literal["unknown"] = pydantic.Field(
        description="The state of the stage that makes it, as in `GET /pipeline` and as of the "
        "last check; `stale` as well where dvc.lock records another file. `unknown`: the project "
        "cannot be read, or has not been checked yet."
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

# Both ways of saying that a string is bytes: OpenAPI 3.0's ``format``, by which generators of
# clients know a file, and JSON Schema's, which OpenAPI 3.1 proposes.
PICTURE = {"type": "string", "format": "binary", "contentMediaType": "image/*"}

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
                            "items": PICTURE,
                            "description": "Repeat the field for several pictures.",
                        }
                    },
                }
            },
            "image/*": {"schema": PICTURE},
            "application/octet-stream": {"schema": PICTURE},
        },
    }
}

ERRORS = document_problems(
    {
        400: "The multipart body is malformed or cut off.",
        408: "The body took too long to arrive.",
        413: "Too many bytes, pixels or files.",
        415: "Not a form and not an image type that is read, or a body that is compressed.",
        422: "A picture that does not decode, a form without a file, a wrong field, or a wrong "
        "query key or value. One bad file refuses the request; `errors` names each.",
        431: "The Content-Type, a part's header or the form's boundary is too long.",
        501: "A body by another Transfer-Encoding than chunked.",
        503: "No model yet (`fix` says how to get one), or too busy (`Retry-After`).",
    }
)


@router.post("/predict", response_model=Predictions, responses=ERRORS, openapi_extra=REQUEST_BODY)
async def predict(
    request: Request, resources: ServiceResources, top: Top = None, threshold: Threshold = None
) -> Response:
    """The genres of one or many movie posters.

    Try it: `curl -F file=@a.jpg -F file=@b.jpg 'http://127.0.0.1:8000/predict?top=3'`, or one raw
    picture: `curl -H 'Content-Type: image/jpeg' --data-binary @a.jpg http://127.0.0.1:8000/predict`
    """
    headers = request.scope["headers"]
    answer = await resources.predictor.predict(headers, request.receive, top, threshold)
    return Response(answer, media_type="application/json")
