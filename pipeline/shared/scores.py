"""How good probabilities are, for labels with several genres a poster."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve

Labels = NDArray[np.uint8]
"""(n, genres), 0 or 1."""
Probabilities = NDArray[np.floating]
"""(n, genres), from 0 to 1."""


@dataclass(frozen=True)
class Counts:
    """Right and wrong choices: one number a genre, or a sum over genres."""

    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]
    false_negatives: NDArray[np.int64]

    @property
    def precision(self) -> NDArray[np.float64]:
        """The share of the chosen that is right; 0 where nothing was chosen."""
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> NDArray[np.float64]:
        """The share of the right that was chosen; 0 where there was nothing to choose."""
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> NDArray[np.float64]:
        """The harmonic mean of precision and recall."""
        twice = 2 * self.true_positives
        return _ratio(twice, twice + self.false_positives + self.false_negatives)

    def total(self) -> "Counts":
        """The sum over genres, from which the micro-averaged scores are made."""
        return Counts(*(np.asarray(counts.sum()) for counts in vars(self).values()))


def counts(labels: Labels, chosen: NDArray[np.bool_]) -> Counts:
    """Count the right and wrong choices of each genre; both arrays are (n, genres)."""
    truth = labels.astype(bool)
    return Counts(
        (chosen & truth).sum(axis=0), (chosen & ~truth).sum(axis=0), (~chosen & truth).sum(axis=0)
    )


def average_precisions(labels: Labels, probabilities: Probabilities) -> NDArray[np.float64]:
    """The average precision of each genre: the area under its precision-recall curve, in steps.

    0 for a genre that no poster has.
    """
    pairs = zip(labels.T, probabilities.T, strict=True)
    return np.array([average_precision_score(y, p) if y.any() else 0.0 for y, p in pairs])


def precision_at(
    recalls: NDArray[np.float64], labels: Labels, probabilities: Probabilities
) -> NDArray[np.float64]:
    """The precision-recall curve of each genre, interpolated: (recalls, genres).

    At each recall the best precision to be had at that recall or above (Manning, Raghavan and
    Schütze, "Introduction to information retrieval", 2008, section 8.4); 0 for a genre that no
    poster has.
    """
    curves = []
    for truth, answers in zip(labels.T, probabilities.T, strict=True):
        curve = _curve(truth, answers)
        best = np.maximum.accumulate(curve.precision[::-1])[::-1]
        # Recalls such as 0.3 come out of linspace as 0.30000000000000004.
        rows = np.searchsorted(curve.recall, recalls - 1e-12)
        curves.append(np.append(best, 0.0)[rows])
    return np.column_stack(curves)


def summary(
    labels: Labels, probabilities: Probabilities, thresholds: NDArray[np.float64]
) -> dict[str, float]:
    """The scores that describe a classifier as a whole, rounded to six digits.

    ``map`` (mean of the genres' average precisions), ``micro_f1``, ``macro_f1``, ``precision`` and
    ``recall`` (micro-averaged), ``binary_accuracy`` (over all poster and genre pairs).
    """
    chosen = probabilities >= thresholds
    each = counts(labels, chosen)
    total = each.total()
    values = {
        "map": average_precisions(labels, probabilities).mean(),
        "micro_f1": total.f1,
        "macro_f1": each.f1.mean(),
        "precision": total.precision,
        "recall": total.recall,
        "binary_accuracy": (chosen == labels).mean(),
    }
    return {name: round(float(value), 6) for name, value in values.items()}


def best_thresholds(labels: Labels, probabilities: Probabilities) -> tuple[float, ...]:
    """For each genre the threshold with the highest F1; of several, the highest.

    Half-way between two probabilities, so that the last bits of either do not change a choice.
    """
    pairs = zip(labels.T, probabilities.T, strict=True)
    return tuple(_best_threshold(y, p) for y, p in pairs)


def _best_threshold(labels: Labels, probabilities: Probabilities) -> float:
    curve = _curve(labels, probabilities)
    f1 = _ratio(2 * curve.precision * curve.recall, curve.precision + curve.recall)
    best = int(f1.argmax())
    below = curve.thresholds[best + 1] if best + 1 < len(f1) else 0.0
    return float((curve.thresholds[best] + below) / 2)


@dataclass(frozen=True)
class _Curve:
    """Precision and recall of one genre if every probability from a threshold up is a yes.

    Three arrays of one entry a distinct probability, from the highest down.
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def _curve(labels: Labels, probabilities: Probabilities) -> _Curve:
    if not labels.any():  # scikit-learn warns, and calls every recall 1
        thresholds = np.unique(probabilities)[::-1].astype(np.float64)
        return _Curve(thresholds, np.zeros(len(thresholds)), np.zeros(len(thresholds)))
    precision, recall, thresholds = precision_recall_curve(labels, probabilities)
    return _Curve(thresholds[::-1], precision[-2::-1], recall[-2::-1])


def _ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> NDArray[np.float64]:
    quotient = np.zeros(np.shape(whole))
    np.divide(part, whole, out=quotient, where=np.asarray(whole) > 0)
    return quotient
