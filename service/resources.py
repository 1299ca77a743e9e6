"""What one running service holds from its start to its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from service.inference.model_file import ModelFile
from service.inference.predictor import Predictor
from service.problems import Problem
from service.repository.project_watch import ProjectWatch
from service.repository.report_cache import ReportCache
from service.runtime.draining import Draining
from service.runtime.metrics import Metrics
from service.settings import ServiceSettings

MODEL_PATH = "models/classifier.onnx"


@dataclass(frozen=True, slots=True)
class Resources:
    """The repository and what is known of it, its model, and the state of the process."""

    settings: ServiceSettings
    repo_dir: Path
    model_file: ModelFile
    predictor: Predictor
    project: ProjectWatch
    reports: ReportCache
    metrics: Metrics
    draining: Draining

    async def readiness(self) -> dict[str, Any]:
        """What ``GET /readyz`` answers; a Problem without a model, or when the end is near."""
        if self.draining.active:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the service is about to stop",
                "ask another instance, or this one when it has started again",
            )
        model = await self.model_file.model()
        return {
            "status": "ready",
            "path": self.model_file.name,
            "md5": model.md5,
            "training_data": model.training_data,
            "input_size": model.input_size,
            "refused": self.model_file.refusal,
        }


@asynccontextmanager
async def open_resources(settings: ServiceSettings) -> AsyncIterator[Resources]:
    """The resources for ``settings``, with the model loaded if there is one."""
    repo_dir = settings.repo.resolve()
    model_file = ModelFile(repo_dir, MODEL_PATH)
    draining = Draining(settings.drain_seconds)
    await model_file.latest()  # before the project, which no prediction waits for
    with (
        draining.at_signals(),
        closing(ProjectWatch(repo_dir)) as project,
        closing(Metrics()) as metrics,
        closing(Predictor(settings, model_file, project, metrics)) as predictor,
        closing(ReportCache(repo_dir, project)) as reports,
    ):
        yield Resources(
            settings=settings,
            repo_dir=repo_dir,
            model_file=model_file,
            predictor=predictor,
            project=project,
            reports=reports,
            metrics=metrics,
            draining=draining,
        )
        await model_file.close()
