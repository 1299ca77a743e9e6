"""What the stages wrote is what it should be: the files themselves, as they are in the folder."""

import csv
import io
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import yaml

from dvcstate import Stage
from dvcstate.documents import yaml12
from grader import fixes
from grader.checks.split_sources import foreign_splits_finding
from grader.checks.whole_data import data_fault
from grader.engine.registry import stage_check
from grader.facts import onnx_model, picture
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.stage_runs import restore_out, run_edited
from grader.stages import good_results
from grader.stages.lookup import recorded_stage
from grader.stages.paths import command_outs, command_paths
from grader.stages.stage_change import Change
from grader.step import Step
from workshop.stages import Content, StageSpec

METRICS = ("map", "micro_f1", "macro_f1", "precision", "recall", "binary_accuracy", "n")
# How a file of Keras' weights begins: https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html
_HDF5 = b"\x89HDF\r\n\x1a\n"
_FLAGS = frozenset(("0", "1", "0.0", "1.0"))
_WRITES_YAML = re.compile(r"\byaml\.(?:safe_)?dump\(")
_MANY = 10**9
"""More posters than there are: ``n`` is a count, and the other metrics are shares."""
_LARGEST_TABLE = 64 * 2**20


class _WrongError(Exception):
    """A file is not what it should be: which, what was expected, what is there."""

    def __init__(self, path: Path, expected: str, actual: str) -> None:
        super().__init__(actual)
        self.path, self.expected, self.actual = path, expected, actual


class _YamlError(_WrongError):
    """Metrics are YAML, under a name that says JSON."""


@stage_check("result", "out-wrong", requires=("{stage}.present", "{stage}.outs"))
def results_are_what_they_should_be(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """What {stage} wrote can be used.

    The files are opened: tables with the right columns, splits that share no poster and are of
    the raw data, a model that loads, pictures that are pictures.
    """
    stage = recorded_stage(snapshot, spec)
    root = repository.root
    written = command_outs(repository, stage, snapshot.code(spec))
    outs = {root / path: out for path, out in written.items()}
    try:
        for path, out in outs.items():
            if not good_results.is_good(repository, stage, spec.name, path):
                _JUDGES[out.content](path)
                good_results.remember_good(repository, stage, spec.name, path)
    except _WrongError as wrong:
        shown = wrong.path.relative_to(root).as_posix()
        return Finding(
            "out-wrong",
            f"{shown} of {stage.name} is not what it should be: {wrong.actual}.",
            wrong.expected,
            wrong.actual,
            _write_json(repository, snapshot, stage, spec)
            if isinstance(wrong, _YamlError) and _writer_of_yaml(snapshot, spec)
            else restore_out(repository, stage, shown),
            (Evidence("worktree", shown),),
        )
    if any(out.content is Content.SPLITS for out in outs.values()) and data_fault(repository):
        raise BlockedError("data.in_place")  # which gives it other data to run on
    read = [*command_paths(repository, stage, snapshot.code(spec), spec.reads)]
    return foreign_splits_finding(repository, stage, read, written)


def _writer_of_yaml(snapshot: Snapshot, spec: StageSpec) -> str | None:
    """The module of the stage that writes YAML, if one does."""
    own = snapshot.code(spec).own()
    return next((path for path in own if _WRITES_YAML.search(snapshot.text(path) or "")), None)


def _write_json(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> tuple[Step, ...]:
    """Another run writes the same again, as long as the code is what it is."""
    module = _writer_of_yaml(snapshot, spec) or snapshot.code(spec).entry
    edit = fixes.change(module, "write the metrics with json.dump, not with yaml.dump")
    return edit, *run_edited(repository, stage, Change(), module)


def _splits(folder: Path) -> None:
    """No poster is in two splits, and every image of a table is there."""
    sources: dict[str, str] = {}
    for name in ("train", "valid", "test"):
        table = folder / f"{name}.csv"
        header, rows = _table(table)
        if header[:2] != ["Path", "Source"] or len(header) < 3 or not rows:
            raise _WrongError(table, "columns Path, Source and one a genre", "other columns")
        if not all(_FLAGS.issuperset(row[2:]) for row in rows):
            raise _WrongError(table, "0 or 1 for each genre", "other values")
        for row in rows:
            if sources.setdefault(row[1], name) != name:
                actual = f"the poster {row[1]} is in {sources[row[1]]} as well"
                raise _WrongError(table, "splits that share no poster", actual)
            if not (folder / row[0]).is_file():
                raise _WrongError(table, "an image for each row", f"{row[0]} is absent")
            _picture(folder / row[0])


def _weights(path: Path) -> None:
    if not _bytes(path, len(_HDF5)).startswith(_HDF5):
        raise _WrongError(path, "weights in HDF5", "a file of another kind")


def _history(path: Path) -> None:
    header, rows = _table(path)
    if "epoch" not in header or "loss" not in header or not rows:
        raise _WrongError(path, "a row for each epoch, with epoch and loss", "no such table")


def _model(path: Path) -> None:
    problem = onnx_model.problem(path)
    if problem:
        raise _WrongError(path, "an ONNX model with image in and probabilities out", problem)


def _metrics(path: Path) -> None:
    metrics = _named_numbers(path)
    numbers = metrics if isinstance(metrics, dict) else {}
    lacking = [name for name in METRICS if not _is_number(numbers.get(name))]
    if lacking:
        raise _WrongError(path, f"numbers {', '.join(METRICS)}", f"lacks {', '.join(lacking)}")
    outside = [name for name in METRICS if not 0 <= numbers[name] <= (1 if name != "n" else _MANY)]
    if outside:
        actual = f"{outside[0]} is {numbers[outside[0]]}"
        raise _WrongError(path, "shares from 0 to 1, and a number n of posters", actual)


def _named_numbers(path: Path) -> object:
    """What a file of metrics says: DVC reads it by the end of its name."""
    content = _bytes(path, 2**20)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass
    try:
        metrics = yaml12.load(content.decode("utf-8"))
    except (ValueError, yaml.YAMLError, RecursionError):
        metrics = None
    if not isinstance(metrics, dict):
        raise _WrongError(path, "metrics in JSON", "no JSON")
    if path.suffix not in (".yaml", ".yml"):
        raise _YamlError(path, "metrics in JSON", f"YAML, and DVC reads {path.suffix} as JSON")
    return metrics


def _is_number(value: object) -> bool:
    """JSON has no NaN, but Python reads and writes one; and ``true`` is an int to it."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _pictures(folder: Path) -> None:
    pictures = [path for path in sorted(folder.rglob("*")) if picture.is_picture_name(path)]
    if not pictures:
        raise _WrongError(folder, "pictures", "no picture")
    for path in pictures:
        _picture(path)


def _picture(path: Path) -> None:
    """A picture of a kind that is not known here is left to whoever reads it."""
    if not picture.is_picture_name(path):
        return
    try:
        problem = picture.problem(path)
    except OSError as error:
        problem = error.strerror or "unreadable"
    if problem:
        raise _WrongError(path, f"a picture in {path.suffix[1:].upper()}", problem)


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        text = _bytes(path, _LARGEST_TABLE).decode("utf-8")
        header, *rows = list(csv.reader(io.StringIO(text), strict=True))
    except (ValueError, csv.Error):
        raise _WrongError(path, "a table in CSV", "no table") from None
    if any(len(row) != len(header) for row in rows):
        raise _WrongError(path, "rows as long as the header", "rows of other lengths")
    return header, rows


def _bytes(path: Path, at_most: int) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a pipe would be read for ever
            raise _WrongError(path, "a file", "no regular file")
        with path.open("rb") as file:
            return file.read(at_most)
    except OSError as error:
        raise _WrongError(path, "a file", error.strerror or "unreadable") from None


_JUDGES: dict[Content, Callable[[Path], object]] = {
    Content.SPLITS: _splits,
    Content.WEIGHTS: _weights,
    Content.HISTORY: _history,
    Content.ONNX_MODEL: _model,
    Content.METRICS: _metrics,
    Content.TABLE: _table,
    Content.PICTURES: _pictures,
}
