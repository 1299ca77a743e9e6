"""Scores agree with scikit-learn and with what can be counted by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as reference

from pipeline.shared import scores

Pair = tuple[NDArray[np.uint8], NDArray[np.float32]]


def made(posters: int, steps: int, seed: int) -> Pair:
    """Labels and float32 probabilities of ``steps`` values (so with ties) for three genres."""
    random = np.random.default_rng(seed)
    labels = (random.random((posters, 3)) < 0.3).astype(np.uint8)
    labels[0] = 1
    return labels, (random.integers(0, steps, (posters, 3)) / steps).astype(np.float32)


pairs = st.builds(made, st.integers(1, 40), st.sampled_from([1, 2, 5, 1000]), st.integers(0, 999))
examples = settings(max_examples=80, deadline=None)


@given(pairs)
@examples
def test_average_precision_is_scikit_learns(pair: Pair) -> None:
    labels, probabilities = pair
    np.testing.assert_allclose(
        scores.average_precisions(labels, probabilities),
        reference.average_precision_score(labels, probabilities, average=None),
        atol=1e-12,
    )


@given(pairs)
@examples
def test_interpolated_precision_is_the_best_at_that_recall_or_above(pair: Pair) -> None:
    labels, probabilities = pair
    recalls = np.linspace(0, 1, 11)
    curves = scores.precision_at(recalls, labels, probabilities)
    for genre in range(3):
        precision, recall, _ = reference.precision_recall_curve(
            labels[:, genre], probabilities[:, genre]
        )
        wanted = [precision[:-1][recall[:-1] >= at - 1e-12].max() for at in recalls]
        np.testing.assert_allclose(curves[:, genre], wanted)


@given(pairs)
@examples
def test_the_summary_is_scikit_learns(pair: Pair) -> None:
    labels, probabilities = pair
    thresholds = np.array([0.2, 0.5, 0.9])
    chosen = probabilities >= thresholds

    def of(score: Callable[..., float], average: str) -> float:
        return score(labels, chosen, average=average, zero_division=0)

    assert scores.summary(labels, probabilities, thresholds) == pytest.approx(
        {
            "map": reference.average_precision_score(labels, probabilities, average="macro"),
            "micro_f1": of(reference.f1_score, "micro"),
            "macro_f1": of(reference.f1_score, "macro"),
            "precision": of(reference.precision_score, "micro"),
            "recall": of(reference.recall_score, "micro"),
            "binary_accuracy": float((labels == chosen).mean()),
        },
        abs=1e-6,
    )


@given(pairs)
@examples
def test_no_threshold_has_a_higher_f1(pair: Pair) -> None:
    labels, probabilities = pair

    def f1(thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
        return scores.counts(labels, probabilities >= thresholds).f1

    best = f1(np.array(scores.best_thresholds(labels, probabilities)))
    for threshold in np.linspace(0, 1.001, 60):
        assert (f1(np.full(3, threshold)) <= best + 1e-12).all()
    for row in probabilities:
        assert (f1(row.astype(float)) <= best + 1e-12).all()


def test_thresholds_lie_half_way_between_probabilities() -> None:
    labels = np.array([[1], [1], [0]], np.uint8)
    probabilities = np.array([[0.75], [0.5], [0.25]])
    assert scores.best_thresholds(labels, probabilities) == (0.375,)
    assert scores.best_thresholds(labels[:2], probabilities[:2]) == (0.25,)


def test_thresholds_part_probabilities_that_differ_in_their_last_bit() -> None:
    low = np.float32(0.4)
    probabilities = np.array([[np.nextafter(low, np.float32(1))], [low]])
    (threshold,) = scores.best_thresholds(np.array([[1], [0]], np.uint8), probabilities)
    assert (probabilities >= np.array([threshold])).tolist() == [[True], [False]]


def test_of_equal_f1_the_highest_threshold_is_taken() -> None:
    labels = np.array([[1], [0], [0], [1]], np.uint8)  # F1 is 2/3 for the first alone and for all
    probabilities = np.array([[0.8], [0.6], [0.4], [0.2]])
    assert scores.best_thresholds(labels, probabilities) == pytest.approx((0.7,))


def test_counts_made_by_hand() -> None:
    labels = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.uint8)
    chosen = np.array([[1, 0], [0, 0], [1, 0], [0, 0]], bool)
    each = scores.counts(labels, chosen)
    assert each.precision.tolist() == [0.5, 0]
    assert each.recall.tolist() == [0.5, 0]
    assert each.f1.tolist() == [0.5, 0]
    assert float(each.total().precision) == 0.5
    assert float(each.total().recall) == 0.25


def test_average_precision_made_by_hand() -> None:
    labels = np.array([[1], [0], [1], [0]], np.uint8)
    probabilities = np.array([[0.9], [0.8], [0.7], [0.1]])
    assert scores.average_precisions(labels, probabilities).tolist() == [0.5 * 1 + 0.5 * 2 / 3]


def test_equal_probabilities_score_the_prior() -> None:
    labels = np.array([[1], [0], [0], [0]], np.uint8)
    assert scores.average_precisions(labels, np.full((4, 1), 0.3)).tolist() == [0.25]


def test_a_genre_that_no_poster_has_scores_0_without_a_warning() -> None:
    labels, probabilities = np.zeros((4, 1), np.uint8), np.array([[0.1], [0.2], [0.3], [0.3]])
    assert scores.average_precisions(labels, probabilities).tolist() == [0]
    assert scores.precision_at(np.array([0.0, 1.0]), labels, probabilities).tolist() == [[0], [0]]
    assert scores.best_thresholds(labels, probabilities) == pytest.approx((0.25,))
    assert set(scores.summary(labels, probabilities, np.array([0.25])).values()) == {0, 0.5}
