"""What one running service holds, opened when it starts, and how a route gets at it."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from service.admission import Gate
from service.grades import Grades
from service.model import Model
from service.model_file import ModelFile
from service.problems import Problem
from service.settings import Settings
from workshop.project.live import LiveProject

MODEL_PATH = "models/classifier.onnx"


@dataclass(frozen=True, slots=True)
class Resources:
    """The repository, its model, and the bounds of what is done at one time."""

    settings: Settings
    repo_dir: Path
    model_file: ModelFile
    project: LiveProject
    gate: Gate
    threads: ThreadPoolExecutor
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

    The first look at the project begins, and nobody waits for it.
    """
    repo_dir = settings.repo.resolve()
    model_file = ModelFile(repo_dir, MODEL_PATH)
    with (
        LiveProject(repo_dir) as project,
        ThreadPoolExecutor(settings.threads, thread_name_prefix="predict") as threads,
    ):
        project.latest()
        await model_file.latest()
        yield Resources(
            settings=settings,
            repo_dir=repo_dir,
            model_file=model_file,
            project=project,
            gate=Gate(settings.max_requests, settings.max_held_bytes),
            threads=threads,
            grades=Grades(repo_dir, project),
        )
        await model_file.close()


async def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


FromService = Annotated[Resources, Depends(_resources)]
"""The type of a route's argument that is the running service's resources."""
