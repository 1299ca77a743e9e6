"""``POST /predict``'s JSON, put together by hand: a third of what NumPy and ``json`` take."""

import json
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.inference.model import Model
from service.inference.upload import Upload

DECIMALS = 6
"""What a float32 probability is good for."""
_text = json.JSONEncoder(ensure_ascii=False).encode
"""Made once: json.dumps makes another for each text."""


def as_answer(
    model: Model,
    about_model: tuple[str, str],
    uploads: Sequence[Upload],
    rows: Sequence[NDArray[np.float32]],
    top: int | None,
    threshold: float | None,
) -> bytes:
    """The JSON of all predictions; ``about_model`` is the model's path and state."""
    path, state = about_model
    thresholds = model.thresholds if threshold is None else (threshold,) * len(model.genres)
    predictions = ",".join(
        [
            f'{{"filename":{_text(upload.filename)},'
            f'"genres":[{_ranked(model, row.tolist(), thresholds, top)}]}}'
            for upload, row in zip(uploads, rows, strict=True)
        ]
    )
    text = (
        f'{{"model":{{"path":"{path}","md5":"{model.md5}","state":"{state}"}},'
        f'"predictions":[{predictions}]}}'
    )
    return text.encode("utf-8", "backslashreplace")


def _ranked(
    model: Model, probabilities: Sequence[float], thresholds: Sequence[float], top: int | None
) -> str:
    """The genres of one picture, the most probable first."""
    if not math.isfinite(sum(probabilities)):
        raise ValueError(f"the model (md5 {model.md5}) answered what is not a number")
    genres = model.genres_json
    order = sorted(range(len(genres)), key=probabilities.__getitem__, reverse=True)
    return ",".join(
        [
            f'{{"genre":{genres[index]},"probability":{probabilities[index]:.{DECIMALS}f},'
            f'"selected":{"true" if probabilities[index] >= thresholds[index] else "false"}}}'
            for index in order[:top]
        ]
    )
