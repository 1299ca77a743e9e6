"""``GET /healthz`` and ``GET /readyz``: whether the process is alive, and can predict."""

from http import HTTPStatus
from typing import Literal

import pydantic
from fastapi import APIRouter

from service.problems import documented
from service.resources import FromService

router = APIRouter(tags=["health"])


class Alive(pydantic.BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(pydantic.BaseModel):
    """There is a model."""

    status: Literal["ready"] = "ready"
    path: str = pydantic.Field(examples=["models/classifier.onnx"])
    md5: str
    training_data: str = pydantic.Field(description="DVC's hash of the data it was trained on.")
    input_size: tuple[int, int] = pydantic.Field(description="Height and width.")
    refused: str | None = pydantic.Field(
        description="Why the file that lies there now is not the one that is served, or null."
    )


@router.get("/healthz")
async def healthz() -> Alive:
    """Whether the process is alive; asks nothing else."""
    return Alive()


@router.get(
    "/readyz",
    responses=documented({HTTPStatus.SERVICE_UNAVAILABLE: "No model; `fix` says how to get one."}),
)
async def readyz(service: FromService) -> Ready:
    """Whether predictions can be made, and with which model."""
    model = await service.model()
    return Ready(
        path=service.model_file.name,
        md5=model.md5,
        training_data=model.training_data,
        input_size=model.input_size,
        refused=service.model_file.refusal,
    )
