"""The raw data set as it lies on disk: ``train.csv`` beside ``Images/<Id>.jpg``.

The format is the public movie-poster data set's: the columns ``Id``, ``Genre`` (a Python list
literal) and one 0/1 column a genre.
"""

import ast
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.shared.errors import DatasetError

TABLE = "train.csv"
IMAGES = "Images"
GENRES = (
    "Action", "Adventure", "Animation", "Biography", "Comedy", "Crime", "Documentary", "Drama",
    "Family", "Fantasy", "History", "Horror", "Music", "Musical", "Mystery", "N/A", "News",
    "Reality-TV", "Romance", "Sci-Fi", "Short", "Sport", "Thriller", "War", "Western",
)  # fmt: skip
"""The public data set's genre columns, in its order."""

LONGEST_ID = 200
"""Bytes: file systems take names of 255, and stages append to an Id."""

REBUILD = "make data makes the workshop's own posters anew, once data/raw is out of the way"


@dataclass(frozen=True)
class Poster:
    """One row of the table: the poster's ``Id``, where its image should lie, and its genres."""

    id: str
    path: Path
    genres: frozenset[str]


@dataclass(frozen=True)
class RawDataset:
    """The rows of the table in its order, duplicates included, and its genre columns."""

    genres: tuple[str, ...]
    posters: tuple[Poster, ...]


def read(raw_dir: Path) -> RawDataset:
    """Read the table under ``raw_dir``; no image is opened.

    DatasetError names the file, the line and what is wrong: no table, no rows, an unknown or
    missing column, a ``Genre`` that is no list or disagrees with the 0/1 columns, an unusable Id.
    """
    table = raw_dir / TABLE
    rows = csv.reader(io.StringIO(_text(table), newline=""), strict=True)
    try:
        return _parse(((rows.line_num, row) for row in rows), table)
    except csv.Error as error:
        raise _error(table, rows.line_num, f"not CSV: {error}") from None


def _text(table: Path) -> str:
    try:
        data = table.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise DatasetError(f"{table}: no such file", "make data") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        raise _error(table, line, "not UTF-8 text") from None


def _parse(lines: Iterator[tuple[int, list[str]]], table: Path) -> RawDataset:
    _, header = next(lines, (1, []))
    genres = _genre_columns(header, table)
    posters = tuple(_poster(row, genres, table, line) for line, row in lines if row)
    if not posters:
        raise DatasetError(f"{table}: the table has no rows", REBUILD)
    return RawDataset(genres, posters)


def _genre_columns(header: list[str], table: Path) -> tuple[str, ...]:
    if header[:2] != ["Id", "Genre"]:
        columns_found = ",".join(header[:4]) or "nothing"
        raise _error(table, 1, f"the columns must begin with Id,Genre, found {columns_found}")
    genres = tuple(header[2:])
    for genre in genres:
        if genre not in GENRES:
            raise _error(table, 1, f"unknown genre column {genre!r}; known: {', '.join(GENRES)}")
        if genres.count(genre) > 1:
            raise _error(table, 1, f"the genre column {genre!r} stands there twice")
    if not genres:
        raise _error(table, 1, "there is no genre column")
    return genres


def _poster(row: list[str], columns: tuple[str, ...], table: Path, line: int) -> Poster:
    if len(row) != len(columns) + 2:
        raise _error(table, line, f"{len(row)} cells where the header has {len(columns) + 2}")
    poster_id, literal, *flags = row
    if not _is_file_name(poster_id):
        raise _error(table, line, f"Id {poster_id[:60]!r} cannot be a file name")
    if not set(flags) <= {"0", "1"}:
        odd = next(flag for flag in flags if flag not in ("0", "1"))
        raise _error(table, line, f"a genre cell must be 0 or 1, found {odd!r}")
    flagged = frozenset(genre for genre, flag in zip(columns, flags, strict=True) if flag == "1")
    listed = _listed_genres(literal, table, line)
    if listed != flagged:
        odd = ", ".join(sorted(listed ^ flagged))
        raise _error(table, line, f"Genre {literal} and the genre columns disagree on {odd}")
    return Poster(poster_id, table.parent / IMAGES / f"{poster_id}.jpg", flagged)


def _is_file_name(text: str) -> bool:
    """Whether a file can be named so on Linux, macOS and Windows, and in this folder alone."""
    return (
        0 < len(text.encode()) <= LONGEST_ID
        and text.isprintable()
        and not text.startswith(".")
        and set(text).isdisjoint('/\\:"<>|?*')
    )


def _listed_genres(literal: str, table: Path, line: int) -> frozenset[str]:
    try:
        genres = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        genres = None
    if not isinstance(genres, list) or not all(isinstance(genre, str) for genre in genres):
        raise _error(table, line, f"Genre must be a list such as ['Drama'], found {literal[:60]!r}")
    return frozenset(genres)


def _error(table: Path, line: int, problem: str) -> DatasetError:
    return DatasetError(f"{table}, line {line}: {problem}", "mend that line, or: " + REBUILD)
