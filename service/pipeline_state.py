"""``GET /pipeline…``: the state of every stage of the repository, and the graph of them.

First form: states come from dvc.lock alone (``workshop.states``); the next step compares contents
and answers exactly what ``dvc status`` says.
"""

import datetime
import json
import math
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pydantic
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from service.problems import Problem, documented
from service.resources import FromService
from workshop import project, states

router = APIRouter(prefix="/pipeline", tags=["pipeline"])


class Described(pydantic.BaseModel):
    """Reads the plain data of the same shape."""

    model_config = pydantic.ConfigDict(from_attributes=True)


class ReasonModel(Described):
    """Why a stage is not fresh, in DVC's own words."""

    kind: states.Kind
    path: str | None = pydantic.Field(examples=["params.yaml:train.epochs"])
    change: states.Change | None


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


class StageModel(Described):
    """One stage: its verdict and what is recorded about it."""

    name: str
    state: states.State
    upstream_stale: bool = pydantic.Field(description="Whether a stage above it has to run.")
    cmd: str
    frozen: bool
    reasons: list[ReasonModel]
    deps: list[DepModel]
    outs: list[OutModel]
    params: dict[str, dict[str, Any]] = pydantic.Field(
        description="The recorded values by file and key.",
        examples=[{"params.yaml": {"train.epochs": 30}}],
    )

    @pydantic.field_validator("params", mode="before")
    @classmethod
    def _as_json(cls, params: project.Params) -> Any:
        """YAML knows dates, NaN and other things that JSON does not: they become text."""
        return json.loads(json.dumps(_plain(params)))


class LockModel(pydantic.BaseModel):
    """The lock file that was read."""

    path: str
    md5: str


class Pipeline(pydantic.BaseModel):
    """The whole pipeline."""

    checked: datetime.datetime
    lock: LockModel | None = pydantic.Field(description="null before the first `dvc repro`.")
    stages: list[StageModel]
    edges: list[tuple[str, str]] = pydantic.Field(
        description="Producer and consumer.", examples=[[["preprocess", "train"]]]
    )


BROKEN = documented(
    {
        HTTPStatus.SERVICE_UNAVAILABLE: "No repository here, or its dvc.yaml or dvc.lock cannot be "
        "read; `detail` names the line."
    }
)


@router.get("", responses=BROKEN)
def pipeline(service: FromService) -> Pipeline:
    """Every stage with its state and the reasons for it; no stages where there is no dvc.yaml.

    `never_run`: not in dvc.lock. `missing`: an out is not there. `stale`: something changed since
    the last run. `frozen`: DVC was told to leave it. `fresh`: nothing to do.
    """
    return _checked(service.repo_dir)


@router.get("/graph", response_class=PlainTextResponse, responses=BROKEN)
def graph(service: FromService) -> str:
    """The stages as a Mermaid flowchart, each in the colour of its state."""
    return mermaid(_checked(service.repo_dir))


@router.get(
    "/{stage:path}",
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
def stage(stage: str, service: FromService) -> StageModel:
    """One stage, as in `GET /pipeline`; its name may hold `/` and `:`."""
    stages = {each.name: each for each in _checked(service.repo_dir).stages}
    if stage not in stages:
        known = ", ".join(stages) or "none yet; type dvc stage add"
        raise Problem(
            HTTPStatus.NOT_FOUND,
            f"there is no stage {stage!r} in dvc.yaml",
            f"ask for one of its stages: {known}",
        )
    return stages[stage]


def _checked(repo_dir: Path) -> Pipeline:
    _check_repository(repo_dir)
    try:
        found = project.read(repo_dir)
    except project.ProjectError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), error.fix) from None
    return Pipeline(
        checked=datetime.datetime.now(datetime.UTC).replace(microsecond=0),
        lock=LockModel(path="dvc.lock", md5=found.lock.md5) if found.lock else None,
        stages=[StageModel.model_validate(each) for each in states.judge(found, repo_dir)],
        edges=found.edges(),
    )


def _check_repository(repo_dir: Path) -> None:
    """A repository may have no stages yet; a folder that is none should not look like one."""
    if not any((repo_dir / name).exists() for name in (".dvc", ".git", "dvc.yaml")):
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{repo_dir} is not a repository: it has no .git, no .dvc and no dvc.yaml",
            "start the service in your repository, or set WORKSHOP_REPO to its path",
        )


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple() | set():
            return [_plain(each) for each in value]
        case float() if not math.isfinite(value):
            return str(value)
        case str() | bool() | int() | float() | None:
            return value
        case _:
            return str(value)


COLOURS = {
    "fresh": "fill:#d3f2d9,stroke:#2b8a3e,color:#000",
    "frozen": "fill:#d0ebff,stroke:#1971c2,color:#000",
    "stale": "fill:#fff3bf,stroke:#e67700,color:#000",
    "missing": "fill:#ffe3e3,stroke:#c92a2a,color:#000",
    "never_run": "fill:#f1f3f5,stroke:#868e96,color:#000",
}


def mermaid(pipeline: Pipeline) -> str:
    """``pipeline`` as a Mermaid flowchart; names are labels, so that any name can be drawn."""
    numbers = {each.name: f"s{number}" for number, each in enumerate(pipeline.stages)}
    lines = ["flowchart TD"]
    for each in pipeline.stages:
        label = f"{_escaped(each.name)}<br/>{each.state}"
        lines.append(f'  {numbers[each.name]}["{label}"]:::{each.state}')
    lines += [f"  {numbers[one]} --> {numbers[other]}" for one, other in pipeline.edges]
    lines += [f"  classDef {state} {colour}" for state, colour in COLOURS.items()]
    return "\n".join(lines) + "\n"


def _escaped(name: str) -> str:
    """``name`` with what Mermaid or HTML would read as markup in Mermaid's own number codes."""
    return "".join(c if c.isalnum() or c in " _-./:@" else f"#{ord(c)};" for c in name)
