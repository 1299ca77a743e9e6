"""``GET /healthz``, ``/readyz`` and ``/metrics``: liveness, readiness, and counts."""

from typing import Literal

import pydantic
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from service.routes.dependencies import ServiceResources
from service.routes.problem_responses import document_problems

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
    input_size: list[int] = pydantic.Field(
        description="Height and width.", min_length=2, max_length=2
    )
    refused: str | None = pydantic.Field(
        description="Why the present file is not the one that is served, or null."
    )


@router.get("/healthz")
async def healthz() -> Alive:
    """Whether the process is alive; checks nothing else."""
    return Alive()


@router.get(
    "/readyz",
    responses=document_problems(
        {503: "No model (`fix` says how to get one), or it is about to stop."}
    ),
)
async def readyz(resources: ServiceResources) -> Ready:
    """Whether predictions can be made, and with which model."""
    return Ready(**await resources.readiness())


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "The counts.", "content": {"text/plain": {}}}},
)
async def metrics(resources: ServiceResources) -> Response:
    """Requests by route and status, how long they took, and posters answered, for Prometheus."""
    return Response(resources.metrics.text(), media_type=CONTENT_TYPE_LATEST)
