"""The part *Results*: metrics against those of the last commit, tables, curves and pictures."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from dvcstate.documents import reader
from dvcstate.errors import ProjectError
from dvcstate.model import Project
from dvcstate.params import params_file
from grader.facts.git import Git
from grader.finding import UnknownError
from service.page.chart import Chart, Series, line_chart
from service.page.csv_table import SUFFIXES, Table, is_index, read_table
from service.repository.file_stamp import stamp
from service.repository.picture_files import PLOTS_DIR, is_inside

LARGEST_METRICS = 1_000_000
MOST_METRICS, MOST_FILES = 200, 40
MOST_SHOWN_ROWS = 40
_VALIDATION = "val_"
_MOST_LINES = 14
_DEEPEST = 20


@dataclass(frozen=True)
class Metric:
    """One value; ``committed`` is that of the last commit, which has one where ``is_committed``."""

    name: str
    value: float | int | str
    committed: float | int | str | None
    change: float | int | None
    is_committed: bool
    is_equal: bool


@dataclass(frozen=True)
class MetricsFile:
    """The metrics of one file, or why they cannot be read."""

    path: str
    metrics: tuple[Metric, ...]
    problem: str | None = None


@dataclass(frozen=True)
class CurvesFile:
    """A CSV file: as charts where its first column grows, as a table, or why it cannot be read."""

    path: str
    charts: tuple[Chart, ...] = ()
    table: Table | None = None
    hidden_rows: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class Picture:
    """A picture under results/plots; its sides in pixels keep its place until it has come.

    ``version`` differs where its bytes do.
    """

    name: str
    version: str
    width: int | None
    height: int | None


@dataclass(frozen=True)
class ResultsView:
    """All that the part shows."""

    metrics: tuple[MetricsFile, ...]
    curves: tuple[CurvesFile, ...]
    pictures: tuple[Picture, ...]


def results_view(repo_dir: Path, project: Project | None, pictures: Sequence[Path]) -> ResultsView:
    """What to show of ``pictures``, and of what ``project`` declares as metrics and plots."""
    metrics = tuple(_files(repo_dir, project.metrics if project else ()))
    plots = tuple(_files(repo_dir, project.plots if project else ()))
    committed = _committed(repo_dir, metrics)
    return ResultsView(
        tuple(_metrics_file(repo_dir, path, committed.get(path)) for path in metrics),
        tuple(
            _curves_file(repo_dir / path, path)
            for path in plots
            if not Path(path).is_relative_to(PLOTS_DIR)  # those are the pictures
        ),
        tuple(_picture(path) for path in pictures),
    )


def _picture(path: Path) -> Picture:
    version = "-".join(f"{item:x}" for item in stamp(path) or ())
    try:
        with Image.open(path) as image:  # reads the header alone
            return Picture(path.name, version, *image.size)
    except Exception:  # noqa: BLE001 - an SVG, or whatever a plug-in of Pillow stumbles over
        return Picture(path.name, version, None, None)


def _files(repo_dir: Path, paths: tuple[str, ...]) -> Iterator[str]:
    """The files at ``paths``, and those in folders there; none outside of the repository."""
    found = (file for path in dict.fromkeys(paths) for file in _files_at(repo_dir, path))
    return islice(found, MOST_FILES)


def _files_at(repo_dir: Path, path: str) -> Iterator[str]:
    if "://" in path:
        return
    place = repo_dir / path
    try:
        for file in sorted(place.iterdir()) if place.is_dir() else [place]:
            if is_inside(file, repo_dir):
                yield file.relative_to(repo_dir).as_posix()
    except (OSError, ValueError):  # a name that is too long, or has a NUL; a folder without access
        yield path


def _committed(repo_dir: Path, paths: tuple[str, ...]) -> Mapping[str, Any]:
    """What the last commit has at ``paths``; nothing where git cannot tell, or nobody can read."""
    try:
        git = Git.find(repo_dir)
        if git is None or git.head is None:
            return {}
        files = git.tree(git.head).files
        prefix = repo_dir.resolve().relative_to(git.root.resolve()).as_posix()
        names = {path: path if prefix == "." else f"{prefix}/{path}" for path in paths}
        oids = {path: files[name].oid for path, name in names.items() if name in files}
        contents = git.contents(oids.values())
    except (UnknownError, ValueError):
        return {}
    committed = {}
    for path, oid in oids.items():
        with contextlib.suppress(ProjectError):
            if len(contents.get(oid, b"")) <= LARGEST_METRICS:
                committed[path] = _parse(path, contents[oid])
    return committed


def _parse(path: str, content: bytes) -> Any:
    """As DVC reads it: the format follows from the name."""
    return params_file.parse(reader.decode(content, path), path.rpartition("/")[2], path)


def _metrics_file(repo_dir: Path, path: str, committed: Any) -> MetricsFile:
    try:
        if not (repo_dir / path).exists():
            return MetricsFile(path, (), "not there yet")
        document = _parse(path, reader.read_bytes(repo_dir / path, path, LARGEST_METRICS))
    except (OSError, ProjectError) as error:
        return MetricsFile(path, (), f"cannot be read: {error}")
    # As many as are shown: by its anchors a small YAML file can say millions of them.
    old = dict(islice(_flatten(committed), MOST_METRICS))
    metrics = tuple(
        Metric(
            name,
            value,
            old.get(name),
            _change(value, old.get(name)),
            name in old,
            value == old.get(name) or (value != value and old.get(name) != old.get(name)),
        )
        for name, value in islice(_flatten(document), MOST_METRICS)
    )
    return MetricsFile(path, metrics, None if metrics else "holds no metrics")


def _flatten(node: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """``priors.map`` and so on, as `dvc metrics show` writes them."""
    if isinstance(node, Mapping) and depth < _DEEPEST:
        for key, value in node.items():
            yield from _flatten(value, f"{prefix}.{key}" if prefix else str(key), depth + 1)
    elif isinstance(node, int | float | str):
        yield prefix, node  # "" where the file holds one number, as DVC has it


def _change(value: Any, committed: Any) -> float | int | None:
    numbers = (int, float)
    if not (isinstance(value, numbers) and isinstance(committed, numbers)) or value == committed:
        return None
    if isinstance(value, bool) or isinstance(committed, bool):
        return None
    try:
        change: float | int = value - committed
    except OverflowError:  # a whole number of more than 308 digits, and a fraction
        return None
    return None if math.isnan(change) else change


def _curves_file(place: Path, path: str) -> CurvesFile:
    if not path.lower().endswith(SUFFIXES):
        return CurvesFile(path, problem="of a kind that is not drawn here: see dvc plots show")
    table = read_table(place, path)
    if isinstance(table, str):
        return CurvesFile(path, problem=table)
    charts = tuple(_charts(path, table))
    hidden = max(0, len(table.rows) - MOST_SHOWN_ROWS)
    shown = Table(table.columns, table.rows[:MOST_SHOWN_ROWS])
    return CurvesFile(path, charts, shown, hidden)


def _charts(path: str, table: Table) -> Iterator[Chart]:
    """A chart for each measure of a training's history, with its validation; else one for all."""
    xs = table.numbers(0) if table.rows else None
    if xs is None or not is_index(xs):
        return
    numbers = {
        name: values
        for index, name in enumerate(table.columns)
        if index and (values := table.numbers(index)) is not None
    }
    names = [name for name in numbers if not _is_validation(name, numbers)]
    has_pairs = len(names) < len(numbers)
    groups = [[name] for name in names] if has_pairs else [names[:_MOST_LINES]]
    for group in groups:
        own = [*group, *(f"{_VALIDATION}{name}" for name in group)]
        lines = [Series(name, tuple(numbers[name])) for name in own if name in numbers]
        if lines:
            title = f"{path}: {group[0]}" if has_pairs else path
            yield line_chart(title, table.columns[0], xs, lines)


def _is_validation(name: str, numbers: Mapping[str, object]) -> bool:
    """Whether the column belongs to another: ``val_loss`` to ``loss``."""
    return name.startswith(_VALIDATION) and name.removeprefix(_VALIDATION) in numbers
