"""What the ONNX file, the thing that is served, is worth on the test split."""

import csv
import errno
import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.shared import classifier, scores, splits
from pipeline.shared.errors import ModelError
from pipeline.shared.outs import whole_file

RECALLS = np.linspace(0, 1, 51)
"""Where a precision-recall curve is recorded."""
GENRE_COLUMNS = (
    *("genre", "posters", "prior", "threshold"),
    *("average_precision", "precision", "recall", "f1"),
)


def evaluate(data_dir: Path, model_path: Path, metrics_path: Path, curves_dir: Path) -> str:
    """Write the scores of the test split and the curves behind them; returns a summary.

    ``metrics_path`` gets ``scores.summary`` and ``n``, the number of posters. Beside them, for
    scale, the scores of two classifiers that look at no poster: ``priors`` answers each genre's
    share of the training posters, ``nothing`` chooses no genre at all. Under ``curves_dir``:
    ``genres.csv``, ``precision_recall.csv`` and ``predictions.csv``.
    """
    test = splits.read(data_dir, "test")
    pixels = splits.pixels(data_dir, test)
    served = _ask_model(model_path, test, pixels)
    priors = splits.read(data_dir, "train").labels.mean(axis=0)
    metrics = _metrics(test.labels, served, priors)
    curves = _curves(test, served.answers, served.metadata, priors)
    _check_replaceable([metrics_path, *(curves_dir / name for name in curves)])
    with ExitStack() as outs:  # none is renamed before all four are written
        partial = outs.enter_context(whole_file(metrics_path))
        partial.write_text(json.dumps(metrics, indent=2) + "\n", "utf-8", newline="\n")
        for name, table in curves.items():
            _write_table(outs.enter_context(whole_file(curves_dir / name)), table)
    return (
        f"mAP {metrics['map']:.3f} and micro-F1 {metrics['micro_f1']:.3f} on the "
        f"{metrics['n']} posters of the test split; {metrics_path} has the rest"
    )


@dataclass(frozen=True)
class _ModelAnswers:
    """What a model says of itself and of the test split: ``answers`` is (n, genres)."""

    metadata: classifier.Metadata
    answers: scores.Probabilities

    def scores(self, labels: scores.Labels) -> dict[str, float]:
        """``scores.summary`` with the model's own thresholds."""
        return scores.summary(labels, self.answers, np.array(self.metadata.thresholds))


def _ask_model(path: Path, test: splits.Split, pixels: NDArray[np.uint8]) -> _ModelAnswers:
    model = classifier.load(path)
    _check_fits(model.metadata, test.genres, pixels.shape[1:3], path)
    return _ModelAnswers(model.metadata, classifier.probabilities(model.session, pixels))


def _check_fits(
    metadata: classifier.Metadata, genres: tuple[str, ...], size: tuple[int, int], path: Path
) -> None:
    if metadata.genres != genres or metadata.input_size != size:
        raise ModelError(
            f"{path} is for other data: {metadata.genres} at {metadata.input_size}, "
            f"where the test split has {genres} at {size}",
            "dvc repro",
        )


def _check_replaceable(paths: Iterable[Path]) -> None:
    """IsADirectoryError for a folder: no file takes its place, and others might by then."""
    for path in paths:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder lies where a file is to go", str(path))


def _metrics(
    labels: scores.Labels, served: _ModelAnswers, priors: NDArray[np.float64]
) -> dict[str, object]:
    blind = scores.summary(labels, np.broadcast_to(priors, labels.shape), np.full(len(priors), 0.5))
    nothing = scores.summary(labels, np.zeros(labels.shape), np.ones(len(priors)))
    return {
        **served.scores(labels),
        "n": len(labels),
        "priors": {name: blind[name] for name in ("map", "micro_f1", "macro_f1")},
        "nothing": {"binary_accuracy": nothing["binary_accuracy"]},
    }


@dataclass(frozen=True)
class _Table:
    """A CSV file's header and rows."""

    header: Sequence[str]
    rows: Iterable[Iterable[object]]


def _curves(
    test: splits.Split,
    answers: scores.Probabilities,
    metadata: classifier.Metadata,
    priors: NDArray[np.float64],
) -> dict[str, _Table]:
    """The tables behind the metrics, by file name."""
    curves = scores.precision_at(RECALLS, test.labels, answers)
    return {
        "genres.csv": _Table(GENRE_COLUMNS, _genre_rows(test, answers, metadata, priors)),
        "precision_recall.csv": _Table(
            ["recall", "mean", *test.genres],
            np.column_stack([RECALLS, curves.mean(axis=1), curves]),
        ),
        "predictions.csv": _Table(
            ["Path", *test.genres],
            ([path, *row] for path, row in zip(test.paths, answers, strict=True)),
        ),
    }


def _genre_rows(
    test: splits.Split,
    answers: scores.Probabilities,
    metadata: classifier.Metadata,
    priors: NDArray[np.float64],
) -> Iterable[Iterable[object]]:
    counts = scores.counts(test.labels, answers >= np.array(metadata.thresholds))
    return zip(
        test.genres,
        test.labels.sum(axis=0),
        priors,
        metadata.thresholds,
        scores.average_precisions(test.labels, answers),
        counts.precision,
        counts.recall,
        counts.f1,
        strict=True,
    )


def _write_table(path: Path, table: _Table) -> None:
    """Write ``table`` with every fraction rounded to six digits."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.header)
        for row in table.rows:
            writer.writerow(f"{c:.6f}" if isinstance(c, float | np.floating) else c for c in row)
