"""What one running service holds, opened when it starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from service.app.problems import Problem
from service.inference.admission import Gate
from service.inference.model import Model
from service.inference.model_file import ModelFile
from service.inference.work import Work
from service.repository.project import Project
from service.repository.report_cache import Grades
from service.runtime.draining import Draining
from service.runtime.metrics import Metrics
from service.settings import Settings

MODEL_PATH = "models/classifier.onnx"


@dataclass(frozen=True, slots=True)
class Resources:
    """The repository, its model, and the bounds of what is done at one time."""

    settings: Settings
    repo_dir: Path
    model_file: ModelFile
    project: Project
    gate: Gate
    work: Work
    metrics: Metrics
    draining: Draining
    grades: Grades

    async def model(self) -> Model:
        """The model to answer with, or the 503 that says how to get one."""
        model = await self.model_file.latest()
        if model is None:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"there is no model to serve: {self.model_file.refusal} (in {self.repo_dir})",
                "type dvc repro (makes it) or dvc pull (fetches it); "
                "it is served as soon as it is there, without a restart",
                headers={"Retry-After": "5"},
            )
        return model


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Resources]:
    """The resources for ``settings``, with the model read if there is one.

    The first look at the project begins then, and nobody waits for it.
    """
    repo_dir = settings.repo.resolve()
    model_file = ModelFile(repo_dir, MODEL_PATH)
    draining = Draining(settings.drain_seconds)
    with (
        draining.at_sigterm(),
        closing(Project(repo_dir)) as project,
        closing(_work(settings)) as work,
        closing(Metrics()) as metrics,
    ):
        await model_file.latest()
        project.open()
        yield Resources(
            settings=settings,
            repo_dir=repo_dir,
            model_file=model_file,
            project=project,
            gate=Gate(settings.max_requests, settings.max_held_bytes),
            work=work,
            metrics=metrics,
            draining=draining,
            grades=Grades(repo_dir, project),
        )
        await model_file.close()


def _work(settings: Settings) -> Work:
    return Work(settings.threads, settings.max_wait_seconds, settings.max_pool_wait_seconds)
