"""A split of multi-label rows in which every label has about its share in each part."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def stratify(
    labels: NDArray[np.uint8], shares: Sequence[float], seed: int
) -> list[NDArray[np.intp]]:
    """The row numbers of each part, ascending; ``labels`` is (n, genres), 0 or 1.

    Part k gets about ``shares[k]`` of the rows of every genre, and at least one while there are
    any to give. Iterative stratification: Sechidis, Tsoumakas and Vlahavas, "On the stratification
    of multi-label data", ECML PKDD 2011. Written out here because the packages that have it import
    scikit-learn and SciPy, which takes longer than the rest of the stage.
    """
    part_of = np.full(len(labels), -1)
    order = np.random.default_rng(seed).permutation(len(labels))
    targets = _target_counts(labels, np.array(shares))
    room = np.array(shares) * len(labels)
    for genre in _rarest_first(labels, part_of):
        for row in order[(labels[order, genre] == 1) & (part_of[order] < 0)]:
            part = max(range(len(shares)), key=lambda part: (targets[part, genre], room[part]))
            part_of[row] = part
            targets[part] -= labels[row]
            room[part] -= 1
    for row in order[part_of[order] < 0]:
        part_of[row] = room.argmax()
        room[part_of[row]] -= 1
    return [np.flatnonzero(part_of == part) for part in range(len(shares))]


def _target_counts(labels: NDArray[np.uint8], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many rows of each genre each part should get, (parts, genres): at least one."""
    counts = labels.sum(axis=0, dtype=np.int64)
    targets = np.maximum(np.outer(shares, counts), 1)
    largest = shares.argmax()
    targets[largest] += counts - targets.sum(axis=0)
    return targets


def _rarest_first(labels: NDArray[np.uint8], part_of: NDArray[np.intp]) -> Iterator[int]:
    """The genres, each time the one with the fewest rows that are in no part yet."""
    while (left := labels[part_of < 0].sum(axis=0, dtype=np.int64)).any():
        yield int(np.where(left > 0, left, len(labels) + 1).argmin())
