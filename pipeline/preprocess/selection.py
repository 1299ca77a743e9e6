"""Which posters are fit to train on, and why the others are not."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pipeline.preprocess import parallel
from pipeline.shared import raw
from pipeline.shared.params import Section, Share
from pipeline.shared.pixels import ImageError, decode_image, resize_image, sufficient_size

NOT_A_GENRE = "N/A"
"""What the public data set writes where a poster's genre is unknown."""

Channel = Annotated[int, Field(ge=0, le=255)]
Colour = Annotated[list[Channel], Field(min_length=3, max_length=3)]
"""A colour as [red, green, blue]."""


class ColourFilter(Section):
    """Leaves out posters of which too large a share lies between two colours."""

    lower: Colour
    upper: Colour
    max_share: Share

    @model_validator(mode="after")
    def _is_a_range(self) -> "ColourFilter":
        if any(low > high for low, high in zip(self.lower, self.upper, strict=True)):
            raise ValueError(f"lower must not exceed upper, got {self.lower} and {self.upper}")
        return self

    def share(self, pixels: NDArray[np.uint8]) -> float:
        """The share of ``pixels`` (height, width, 3; RGB) within the bounds, both included."""
        within = cv2.inRange(pixels, np.array(self.lower), np.array(self.upper))
        return float(np.count_nonzero(within) / within.size)


@dataclass(frozen=True)
class Original:
    """A poster fit to train on; ``pixels`` is (height, width, 3), uint8, RGB, resized."""

    id: str
    genres: frozenset[str]
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class LeftOut:
    """A poster or a row that does not go on, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class Selection:
    """The posters that go on, by Id; the genres that they have; what was left out."""

    originals: tuple[Original, ...]
    genres: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def labels(self) -> NDArray[np.uint8]:
        """One row a poster, one 0/1 column a genre."""
        rows = [[genre in poster.genres for genre in self.genres] for poster in self.originals]
        return np.array(rows, dtype=np.uint8)


def select_posters(
    dataset: raw.RawDataset,
    size: tuple[int, int],
    min_side: int,
    min_posters_per_genre: int,
    colour_filter: ColourFilter,
) -> Selection:
    """Read every poster of ``dataset``, resized to ``size`` (height, width), and sort out the rest.

    Left out are repeated rows, files that are missing or no images, images with a side under
    ``min_side`` pixels, colours, the same picture twice, and posters without a frequent genre. Of
    repeated rows and equal pictures the first stays, and none where their genres differ.
    """
    left_out: list[LeftOut] = []
    outcomes = parallel.map_items(
        lambda poster: _read_poster(poster, size, min_side, colour_filter),
        _drop_repeats(dataset.posters, left_out),
        "reading posters",
    )
    originals = _sort_out(outcomes, left_out)
    originals = _sort_out(_drop_doubles(originals), left_out)
    genres = _frequent_genres(originals, dataset.genres, min_posters_per_genre)
    originals = _sort_out(_drop_genreless(originals, genres), left_out)
    return Selection(tuple(originals), genres, tuple(left_out))


def _drop_repeats(posters: Iterable[raw.Poster], left_out: list[LeftOut]) -> list[raw.Poster]:
    """One row a poster, by Id, and none where its rows contradict; the others join ``left_out``."""
    rows: dict[str, list[raw.Poster]] = {}
    for poster in posters:
        rows.setdefault(poster.id, []).append(poster)
    kept = []
    for id_, (first, *repeats) in sorted(rows.items()):
        if any(repeat.genres != first.genres for repeat in repeats):
            left_out.append(LeftOut(id_, "repeated row, other genres"))
            continue
        kept.append(first)
        if repeats:
            left_out.append(LeftOut(id_, "repeated row"))
    return kept


def _sort_out(outcomes: Iterable[Original | LeftOut], left_out: list[LeftOut]) -> list[Original]:
    """The originals among ``outcomes``; the others join ``left_out``."""
    originals = []
    for outcome in outcomes:
        if isinstance(outcome, Original):
            originals.append(outcome)
        else:
            left_out.append(outcome)
    return originals


def _read_poster(
    poster: raw.Poster, size: tuple[int, int], min_side: int, colour_filter: ColourFilter
) -> Original | LeftOut:
    try:
        decoded = decode_image(poster.path.read_bytes(), at_least=sufficient_size(size))
    except FileNotFoundError:
        return LeftOut(poster.id, "missing file")
    except ImageError:
        return LeftOut(poster.id, "unreadable file")
    if min(decoded.shape[:2]) < min_side:
        return LeftOut(poster.id, "image too small")
    pixels = resize_image(decoded, size)
    if colour_filter.share(pixels) > colour_filter.max_share:
        return LeftOut(poster.id, "colour filter")
    return Original(poster.id, poster.genres, pixels)


def _drop_doubles(originals: list[Original]) -> Iterable[Original | LeftOut]:
    """Keep the first of several equal pictures, and none where their genres contradict.

    A picture on both sides of a split would be a leak; one with two answers teaches neither.
    """
    same: dict[bytes, list[Original]] = {}
    for original in originals:
        # Of the pixels, since the same picture comes in files of several names and encoders.
        digest = hashlib.sha256(original.pixels.tobytes()).digest()
        same.setdefault(digest, []).append(original)
    for first, *doubles in same.values():
        agree = all(double.genres == first.genres for double in doubles)
        yield first if agree else LeftOut(first.id, "same picture, other genres")
        for double in doubles:
            reason = "same picture as another" if agree else "same picture, other genres"
            yield LeftOut(double.id, reason)


def _frequent_genres(
    originals: list[Original], columns: tuple[str, ...], min_posters: int
) -> tuple[str, ...]:
    counts = Counter(genre for original in originals for genre in original.genres)
    return tuple(g for g in columns if g != NOT_A_GENRE and counts[g] >= min_posters)


def _drop_genreless(
    originals: list[Original], genres: tuple[str, ...]
) -> Iterable[Original | LeftOut]:
    for original in originals:
        if original.genres.isdisjoint(genres):
            yield LeftOut(original.id, "no frequent genre")
        else:
            yield original
