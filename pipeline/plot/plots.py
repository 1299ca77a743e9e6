"""Draws how training went, how good each genre is, and what is right or wrong."""

import csv
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from pipeline.plot.figures import (
    SCORES,
    Table,
    draw_average_precision,
    draw_examples,
    draw_precision_recall,
    draw_training,
)
from pipeline.shared import params, splits
from pipeline.shared.errors import ModelError
from pipeline.shared.outs import whole_folder


class PlotParams(params.Section):
    """The section ``plot`` of params.yaml."""

    dpi: int = Field(ge=30, le=600)
    examples: int = Field(ge=1, le=60)


def plot(
    history_path: Path,
    fine_tuning_history_path: Path,
    curves_dir: Path,
    data_dir: Path,
    out_dir: Path,
    settings: PlotParams,
) -> str:
    """Draw ``training.png``, ``genres.png``, ``precision_recall.png`` and ``examples.png``.

    Returns a summary.
    """
    histories = [
        _table(path, "train", ["epoch", *SCORES, *(f"val_{score}" for score in SCORES)])
        for path in (history_path, fine_tuning_history_path)
    ]
    genres = _table(
        curves_dir / "genres.csv",
        "evaluate",
        ["genre", "posters", "prior", "threshold", "average_precision"],
    )
    curves = _table(curves_dir / "precision_recall.csv", "evaluate", ["recall", "mean"])
    predictions = _table(curves_dir / "predictions.csv", "evaluate", ["Path", *genres["genre"]])
    test = splits.read(data_dir, "test")
    if (tuple(predictions["Path"]), tuple(genres["genre"])) != (test.paths, test.genres):
        raise ModelError(f"{curves_dir}: of another test split", "dvc repro evaluate")
    figures = {
        "training": draw_training(*histories),
        "genres": draw_average_precision(genres),
        "precision_recall": draw_precision_recall(curves),
        "examples": draw_examples(
            test, splits.pixels(data_dir, test), predictions, genres, settings.examples
        ),
    }
    with whole_folder(out_dir) as folder:
        for name, figure in figures.items():
            # Without the version of matplotlib, so that the same picture is the same file.
            figure.savefig(folder / f"{name}.png", dpi=settings.dpi, metadata={"Software": None})
    return f"{out_dir}: {', '.join(f'{name}.png' for name in figures)}"


def _table(path: Path, stage: str, columns: Iterable[str]) -> Table:
    """The CSV file ``path`` that ``stage`` wrote, with at least one row and these columns."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
        columns_read = zip(*rows, strict=True)
        table = {name: list(column) for name, column in zip(header, columns_read, strict=True)}
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file", f"dvc repro {stage}") from None
    except (ValueError, csv.Error):
        raise ModelError(f"{path}: not a table with rows", f"dvc repro {stage}") from None
    if missing := [name for name in columns if name not in table]:
        raise ModelError(f"{path}: lacks {', '.join(missing)}", f"dvc repro {stage}")
    return table
