"""CSV files of a repository as rows: what the results draw, and show as tables."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from dvcstate.documents import regular_file

LARGEST_BYTES = 2_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 40


@dataclass(frozen=True)
class Table:
    """A file with one line of column names; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def numbers(self, column: int) -> list[float] | None:
        """The numbers of a column, NaN where a cell is empty; None where one is no number."""
        values = [_number(row[column]) for row in self.rows]
        return [value for value in values if value is not None] if None not in values else None


def read_table(path: Path) -> Table | str:
    """The table in a CSV or TSV file, or why there is none."""
    try:
        text = regular_file.read(path, LARGEST_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return "not there yet"
    except (OSError, ValueError) as error:
        return f"cannot be read: {type(error).__name__}"
    try:
        delimiter = "\t" if path.suffix == ".tsv" else ","
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        return f"not CSV: {error}"
    lines = [line for line in lines if line]
    if not lines or len(lines[0]) > MOST_COLUMNS or len(lines) > MOST_ROWS:
        return "empty" if not lines else "too large to show"
    columns, rows = tuple(lines[0]), [tuple(line) for line in lines[1:]]
    if any(len(row) != len(columns) for row in rows):
        number = next(i for i, row in enumerate(rows, 2) if len(row) != len(columns))
        return f"line {number} has another number of cells than the first"
    return Table(columns, tuple(rows))


def _number(text: str) -> float | None:
    if not text.strip():
        return math.nan
    try:
        return float(text)
    except ValueError:
        return None


def is_index(values: Sequence[float]) -> bool:
    """Whether finite numbers grow from row to row, as epochs, steps and recall do."""
    return all(map(math.isfinite, values)) and all(a < b for a, b in pairwise(values))
