"""Stage preprocess: raw posters in; resized, split and augmented training data out."""

import argparse
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline import parallel, params, raw, splits
from pipeline.augment import Augmentation, altered
from pipeline.errors import DatasetError, exit_code
from pipeline.outs import whole_folder
from pipeline.selection import ColourFilter, Original, Selection, select

SHOWN = 4
"""How many Ids the summary shows for each reason."""


class PreprocessParams(params.Section):
    """The section ``preprocess`` of params.yaml; sides are in pixels."""

    seed: int = Field(ge=0)
    height: int = Field(ge=32, le=1024)
    width: int = Field(ge=32, le=1024)
    min_side: int = Field(ge=1)
    min_posters_per_genre: int = Field(ge=3)
    valid_share: float = Field(gt=0, lt=0.5)
    test_share: float = Field(gt=0, lt=0.5)
    colour_filter: ColourFilter
    augmentation: Augmentation


def preprocess(raw_dir: Path, out_dir: Path, settings: PreprocessParams) -> str:
    """Make ``out_dir`` from the posters under ``raw_dir``; returns a summary for the terminal.

    The split is made on originals, before any copy, and only training posters are copied: so no
    altered copy of a validation or test poster is ever trained on.
    """
    selection = select(
        raw.read(raw_dir),
        (settings.height, settings.width),
        settings.min_side,
        settings.min_posters_per_genre,
        settings.colour_filter,
    )
    labels = _labels(selection)
    parts = _stratified(labels, settings)
    with whole_folder(out_dir) as folder:
        (folder / "images").mkdir()
        for name, part in parts.items():
            originals = [selection.originals[index] for index in part]
            copies = settings.augmentation.copies if name == "train" else 0
            limits = settings.augmentation.model_copy(update={"copies": copies})
            written = _write_images(folder, originals, limits, settings.seed, name)
            paths, sources = zip(*written, strict=True)
            rows = np.repeat(labels[part], 1 + copies, axis=0)
            splits.write(folder, name, splits.Split(selection.genres, paths, sources, rows))
    return _summary(selection, parts)


def _labels(selection: Selection) -> NDArray[np.uint8]:
    """One row a poster, one 0/1 column a genre."""
    if not selection.genres:
        raise DatasetError(
            f"no genre is left: {len(selection.originals)} usable posters\n{_left_out(selection)}",
            "lower preprocess.min_posters_per_genre in params.yaml, or mend data/raw",
        )
    rows = [
        [genre in poster.genres for genre in selection.genres] for poster in selection.originals
    ]
    return np.array(rows, dtype=np.uint8)


def _stratified(
    labels: NDArray[np.uint8], settings: PreprocessParams
) -> dict[str, NDArray[np.intp]]:
    """Row numbers of each split, such that every genre has about its share in each.

    Iterative stratification: Sechidis, Tsoumakas and Vlahavas, "On the stratification of
    multi-label data", ECML PKDD 2011.
    """
    from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

    def cut(rows: NDArray[np.intp], share: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        splitter = MultilabelStratifiedShuffleSplit(1, test_size=share, random_state=settings.seed)
        rest, taken = next(splitter.split(rows, labels[rows]))
        return np.sort(rows[rest]), np.sort(rows[taken])

    rest, test = cut(np.arange(len(labels)), settings.test_share)
    train, valid = cut(rest, settings.valid_share / (1 - settings.test_share))
    return {"train": train, "valid": valid, "test": test}


def _write_images(
    folder: Path, originals: list[Original], limits: Augmentation, seed: int, name: str
) -> list[tuple[str, str]]:
    """Write each original, and its altered copies if there are ``limits``: (path, Id) of each.

    A copy's random numbers depend on the seed, the poster's Id and the copy's number alone, so
    that more posters never change the copies of the others.
    """

    def write(original: Original) -> list[tuple[str, str]]:
        written = [(_write_png(folder, original.id, original.pixels), original.id)]
        for number in range(1, 1 + limits.copies):
            random = np.random.default_rng([seed, zlib.crc32(original.id.encode()), number])
            copy = altered(original.pixels, limits, random)
            written.append((_write_png(folder, f"{original.id}-{number}", copy), original.id))
        return written

    batches = parallel.each(write, originals, f"writing {name} split")
    return [row for batch in batches for row in batch]


def _write_png(folder: Path, name: str, image: NDArray[np.uint8]) -> str:
    """Write ``image`` (RGB) and return its path from ``folder``."""
    path = f"images/{name}.png"
    encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
    (folder / path).write_bytes(encoded.tobytes())
    return path


def _summary(selection: Selection, parts: dict[str, NDArray[np.intp]]) -> str:
    sizes = ", ".join(f"{len(part)} {name}" for name, part in parts.items())
    genres = f"{len(selection.genres)} genres: {', '.join(selection.genres)}"
    return f"{len(selection.originals)} posters ({sizes})\n{genres}\n{_left_out(selection)}"


def _left_out(selection: Selection) -> str:
    """How many were left out for each reason, and the first few Ids."""
    reasons: dict[str, list[str]] = {}
    for entry in selection.left_out:
        reasons.setdefault(entry.reason, []).append(entry.id)
    lines = [
        f"  {len(ids):5} {reason}: {', '.join(ids[:SHOWN])}{' …' if len(ids) > SHOWN else ''}"
        for reason, ids in reasons.items()
    ]
    return "\n".join([f"left out: {len(selection.left_out)}", *lines])


def main() -> None:
    """Read the command line, run the stage, print the summary."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.preprocess", description=__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw data set")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--params", type=Path, required=True, help="params.yaml")
    arguments = parser.parse_args()
    settings = params.read(arguments.params, "preprocess", PreprocessParams)
    print(preprocess(arguments.raw, arguments.out, settings))


if __name__ == "__main__":
    raise SystemExit(exit_code(main))
