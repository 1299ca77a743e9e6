"""``GET /pipeline…``: the state of every stage of the repository, and the graph of them.

The answers come as ``dvcstate`` writes them, once for each state; the models here are what
the documentation shows. Routes are plain functions, which FastAPI runs in a thread: a look at the
project takes as long as it takes.
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
from service.app.json_answer import as_json
from service.app.problems import Problem
from service.routes.dependencies import FromService
from service.routes.problem_responses import documented

router = APIRouter(prefix="/pipeline", tags=["pipeline"])

OWN_FILE = "dvc.yaml:"
"""DVC takes ``dvc.yaml:train`` for ``train``; here it tells the stage ``graph`` from the graph."""


class Described(pydantic.BaseModel):
    """Describes JSON that is written elsewhere, to the last member."""

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
    """A dep or out that is not on this machine, and why nothing is known of it."""

    path: str = pydantic.Field(examples=["gs://bucket/raw"])
    why: str = pydantic.Field(examples=["not asked"])


class StageModel(Described):
    """One stage: its verdict and what is recorded about it."""

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
        description="Addresses, which this route asks nobody about: `state` and `reasons` leave "
        "them out. Only there where there are any.",
    )


class LockModel(Described):
    """The lock file that was read."""

    path: str
    md5: str


Edge = Annotated[list[str], pydantic.Field(min_length=2, max_length=2)]
"""Not a tuple: many who read OpenAPI do not know its ``prefixItems``."""


class Pipeline(Described):
    """The whole pipeline."""

    checked: datetime.datetime = pydantic.Field(description="The last look at what changed.")
    lock: LockModel | None = pydantic.Field(description="null before the first `dvc repro`.")
    stages: list[StageModel]
    edges: list[Edge] = pydantic.Field(
        description="Producer and consumer.", examples=[[["preprocess", "train"]]]
    )


BROKEN = documented(
    {
        HTTPStatus.SERVICE_UNAVAILABLE: "No repository here, or one of its files cannot be read; "
        "`detail` names file, line and column."
    }
)


@router.get("", response_model=Pipeline, responses=BROKEN)
def pipeline(service: FromService) -> Response:
    """Every stage, exactly as `dvc status` sees it; no stages where there is no dvc.yaml.

    `never_run`: not in dvc.lock. `missing`: an out is not there. `stale`: something changed since
    the last run. `frozen`: DVC was told to leave it. `fresh`: nothing to do.
    """
    with _errors_told(service.repo_dir):
        return Response(service.project.live().json(), media_type="application/json")


@router.get("/graph", response_class=PlainTextResponse, responses=BROKEN)
def graph(service: FromService) -> str:
    """The stages as a Mermaid flowchart, each in the colour of its state."""
    with _errors_told(service.repo_dir):
        return dvcstate.graph(service.project.live().state())


@router.get(
    "/{stage:path}",
    response_model=StageModel,
    responses={
        **documented(
            {
                HTTPStatus.NOT_FOUND: "No stage of that name.",
                HTTPStatus.UNPROCESSABLE_ENTITY: "Not a name.",
            }
        ),
        **BROKEN,
    },
)
def stage(stage: str, service: FromService) -> Response:
    """One stage, as in `GET /pipeline`; its name may hold `/`, `:` and whatever else.

    `dvc.yaml:train` is another name for `train`, as on DVC's command line: a stage that is called
    `graph` answers as `dvc.yaml:graph`.
    """
    with _errors_told(service.repo_dir):
        state = service.project.live().state()
    for name in (stage, stage.removeprefix(OWN_FILE)):
        found = dvcstate.stage_as_json(state, name)
        if found is not None:
            return Response(as_json(found), media_type="application/json")
    known = ", ".join(each.stage.name for each in state.stages) or "none yet; type dvc stage add"
    raise Problem(
        HTTPStatus.NOT_FOUND,
        f"there is no stage {stage!r} in dvc.yaml",
        f"ask for one of its stages: {known}",
    )


@contextmanager
def _errors_told(repo_dir: Path) -> Iterator[None]:
    try:
        yield
    except dvcstate.ProjectError as error:
        raise _problem(error, repo_dir) from None


def _problem(error: dvcstate.ProjectError, repo_dir: Path) -> Problem:
    """A folder that is none should not look like a repository that lacks something."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    looks_like_one = any((repo_dir / name).exists() for name in (".dvc", ".git", "dvc.yaml"))
    if isinstance(error, dvcstate.NotAProjectError) and not looks_like_one:
        return Problem(
            status,
            f"{repo_dir} is not a repository: it has no .git, no .dvc and no dvc.yaml",
            "start the service in your repository, or set WORKSHOP_REPO to its path",
        )
    return Problem(status, str(error), error.fix)
