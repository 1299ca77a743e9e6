"""``GET /model``: what is served."""

from typing import Any, Literal

import pydantic
from fastapi import APIRouter, Response

from dvcstate.model import State
from service.problems import Problem
from service.protocol import as_json
from service.routes.dependencies import ServiceResources
from service.routes.problem_responses import document_problems
from service.routes.results import read_metrics

router = APIRouter(tags=["predictions"])


class GenreThreshold(pydantic.BaseModel):
    """A genre, and from which probability on it is selected."""

    genre: str = pydantic.Field(examples=["Drama"])
    threshold: float = pydantic.Field(ge=0, le=1, examples=[0.42])


class ModelInput(pydantic.BaseModel):
    """What the model itself takes; `POST /predict` makes it of any picture."""

    name: Literal["image"] = "image"
    type: Literal["uint8"] = "uint8"
    height: int = pydantic.Field(examples=[160])
    width: int = pydantic.Field(examples=[112])
    channels: Literal[3] = pydantic.Field(3, description="Red, green and blue, from 0 to 255.")


class ModelDescription(pydantic.BaseModel):
    """The model that answers `POST /predict` now."""

    path: str = pydantic.Field(examples=["models/classifier.onnx"])
    md5: str = pydantic.Field(description="The hash of the file, as DVC writes it.")
    state: State | Literal["unknown"] = pydantic.Field(description="As in `POST /predict`.")
    training_data: str = pydantic.Field(description="DVC's hash of the data it was trained on.")
    input: ModelInput
    genres: list[GenreThreshold] = pydantic.Field(description="In the order of its output.")
    metrics: dict[str, Any] | None = pydantic.Field(
        description="As `GET /results/metrics`; null where a file of them cannot be read.",
        examples=[{"test.json": {"map": 0.71, "n": 120}}],
    )
    measured_md5: str | None = pydantic.Field(
        description="The hash of the model file that the metrics were measured with, as dvc.lock "
        "records it: the metrics are this model's where it equals `md5`. null: nothing recorded."
    )


@router.get(
    "/model",
    response_model=ModelDescription,
    responses=document_problems({503: "No model (`fix` says how to get one)."}),
)
async def model(resources: ServiceResources) -> Response:
    """Genres with their thresholds, input, hash and metrics of the model that is served."""
    model, path = await resources.model_file.model(), resources.model_file.name
    height, width = model.input_size
    try:
        metrics = read_metrics(resources.repo_dir)
    except Problem:  # GET /results/metrics answers it
        metrics = None
    thresholds = zip(model.genres, model.thresholds, strict=True)
    description = ModelDescription(
        path=path,
        md5=model.md5,
        state=resources.project.model_state(path, model.md5),
        training_data=model.training_data,
        input=ModelInput(height=height, width=width),
        genres=[GenreThreshold(genre=genre, threshold=value) for genre, value in thresholds],
        metrics=metrics,
        measured_md5=resources.project.measured_md5(path),
    )
    return Response(as_json(description.model_dump()), media_type="application/json")
