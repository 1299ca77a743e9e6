"""A broken table is told by file, line and reason, and nothing is made of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.shared import raw
from pipeline.shared.errors import DatasetError
from tests.pipeline import material

HEADER = "Id,Genre,Comedy,Drama,Horror"
GOOD = "tt1,\"['Comedy', 'Drama']\",1,1,0"
KNOWN = ", ".join(raw.GENRES)

BROKEN: dict[str, tuple[bytes, str]] = {
    "no bytes": (b"", ", line 1: the columns must begin with Id,Genre, found nothing"),
    "only a header": (f"{HEADER}\n".encode(), ": the table has no rows"),
    "other columns": (
        b"a,b,c\n1,2,3\n", ", line 1: the columns must begin with Id,Genre, found a,b,c",
    ),
    "no genre column": (b"Id,Genre\ntt1,[]\n", ", line 1: there is no genre column"),
    "an unknown genre column": (
        f"{HEADER},Noir\n".encode(), f", line 1: unknown genre column 'Noir'; known: {KNOWN}",
    ),
    "a genre column twice": (
        f"{HEADER},Drama\n".encode(), ", line 1: the genre column 'Drama' stands there twice",
    ),
    "a literal that does not end": (
        f"{HEADER}\n{GOOD}\ntt2,['Comedy',1,0,0\n".encode(),
        ", line 3: Genre must be a list such as ['Drama'], found \"['Comedy'\"",
    ),
    "a literal that is no list": (
        f"{HEADER}\ntt2,Comedy,1,0,0\n".encode(),
        ", line 2: Genre must be a list such as ['Drama'], found 'Comedy'",
    ),
    "a literal with other than text": (
        f"{HEADER}\ntt2,[1],1,0,0\n".encode(),
        ", line 2: Genre must be a list such as ['Drama'], found '[1]'",
    ),
    "a literal that would run code": (
        f"{HEADER}\ntt2,[open('x')],1,0,0\n".encode(),
        ", line 2: Genre must be a list such as ['Drama'], found \"[open('x')]\"",
    ),
    "a literal without end of depth": (
        f"{HEADER}\ntt2,{'[' * 3000},1,0,0\n".encode(),
        f", line 2: Genre must be a list such as ['Drama'], found '{'[' * 60}'",
    ),
    "a literal that the cells contradict": (
        f"{HEADER}\ntt2,['Comedy'],0,0,1\n".encode(),
        ", line 2: Genre ['Comedy'] and the genre columns disagree on Comedy, Horror",
    ),
    "a genre that has no column": (
        f"{HEADER}\ntt2,\"['Comedy', 'War']\",1,0,0\n".encode(),
        ", line 2: Genre ['Comedy', 'War'] and the genre columns disagree on War",
    ),
    "a cell that is neither 0 nor 1": (
        f"{HEADER}\ntt2,['Comedy'],1,0,2\n".encode(),
        ", line 2: a genre cell must be 0 or 1, found '2'",
    ),
    "an empty cell": (
        f"{HEADER}\ntt2,['Comedy'],1,0,\n".encode(),
        ", line 2: a genre cell must be 0 or 1, found ''",
    ),
    "too few cells": (
        f"{HEADER}\n{GOOD}\ntt2,['Comedy'],1\n".encode(),
        ", line 3: 3 cells where the header has 5",
    ),
    "too many cells": (
        f"{HEADER}\ntt2,['Comedy'],1,0,0,0\n".encode(), ", line 2: 6 cells where the header has 5",
    ),
    "an Id of another folder": (
        f"{HEADER}\n../tt2,['Comedy'],1,0,0\n".encode(),
        ", line 2: Id '../tt2' cannot be a file name",
    ),
    "an Id with a backslash": (
        f"{HEADER}\na\\b,['Comedy'],1,0,0\n".encode(),
        ", line 2: Id 'a\\\\b' cannot be a file name",
    ),
    "an empty Id": (
        f"{HEADER}\n,['Comedy'],1,0,0\n".encode(), ", line 2: Id '' cannot be a file name",
    ),
    "an Id with a NUL": (
        f"{HEADER}\na\0b,['Comedy'],1,0,0\n".encode(),
        ", line 2: Id 'a\\x00b' cannot be a file name",
    ),
    "an Id with a line break": (
        f'{HEADER}\n"a\nb",[\'Comedy\'],1,0,0\n'.encode(),
        ", line 3: Id 'a\\nb' cannot be a file name",
    ),
    "an Id too long for a file": (
        f"{HEADER}\n{'é' * 101},['Comedy'],1,0,0\n".encode(),
        f", line 2: Id '{'é' * 60}' cannot be a file name",
    ),
    "a NUL among the genres": (
        f"{HEADER}\ntt2,['Com\0edy'],1,0,0\n".encode(),
        ", line 2: Genre must be a list such as ['Drama'], found \"['Com\\x00edy']\"",
    ),
    "not UTF-8": (
        f"{HEADER}\n{GOOD}\ntt\xe9,['Comedy'],1,0,0\n".encode("latin-1"),
        ", line 3: not UTF-8 text",
    ),
    "a huge field": (
        f"{HEADER}\n{GOOD}\n{'a' * 200_000},['Comedy'],1,0,0\n".encode(),
        ", line 3: not CSV: field larger than field limit (131072)",
    ),
    "a quote that does not end": (
        f"{HEADER}\n\"tt2,['Comedy'],1,0,0\n".encode(),
        ", line 2: not CSV: unexpected end of data",
    ),
    "bytes of a picture": (b"\x89PNG\r\n\x1a\n\0\0", ", line 1: not UTF-8 text"),
}  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "raw" / "Images").mkdir(parents=True)
    return tmp_path / "raw" / "train.csv"


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_table_is_told_by_file_line_and_reason(what: str, table: Path) -> None:
    data, problem = BROKEN[what]
    table.write_bytes(data)
    with pytest.raises(DatasetError) as told:
        raw.read(table.parent)
    assert told.value.problem == f"{table}{problem}"
    assert "make data" in told.value.fix


def test_a_missing_table_is_told_with_the_command_that_makes_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DatasetError) as told:
            raw.read(folder)
        assert told.value.problem == f"{folder / 'train.csv'}: no such file"
        assert told.value.fix == "make data"


def _with_bom(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.encode()


def _with_crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def _with_empty_lines(text: str) -> bytes:
    return text.replace("\n", "\n\n").encode()


@pytest.mark.parametrize("written", [str.encode, _with_bom, _with_crlf, _with_empty_lines])
def test_a_table_as_spreadsheets_write_it_is_read(
    written: Callable[[str], bytes], table: Path
) -> None:
    table.write_bytes(written(f"{HEADER}\n{GOOD}\ntt2,['Horror'],0,0,1\n"))
    dataset = raw.read(table.parent)
    assert dataset.genres == ("Comedy", "Drama", "Horror")
    assert [(poster.id, sorted(poster.genres)) for poster in dataset.posters] == [
        ("tt1", ["Comedy", "Drama"]),
        ("tt2", ["Horror"]),
    ]
    assert dataset.posters[0].path == table.parent / "Images" / "tt1.jpg"


def test_a_poster_without_genres_is_read(table: Path) -> None:
    table.write_text(f"{HEADER}\ntt1,[],0,0,0\n", "utf-8")
    assert raw.read(table.parent).posters[0].genres == frozenset()


@pytest.mark.parametrize("what", ["no bytes", "a literal that does not end", "not UTF-8"])
def test_nothing_is_made_of_a_broken_table(what: str, raw_project: Path) -> None:
    data, problem = BROKEN[what]
    (raw_project / "raw" / "train.csv").write_bytes(data)
    done = material.preprocess(raw_project)
    assert done.returncode == 1
    assert done.stderr.startswith(f"\nerror: raw/train.csv{problem}\n  fix: ")
    assert len(done.stderr.splitlines()) == 3
    assert not (raw_project / "data").exists()
