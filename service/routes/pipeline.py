"""``GET /pipeline…``: the state of every stage of the repository, and their graph.

``dvcstate`` writes the answers, once for each state; the models here are for the documentation.
Routes are plain functions, which FastAPI runs in a thread, because a check of the project may take
seconds.
"""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

import dvcstate
from dvcstate.model import Kind, State
from service.problems import Problem
from service.protocol import as_json
from service.routes.dependencies import ServiceResources
from service.routes.problem_responses import document_problems

router = APIRouter(prefix="/pipeline", tags=["pipeline"])

FILE_PREFIX = "dvc.yaml:"
"""DVC takes ``dvc.yaml:train`` for ``train``; here it names a stage that is called ``graph``."""


class Described(pydantic.BaseModel):
    """The base of models that document JSON written elsewhere, to the last member."""

    model_config = pydantic.ConfigDict(extra="forbid")


class ReasonModel(Described):
    """Why a stage is not fresh, in DVC's own words."""

    kind: Kind
    path: str | None = pydantic.Field(examples=["params.yaml:train.epochs"])
    change: Literal["modified", "deleted", "new", "not in cache"] | None


class DepModel(Described):
    """A dep and its recorded hash."""

    path: str
    md5: str | None


class OutModel(Described):
    """An out and its recorded hash and size in bytes."""

    path: str
    md5: str | None
    size: int | None
    cache: bool


class UnansweredModel(Described):
    """A dep or out that is not on this machine, and why its state is unknown."""

    path: str = pydantic.Field(examples=["gs://bucket/raw"])
    why: str = pydantic.Field(examples=["not asked"])


class StageModel(Described):
    """One stage: its state, and what dvc.lock records of it."""

    name: str = pydantic.Field(
        description="A `.dvc` file is a stage named by its path, as in `data/raw.dvc`."
    )
    state: State
    upstream_stale: bool = pydantic.Field(description="Whether a stage above it has to run.")
    cmd: str | None = pydantic.Field(description="null for a `.dvc` file.")
    frozen: bool
    reasons: list[ReasonModel]
    deps: list[DepModel]
    outs: list[OutModel]
    params: dict[str, dict[str, Any]] = pydantic.Field(
        description="The recorded values by file and key.",
        examples=[{"params.yaml": {"train.epochs": 30}}],
    )
    unanswered: list[UnansweredModel] = pydantic.Field(
        default=[],
        description="Deps and outs at addresses such as `gs://…`, which this route does not "
        "access: `state` and `reasons` leave them out. Absent where there are none.",
    )


class LockModel(Described):
    """The lock file that was read."""

    path: str
    md5: str


Edge = Annotated[list[str], pydantic.Field(min_length=2, max_length=2)]
"""Not a tuple: its ``prefixItems`` (OpenAPI 3.1) is unknown to schemathesis and others."""


class Pipeline(Described):
    """The whole pipeline."""

    checked: datetime.datetime = pydantic.Field(description="The last check for changes.")
    lock: LockModel | None = pydantic.Field(description="null before the first `dvc repro`.")
    stages: list[StageModel]
    edges: list[Edge] = pydantic.Field(
        description="Producer and consumer.", examples=[[["preprocess", "train"]]]
    )


BROKEN = document_problems(
    {
        503: "No repository here, or one of its files cannot be read; "
        "`detail` names file, line and column."
    }
)


@router.get("", response_model=Pipeline, responses=BROKEN)
def pipeline(resources: ServiceResources) -> Response:
    """Every stage, exactly as `dvc status` sees it; no stages where there is no dvc.yaml.

    `never_run`: not in dvc.lock. `missing`: an out is absent. `stale`: something changed since the
    last run. `frozen`: `dvc freeze` keeps DVC from running it. `fresh`: nothing to do.
    """
    with _problems_for(resources.repo_dir):
        return Response(resources.project.live().json(), media_type="application/json")


@router.get("/graph", response_class=PlainTextResponse, responses=BROKEN)
def graph(resources: ServiceResources) -> str:
    """The stages as a Mermaid flowchart, each in the colour of its state."""
    with _problems_for(resources.repo_dir):
        return dvcstate.graph(resources.project.live().state())


@router.get(
    "/{stage:path}",
    response_model=StageModel,
    responses={
        **document_problems({404: "No stage of that name.", 422: "Not a name."}),
        **BROKEN,
    },
)
def stage(stage: str, resources: ServiceResources) -> Response:
    """One stage, as in `GET /pipeline`; its name may hold `/`, `:` and whatever else.

    `dvc.yaml:train` is another name for `train`, as on DVC's command line: a stage that is called
    `graph` answers as `dvc.yaml:graph`.
    """
    with _problems_for(resources.repo_dir):
        state = resources.project.live().state()
    for name in (stage, stage.removeprefix(FILE_PREFIX)):
        document = dvcstate.stage_as_json(state, name)
        if document is not None:
            return Response(as_json(document), media_type="application/json")
    known = ", ".join(each.stage.name for each in state.stages) or "none yet; type dvc stage add"
    raise Problem(
        HTTPStatus.NOT_FOUND,
        f"there is no stage {stage!r} in dvc.yaml",
        f"ask for one of its stages: {known}",
    )


@contextmanager
def _problems_for(repo_dir: Path) -> Iterator[None]:
    """Turn a ProjectError within the block into a Problem."""
    try:
        yield
    except dvcstate.ProjectError as error:
        raise _problem(error, repo_dir) from None


def _problem(error: dvcstate.ProjectError, repo_dir: Path) -> Problem:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    # A wrong WORKSHOP_REPO gets another fix than a repository that lacks something.
    is_repository = any((repo_dir / name).exists() for name in (".dvc", ".git", "dvc.yaml"))
    if isinstance(error, dvcstate.NotAProjectError) and not is_repository:
        return Problem(
            status,
            f"{repo_dir} is not a repository: it has no .git, no .dvc and no dvc.yaml",
            "start the service in your repository, or set WORKSHOP_REPO to its path",
        )
    return Problem(status, str(error), error.fix)
