"""The part *Results*: metrics against those of the last commit, tables, curves and pictures."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from dvcstate.documents import regular_file
from dvcstate.model import Project
from grader.facts.git import Git
from grader.finding import UnknownError
from service.page.chart import Chart, Series, line_chart
from service.page.csv_table import Table, is_index, read_table

LARGEST_METRICS = 1_000_000
MOST_METRICS, MOST_FILES = 200, 40
MOST_SHOWN_ROWS = 40
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")
_VALIDATION = "val_"
_MOST_LINES = 14
_DEEPEST = 20


@dataclass(frozen=True)
class Metric:
    """One number; ``committed`` is that of the last commit, None where it has none."""

    name: str
    value: float | int | str | None
    committed: float | int | str | None
    change: float | int | None


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
    """A picture under results/plots; its sides in pixels keep its place until it has come."""

    name: str
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
            _curves_file(repo_dir / path, path) for path in plots if path.endswith((".csv", ".tsv"))
        ),
        tuple(_picture(path) for path in pictures),
    )


def _picture(path: Path) -> Picture:
    try:
        with Image.open(path) as image:  # reads the header alone
            return Picture(path.name, *image.size)
    except Exception:  # noqa: BLE001 - an SVG, or whatever a plug-in of Pillow stumbles over
        return Picture(path.name, None, None)


def _files(repo_dir: Path, paths: tuple[str, ...]) -> Iterator[str]:
    """The files at ``paths``, those in folders too; nothing outside of the repository."""
    root, seen = repo_dir.resolve(), 0
    for path in dict.fromkeys(paths):
        place = repo_dir / path
        if "://" in path or (not place.resolve().is_relative_to(root) and not place.is_symlink()):
            continue
        inside = sorted(place.iterdir()) if place.is_dir() else [place]
        for file in inside:
            seen += 1
            if seen > MOST_FILES:
                return
            yield file.relative_to(repo_dir).as_posix()


def _committed(repo_dir: Path, paths: tuple[str, ...]) -> Mapping[str, Any]:
    """What the last commit has at ``paths``; nothing where git cannot tell."""
    try:
        git = Git.find(repo_dir)
        if git is None or git.head is None:
            return {}
        files = git.tree(git.head).files
        prefix = repo_dir.resolve().relative_to(git.root.resolve()).as_posix()
        names = {path: path if prefix == "." else f"{prefix}/{path}" for path in paths}
        oids = {path: files[name].oid for path, name in names.items() if name in files}
        contents = git.contents(oids.values())
        return {path: _parse(path, contents[oid]) for path, oid in oids.items() if oid in contents}
    except (UnknownError, ValueError, yaml.YAMLError):
        return {}


def _parse(path: str, content: bytes) -> Any:
    text = content.decode("utf-8")
    return json.loads(text) if path.endswith(".json") else yaml.safe_load(text)


def _metrics_file(repo_dir: Path, path: str, committed: Any) -> MetricsFile:
    try:
        document = _parse(path, regular_file.read(repo_dir / path, LARGEST_METRICS))
    except FileNotFoundError:
        return MetricsFile(path, (), "not there yet")
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        return MetricsFile(path, (), f"cannot be read: {str(error).splitlines()[0][:120]}")
    # As many as are shown: by its anchors a small YAML file can say millions of them.
    old = dict(islice(_flatten(committed), MOST_METRICS))
    metrics = tuple(
        Metric(name, value, old.get(name), _change(value, old.get(name)))
        for name, value in islice(_flatten(document), MOST_METRICS)
    )
    return MetricsFile(path, metrics)


def _flatten(node: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """``priors.map`` and so on, as `dvc metrics show` writes them."""
    if isinstance(node, Mapping) and depth < _DEEPEST:
        for key, value in node.items():
            yield from _flatten(value, f"{prefix}.{key}" if prefix else str(key), depth + 1)
    elif prefix and (node is None or isinstance(node, int | float | str)):
        yield prefix, node


def _change(value: Any, committed: Any) -> float | int | None:
    if all(isinstance(item, int | float) for item in (value, committed)) and value != committed:
        change: float | int = value - committed
        return change
    return None


def _curves_file(place: Path, path: str) -> CurvesFile:
    table = read_table(place)
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
    names = [name for name in numbers if not name.startswith(_VALIDATION)]
    has_pairs = len(names) < len(numbers)
    groups = [[name] for name in names] if has_pairs else [names[:_MOST_LINES]]
    for group in groups:
        own = [*group, *(f"{_VALIDATION}{name}" for name in group)]
        lines = [Series(name, tuple(numbers[name])) for name in own if name in numbers]
        if lines:
            title = f"{path}: {group[0]}" if has_pairs else path
            yield line_chart(title, table.columns[0], xs, lines)
