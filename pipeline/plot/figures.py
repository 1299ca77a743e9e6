"""The four pictures: each function takes tables and draws one figure."""

from collections.abc import Sequence
from itertools import compress

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.shared import splits

# Figure throughout, and not pyplot, which looks for a display and keeps each figure in memory.
GREEN, RED, GREY = "#2a7f62", "#b3362e", "#8a8f98"
RIGHT, WRONG, MISSED = ("✓", GREEN), ("✗", RED), ("○", GREY)
"""The mark and the colour of a genre that was chosen rightly, chosen wrongly, or missed."""
SCORES = {"loss": "Loss", "accuracy": "Accuracy", "map": "Mean average precision"}
"""A history's columns that are drawn, each beside its ``val_`` twin, and their titles."""
Table = dict[str, list[str]]
"""A CSV file by column."""


def draw_training(history: Table, fine_tuning: Table) -> Figure:
    """Loss, accuracy and mean average precision by epoch, fine-tuning after training."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    switch = len(history["epoch"])
    for axes, (column, title) in zip(figure.subplots(1, 3), SCORES.items(), strict=True):
        for split, colour, prefix in (("train", GREY, ""), ("valid", GREEN, "val_")):
            values = [float(v) for table in (history, fine_tuning) for v in table[prefix + column]]
            axes.plot(range(1, len(values) + 1), values, color=colour, label=split, marker=".")
        axes.axvline(switch + 0.5, color=RED, linestyle=":", label="fine-tuning begins")
        axes.set(title=title, xlabel="epoch")
        _tidy(axes)
    figure.axes[-1].legend(frameon=False, loc="lower right")
    return figure


def draw_average_precision(genres: Table) -> Figure:
    """A bar a genre, best first, with what its prior alone would reach."""
    values = np.array(genres["average_precision"], dtype=float)
    order = np.argsort(values)
    names = [f"{genres['genre'][row]} ({genres['posters'][row]})" for row in order]
    figure = Figure(figsize=(7, 1.2 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(names, values[order], color=GREEN, label="classifier")
    priors = np.array(genres["prior"], dtype=float)[order]
    axes.barh(names, priors, color=GREY, height=0.35, label="prior alone")
    axes.set(title="Average precision on the test split, and its posters", xlim=(0, 1))
    axes.legend(frameon=False, loc="lower right")
    _tidy(axes)
    return figure


def draw_precision_recall(curves: Table) -> Figure:
    """A precision-recall curve a genre, and their mean."""
    recall = np.array(curves["recall"], dtype=float)
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    genres = [name for name in curves if name not in ("recall", "mean")]
    for number, genre in enumerate(genres):
        style = ("-", "--", ":")[number // 10 % 3]  # the colours begin anew after ten
        axes.plot(recall, np.array(curves[genre], float), style, lw=1, alpha=0.7, label=genre)
    axes.plot(recall, np.array(curves["mean"], float), color="black", lw=2.5, label="mean")
    axes.set(title="Precision and recall on the test split", xlabel="recall", ylabel="precision")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    _tidy(axes)
    return figure


def draw_examples(
    test: splits.Split,
    pixels: NDArray[np.uint8],
    predictions: Table,
    genres: Table,
    count: int,
) -> Figure:
    """Posters of the test split with their genres: chosen rightly, chosen wrongly, missed.

    Evenly from best to worst, by the share of choices that are right (the Jaccard index).
    ``pixels`` is (n, height, width, 3), uint8, as the rows of ``test``.
    """
    answers = np.array([predictions[genre] for genre in test.genres], dtype=float).T
    chosen = answers >= np.array(genres["threshold"], dtype=float)
    shown = _from_best_to_worst(chosen, test.labels.astype(bool), count)
    columns = min(6, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(1.9 * columns, 3.3 * rows), layout="constrained")
    figure.suptitle("✓ right    ✗ wrongly chosen    ○ missed")
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.axis("off")
    for axes, row in zip(figure.axes, shown, strict=False):
        axes.imshow(pixels[row], interpolation="lanczos")
        _caption(axes, test.genres, chosen[row], test.labels[row].astype(bool))
    return figure


def _from_best_to_worst(
    chosen: NDArray[np.bool_], truth: NDArray[np.bool_], count: int
) -> list[int]:
    union = np.maximum((chosen | truth).sum(axis=1), 1)
    jaccard = (chosen & truth).sum(axis=1) / union
    order = np.argsort(-jaccard, kind="stable")
    places = np.linspace(0, len(order) - 1, min(count, len(order))).astype(int)
    return [int(row) for row in order[places]]


def _caption(
    axes: Axes, genres: Sequence[str], chosen: NDArray[np.bool_], truth: NDArray[np.bool_]
) -> None:
    kinds = ((chosen & truth, RIGHT), (chosen & ~truth, WRONG), (~chosen & truth, MISSED))
    lines = [(genre, *kind) for rows, kind in kinds for genre in compress(genres, rows)]
    for number, (genre, mark, colour) in enumerate(lines):
        axes.annotate(
            f"{mark} {genre}",
            xy=(0.5, 0),
            xytext=(0, -10 - 10 * number),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            color=colour,
            fontsize=8,
        )


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2)
