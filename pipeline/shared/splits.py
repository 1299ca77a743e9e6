"""The preprocessed data set: ``images/`` and one table a split, as the stages pass it on.

A table has the columns ``Path`` (of the image, from the data set's folder), ``Source`` (the Id of
the original that the image was made of) and one 0/1 column a genre.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.shared.errors import DatasetError
from pipeline.shared.pixels import ImageError, decode_image

NAMES = ("train", "valid", "test")
REMAKE = "dvc repro preprocess"


@dataclass(frozen=True)
class Split:
    """The rows of one split.

    ``paths`` and ``sources`` have n entries; ``labels`` is (n, genres), uint8, 0 or 1.
    """

    genres: tuple[str, ...]
    paths: tuple[str, ...]
    sources: tuple[str, ...]
    labels: NDArray[np.uint8]

    def every(self, step: int) -> "Split":
        """Every ``step``-th row, from the first."""
        return Split(self.genres, self.paths[::step], self.sources[::step], self.labels[::step])


def write(folder: Path, name: str, split: Split) -> None:
    """Write the table of ``split`` to ``folder``/``name``.csv."""
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["Path", "Source", *split.genres])
        for path, source, labels in zip(split.paths, split.sources, split.labels, strict=True):
            writer.writerow([path, source, *labels])


def read(folder: Path, name: str) -> Split:
    """Read the table ``folder``/``name``.csv; a DatasetError says what is wrong with it."""
    table = folder / f"{name}.csv"
    try:
        with table.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
    except FileNotFoundError:
        raise DatasetError(f"{table}: no such file", REMAKE) from None
    except (csv.Error, ValueError) as error:
        raise DatasetError(f"{table}: not a table of a split: {error}", REMAKE) from None
    if not rows or header[:2] != ["Path", "Source"] or not _are_labels(rows, len(header) - 2):
        raise DatasetError(f"{table}: not a table of a split", REMAKE)
    paths, sources = zip(*(row[:2] for row in rows), strict=True)
    return Split(tuple(header[2:]), paths, sources, np.array([row[2:] for row in rows], np.uint8))


def _are_labels(rows: list[list[str]], genres: int) -> bool:
    """Whether each row ends in as many cells of 0 or 1 as there are genres, at least one."""
    return genres > 0 and all(len(row) == 2 + genres and {"0", "1"} >= {*row[2:]} for row in rows)


def pixels(folder: Path, split: Split) -> NDArray[np.uint8]:
    """The images of ``split``, in its order: (n, height, width, 3), uint8, RGB."""
    loaded = [_pixels(folder / path) for path in split.paths]
    shapes = {image.shape for image in loaded}
    if len(shapes) != 1:
        raise DatasetError(f"{folder}: images of several sizes: {sorted(shapes)}", REMAKE)
    return np.stack(loaded)


def _pixels(path: Path) -> NDArray[np.uint8]:
    try:
        return decode_image(path.read_bytes())
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file", REMAKE) from None
    except ImageError as error:
        raise DatasetError(f"{path}: {error}", REMAKE) from None
