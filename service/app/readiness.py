"""Whether the service is alive, and can predict: what ``/healthz`` and ``/readyz`` answer."""

from http import HTTPStatus
from typing import Any

from service.app.problems import Problem
from service.runtime.resources import Resources

ALIVE = {"status": "alive"}


async def ready(service: Resources) -> dict[str, Any]:
    """The model that predicts; a Problem where none does, or where the end is near."""
    if service.draining.active:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "the service is about to stop",
            "ask another instance, or this one when it has started again",
        )
    model = await service.model()
    return {
        "status": "ready",
        "path": service.model_file.name,
        "md5": model.md5,
        "training_data": model.training_data,
        "input_size": model.input_size,
        "refused": service.model_file.refusal,
    }
