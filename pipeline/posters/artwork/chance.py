"""Random draws that are the same on every machine, Python and numpy.

numpy promises the raw stream of a bit generator, but not what ``Generator`` makes of it, so the
draws are made here, of integers only.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class Chance:
    """One stream of draws; streams of other keys are independent of it."""

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def below(self, limit: int) -> int:
        """An integer from 0 to ``limit`` - 1."""
        return int(self._bits.random_raw()) % limit

    def between(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def happens(self, percent: int) -> bool:
        """Whether something that happens in ``percent`` of 100 cases does."""
        return self.below(100) < percent

    def pick(self, options: Sequence[T]) -> T:
        """One of ``options``, each as likely."""
        return options[self.below(len(options))]

    def weighted_choice(self, options: Sequence[tuple[T, int]]) -> T:
        """The first member of one of ``options``, as likely as its second member says."""
        ticket = self.below(sum(weight for _, weight in options))
        for option, weight in options:
            ticket -= weight
            if ticket < 0:
                return option
        raise AssertionError("a ticket below the sum of the weights finds its option")

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """``count`` different ones of ``options``, in random order."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(count)]

    def bytes(self, *shape: int) -> NDArray[np.uint8]:
        """Random bytes, uint8 of ``shape``."""
        count = 1
        for side in shape:
            count *= side
        words = np.asarray(self._bits.random_raw((count + 7) // 8), dtype="<u8")
        return words.view(np.uint8)[:count].reshape(shape)
