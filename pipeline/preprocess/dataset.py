"""The data set that is trained on: posters resized, split, and altered copies of them."""

import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pipeline.preprocess import parallel
from pipeline.preprocess.augment import Augmentation, alter
from pipeline.preprocess.selection import ColourFilter, Original, Selection, select_posters
from pipeline.preprocess.stratification import stratify
from pipeline.shared import params, raw, splits
from pipeline.shared.errors import DatasetError
from pipeline.shared.outs import whole_folder

SHOWN = 4
"""How many Ids the summary shows for each reason."""
PNG = (cv2.IMWRITE_PNG_COMPRESSION, 6, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_FILTERED)
"""A seventh smaller than OpenCV's own choice, in 0.5 ms more an image: these files are pushed."""


class PreprocessParams(params.Section):
    """The section ``preprocess`` of params.yaml; sides are in pixels."""

    seed: int = Field(ge=0, lt=2**32)
    height: int = Field(ge=32, le=1024)
    width: int = Field(ge=32, le=1024)
    min_side: int = Field(ge=1)
    min_posters_per_genre: int = Field(ge=3)
    valid_share: params.Number = Field(gt=0, lt=0.5)
    test_share: params.Number = Field(gt=0, lt=0.5)
    colour_filter: ColourFilter
    augmentation: Augmentation

    @model_validator(mode="after")
    def _stretches_no_original_too_far(self) -> "PreprocessParams":
        if self.min_side > min(self.height, self.width):
            sides = f"height ({self.height}) and width ({self.width})"
            raise ValueError(f"min_side must be at most {sides}, got {self.min_side}")
        return self


def preprocess(raw_dir: Path, out_dir: Path, settings: PreprocessParams) -> str:
    """Make ``out_dir`` from the posters under ``raw_dir``; returns a summary for the terminal.

    The split is made on originals, before any copy, and only training posters are copied: so no
    altered copy of a validation or test poster is ever trained on.
    """
    selection = select_posters(
        raw.read(raw_dir),
        (settings.height, settings.width),
        settings.min_side,
        settings.min_posters_per_genre,
        settings.colour_filter,
    )
    _check_any_genre(selection)
    labels = selection.labels()
    parts = _parts(selection, labels, settings)
    with whole_folder(out_dir) as folder:
        (folder / "images").mkdir()
        for name, part in parts.items():
            originals = [selection.originals[index] for index in part]
            copies = settings.augmentation.copies if name == "train" else 0
            limits = settings.augmentation.model_copy(update={"copies": copies})
            images = _write_images(folder, originals, limits, settings.seed, name)
            paths, sources = zip(*images, strict=True)
            rows = np.repeat(labels[part], 1 + copies, axis=0)
            splits.write(folder, name, splits.Split(selection.genres, paths, sources, rows))
    return _summary(selection, parts)


def _check_any_genre(selection: Selection) -> None:
    if not selection.genres:
        raise DatasetError(
            f"no genre is left: {len(selection.originals)} usable posters\n"
            f"{_left_out_text(selection)}",
            "lower preprocess.min_posters_per_genre in params.yaml, or mend data/raw",
        )


def _parts(
    selection: Selection, labels: NDArray[np.uint8], settings: PreprocessParams
) -> dict[str, NDArray[np.intp]]:
    """The row numbers of each split; a DatasetError where one would lack a genre altogether."""
    shares = {"valid": settings.valid_share, "test": settings.test_share}
    shares = {"train": 1 - sum(shares.values()), **shares}
    rows = stratify(labels, tuple(shares.values()), settings.seed)
    parts = dict(zip(shares, rows, strict=True))
    for name, part in parts.items():
        counts = labels[part].sum(axis=0).tolist()
        if 0 in counts:
            raise DatasetError(
                f"no poster of {selection.genres[counts.index(0)]} is left for the {name} split",
                "raise preprocess.min_posters_per_genre in params.yaml, or add posters",
            )
    return parts


def _write_images(
    folder: Path, originals: list[Original], limits: Augmentation, seed: int, name: str
) -> list[tuple[str, str]]:
    """Write each original, and its altered copies if there are ``limits``: (path, Id) of each.

    A copy's random numbers depend on the seed, the poster's Id and the copy's number alone, so
    that more posters never change the copies of the others.
    """

    def write(original: Original) -> list[tuple[str, str]]:
        rows = [(_write_png(folder, original.id, 0, original.pixels), original.id)]
        for number in range(1, 1 + limits.copies):
            # Not hash(), which Python seeds anew in each run.
            random = np.random.default_rng([seed, zlib.crc32(original.id.encode()), number])
            copy = alter(original.pixels, limits, random)
            rows.append((_write_png(folder, original.id, number, copy), original.id))
        return rows

    batches = parallel.map_items(write, originals, f"writing {name} split")
    return [row for batch in batches for row in batch]


def _write_png(folder: Path, poster: str, number: int, image: NDArray[np.uint8]) -> str:
    """Write ``image`` (RGB), copy ``number`` of ``poster``, and return its path from ``folder``.

    The original is number 0, and says so: under its bare Id, a poster "a-1" would be copy 1 of "a".
    """
    path = f"images/{poster}-{number}.png"
    encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), PNG)[1]
    (folder / path).write_bytes(encoded.tobytes())
    return path


def _summary(selection: Selection, parts: dict[str, NDArray[np.intp]]) -> str:
    sizes = ", ".join(f"{len(part)} {name}" for name, part in parts.items())
    genres = f"{len(selection.genres)} genres: {', '.join(selection.genres)}"
    return f"{len(selection.originals)} posters ({sizes})\n{genres}\n{_left_out_text(selection)}"


def _left_out_text(selection: Selection) -> str:
    """How many were left out for each reason, and the first few Ids."""
    reasons: dict[str, list[str]] = {}
    for entry in selection.left_out:
        reasons.setdefault(entry.reason, []).append(entry.id)
    lines = [
        f"  {len(ids):5} {reason}: {', '.join(ids[:SHOWN])}{' …' if len(ids) > SHOWN else ''}"
        for reason, ids in reasons.items()
    ]
    return "\n".join([f"left out: {len(selection.left_out)}", *lines])
