"""``GET /results/…``: the metrics and the pictures that the pipeline wrote."""

import json
import math
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import pydantic
from fastapi import APIRouter, Response

from dvcstate.documents import regular_file
from service.problems import Problem
from service.protocol import as_json
from service.repository.picture_files import (
    PICTURES,
    PLOTS_DIR,
    files_in,
    picture_paths,
    unreadable_problem,
)
from service.routes.dependencies import ServiceResources
from service.routes.problem_responses import document_problems

router = APIRouter(prefix="/results", tags=["results"])

METRICS_DIR = Path("results", "metrics")
LARGEST_FILE = 20_000_000

PICTURE_HEADERS = {
    # Each run writes its plots under the same names.
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    # An SVG can hold scripts, and the repository is not trusted.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


class Picture(pydantic.BaseModel):
    """A picture under results/plots."""

    name: str = pydantic.Field(examples=["loss.png"])
    url: str = pydantic.Field(examples=["/results/plots/loss.png"])
    media_type: str = pydantic.Field(examples=["image/png"])
    size: int = pydantic.Field(description="In bytes.")


class Pictures(pydantic.BaseModel):
    """The pictures under results/plots, by name."""

    plots: list[Picture]


Version = Annotated[
    str,
    pydantic.Field(max_length=100, description="Not read: a new one makes a browser ask again."),
]

UNREADABLE = document_problems({503: "A file there cannot be read; `detail` names it."})


@router.get(
    "/metrics",
    response_model=dict[str, Any],
    responses={
        200: {"content": {"application/json": {"example": {"test.json": {"map": 0.71, "n": 120}}}}},
        **UNREADABLE,
    },
)
def metrics(resources: ServiceResources) -> Response:
    """Every JSON file under `results/metrics`, by its name; empty before the first evaluation."""
    return Response(as_json(read_metrics(resources.repo_dir)), media_type="application/json")


def read_metrics(repo_dir: Path) -> dict[str, Any]:
    """The metrics by the name of their file; a Problem where one cannot be read."""
    files = files_in(repo_dir / METRICS_DIR)
    return {path.name: _read_json(path) for path in files if path.suffix == ".json"}


@router.get("/plots", responses=UNREADABLE)
def plots(resources: ServiceResources) -> Pictures:
    """The pictures under `results/plots`; empty before the pipeline has drawn any."""
    return Pictures(
        plots=[
            Picture(
                name=path.name,
                url=f"/results/plots/{quote(path.name)}",
                media_type=PICTURES[path.suffix.lower()],
                size=path.stat().st_size,
            )
            for path in picture_paths(resources.repo_dir)
        ]
    )


@router.get(
    "/plots/{name}",
    response_class=Response,
    responses={
        200: {"description": "The picture.", "content": {"image/*": {}}},
        **document_problems({404: "No picture of that name.", 422: "Not a name."}),
        **UNREADABLE,
    },
)
def plot(name: str, resources: ServiceResources, version: Version = "") -> Response:
    """One picture of `results/plots`."""
    pictures = {path.name: path for path in picture_paths(resources.repo_dir)}
    if name not in pictures:  # looked up in a listing, so that no name leads out of the folder
        known = ", ".join(pictures) or "none; type dvc repro"
        raise Problem(
            HTTPStatus.NOT_FOUND,
            f"there is no picture {name!r} in {PLOTS_DIR.as_posix()}",
            f"ask for one of those that are there: {known}",
        )
    path = pictures[name]
    return Response(read(path), media_type=PICTURES[path.suffix.lower()], headers=PICTURE_HEADERS)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(read(path), parse_float=_finite, parse_constant=lambda name: None)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise unreadable_problem(
            path, f"not JSON, {where}: {error.msg}", "type dvc repro"
        ) from None
    except (ValueError, RecursionError):
        raise unreadable_problem(path, "not JSON", "type dvc repro") from None


def _finite(text: str) -> float | None:
    """A number that JSON can hold: NaN and the infinities become null."""
    number = float(text)
    return number if math.isfinite(number) else None


def read(path: Path) -> bytes:
    """The bytes of ``path``; a Problem where it cannot be read, or is too large."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise unreadable_problem(
                path, f"larger than {LARGEST_FILE / 1e6:g} MB", "make it smaller"
            )
        return regular_file.read(path, LARGEST_FILE)
    except OSError as error:
        raise unreadable_problem(
            path, str(error.strerror), "type dvc repro, then ask again"
        ) from None
