"""The part *Try it*: what the model says of a poster, as bars with their thresholds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from service.inference.model_file import ModelFile
from service.problems import Problem

STATES = {
    "fresh": "",
    "frozen": "",
    "stale": "The model is older than what it is made of: dvc repro makes it anew.",
    "missing": "An out beside the model is missing: dvc checkout or dvc repro brings it back.",
    "never_run": "No stage of dvc.yaml makes this model.",
    "unknown": "Whether the model is up to date is not known at this moment.",
}
MOST_GENRES = 6


@dataclass(frozen=True)
class Bar:
    """A genre: its probability and its threshold, from 0 to 1."""

    genre: str
    probability: float
    threshold: float
    is_selected: bool


@dataclass(frozen=True)
class PosterView:
    """What the model says of one poster: the most probable genres, and all that are selected."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class AnswerView:
    """The posters of a request, or why there is no answer; ``note``: on the model's state."""

    posters: tuple[PosterView, ...] = ()
    note: str = ""
    problem: Problem | None = None


@dataclass(frozen=True)
class TryView:
    """What stands there before a poster is sent; ``problem``: why there is no model."""

    samples: tuple[str, ...]
    problem: Problem | None
    note: str


def answer_view(answer: bytes, thresholds: Mapping[str, float]) -> AnswerView:
    """The view of what ``POST /predict`` answers."""
    document = json.loads(answer)
    posters = tuple(
        PosterView(prediction["filename"] or "poster", _bars(prediction["genres"], thresholds))
        for prediction in document["predictions"]
    )
    return AnswerView(posters, STATES.get(document["model"]["state"], ""))


def _bars(genres: list[Mapping[str, object]], thresholds: Mapping[str, float]) -> tuple[Bar, ...]:
    bars = [
        Bar(
            str(genre["genre"]),
            float(str(genre["probability"])),
            thresholds.get(str(genre["genre"]), 0.5),
            bool(genre["selected"]),
        )
        for genre in genres
    ]
    return tuple(bar for rank, bar in enumerate(bars) if rank < MOST_GENRES or bar.is_selected)


async def model_thresholds(model_file: ModelFile) -> dict[str, float]:
    """The threshold of each genre; a Problem where there is no model."""
    model = await model_file.model()
    return dict(zip(model.genres, map(float, model.thresholds), strict=True))
