"""Every part of a split gets about its share of every label."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.preprocess.stratification import stratify

SHARES = (0.7, 0.15, 0.15)


def made(posters: int, priors: list[float], seed: int) -> NDArray[np.uint8]:
    """Labels of which each row has at least one."""
    random = np.random.default_rng(seed)
    labels = (random.random((posters, len(priors))) < priors).astype(np.uint8)
    labels[~labels.any(axis=1), 0] = 1
    return labels


@given(
    st.integers(3, 120),
    st.lists(st.floats(0.02, 0.6), min_size=1, max_size=8),
    st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_every_row_is_in_one_part(posters: int, priors: list[float], seed: int) -> None:
    parts = stratify(made(posters, priors, seed), SHARES, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(posters))
    assert all((np.diff(part) > 0).all() for part in parts)


@pytest.mark.parametrize("seed", range(5))
def test_every_part_gets_its_share_of_every_genre(seed: int) -> None:
    labels = made(1000, [0.5, 0.4, 0.2, 0.15, 0.1, 0.05, 0.03, 0.02], seed)
    for part, share in zip(stratify(labels, SHARES, seed), SHARES, strict=True):
        assert abs(len(part) - share * 1000) <= 12
        np.testing.assert_allclose(labels[part].sum(axis=0), share * labels.sum(axis=0), atol=4)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 10])
def test_a_rare_genre_is_in_every_part(count: int) -> None:
    labels = np.ones((60, 2), np.uint8)
    labels[count:, 1] = 0
    for part in stratify(labels, SHARES, 7):
        assert labels[part, 1].any()


def test_rows_without_a_label_are_shared_out_too() -> None:
    parts = stratify(np.zeros((100, 3), np.uint8), SHARES, 7)
    assert [len(part) for part in parts] == [70, 15, 15]


def test_the_seed_decides() -> None:
    labels = made(200, [0.5, 0.3, 0.1], 1)
    first, again, other = (stratify(labels, SHARES, seed) for seed in (1, 1, 2))
    assert [part.tolist() for part in first] == [part.tolist() for part in again]
    assert first[2].tolist() != other[2].tolist()
