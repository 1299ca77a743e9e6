"""Which posters the raw data lists, and of which it has the image."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

from dvcstate.documents import regular_file

_LARGEST_TABLE = 64 * 2**20
_HEADER = ["Id", "Genre"]


class RawPosters(NamedTuple):
    """The Ids of ``train.csv``, and the names of the images without their ends."""

    listed: frozenset[str]
    images: frozenset[str]

    @property
    def usable(self) -> frozenset[str]:
        """Those that a stage can read: listed, and with an image."""
        return self.listed & self.images


def read_posters(folder: Path) -> RawPosters | None:
    """The posters of the raw data in ``folder``; None where it is in another format."""
    try:
        text = regular_file.read(folder / "train.csv", _LARGEST_TABLE).decode("utf-8-sig")
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        images = [path.stem for path in (folder / "Images").iterdir()]
    except (OSError, ValueError, csv.Error):
        return None
    if header[:2] != _HEADER:
        return None
    return RawPosters(frozenset(row[0] for row in rows if row), frozenset(images))
