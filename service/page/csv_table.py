"""The files of plots as rows: CSV, TSV, and lists of records in JSON or YAML, as DVC reads them."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from dvcstate.documents import regular_file
from dvcstate.errors import ProjectError
from dvcstate.params import params_file
from service.page.chart import LARGEST

SUFFIXES = (".csv", ".tsv", ".json", ".yaml", ".yml")
LARGEST_BYTES = 2_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 40
_DEEPEST = 5


@dataclass(frozen=True)
class Table:
    """Names of columns, and rows with a cell for each of them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def numbers(self, column: int) -> list[float] | None:
        """The numbers of a column, NaN where a cell is empty; None where one is no number."""
        values = [_number(row[column]) for row in self.rows]
        return [value for value in values if value is not None] if None not in values else None


def read_table(path: Path, shown: str) -> Table | str:
    """The table in the file ``path``, or why there is none; errors name it ``shown``."""
    try:
        text = regular_file.read(path, LARGEST_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return "not there yet"
    except UnicodeDecodeError:
        return "cannot be read: it is not UTF-8"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if path.suffix.lower() in (".csv", ".tsv"):
        return _csv_table(text, "\t" if path.suffix.lower() == ".tsv" else ",")
    try:
        document = params_file.parse(text, path.name, shown)
    except ProjectError as error:
        return str(error)
    records = next(_record_lists(document), None)
    return "holds no list of records" if records is None else _record_table(records)


def _csv_table(text: str, delimiter: str) -> Table | str:
    try:
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


def _record_lists(node: Any, depth: int = 0) -> Iterator[list[Mapping[Any, Any]]]:
    """The lists of mappings in a document: DVC plots those under any key."""
    if isinstance(node, list) and node and all(isinstance(item, Mapping) for item in node):
        yield node
    elif isinstance(node, Mapping) and depth < _DEEPEST:
        for value in islice(node.values(), MOST_ROWS):
            yield from _record_lists(value, depth + 1)


def _record_table(records: list[Mapping[Any, Any]]) -> Table | str:
    names = dict.fromkeys(name for record in records for name in record)
    if len(names) > MOST_COLUMNS or len(records) > MOST_ROWS:
        return "too large to show"
    rows = (tuple(_cell(record.get(name)) for name in names) for record in records)
    return Table(tuple(map(str, names)), tuple(rows))


def _cell(value: Any) -> str:
    """A value as CSV has it; of a list or a mapping, what it is."""
    if isinstance(value, list | Mapping):
        return "(a list)" if isinstance(value, list) else "(a mapping)"
    return "" if value is None else str(value)


def _number(text: str) -> float | None:
    if not text.strip():
        return math.nan
    try:
        return float(text)
    except ValueError:
        return None


def is_index(values: Sequence[float]) -> bool:
    """Whether numbers that a chart can hold grow from row to row, as epochs and recall do."""
    is_drawable = all(abs(value) <= LARGEST for value in values)
    return is_drawable and all(a < b for a, b in pairwise(values))
