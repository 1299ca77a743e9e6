"""Preconditions: a request that holds only while its object is as the client believes it to be."""

from collections.abc import Mapping
from dataclasses import dataclass

from bucket.errors import RefusedError
from bucket.store import Held

_METAGENERATION = 1  # of every object: this server keeps no metadata that could change
_WORDS = (
    "ifGenerationMatch", "ifGenerationNotMatch",
    "ifMetagenerationMatch", "ifMetagenerationNotMatch",
)  # fmt: skip


@dataclass(frozen=True)
class Conditions:
    """What a request says that has to hold, by its word; 0 stands for no object."""

    numbers: Mapping[str, int]

    def check(self, held: Held | None) -> None:
        """A RefusedError where one does not hold of the object that is there."""
        for word, number in self.numbers.items():
            is_of_metadata = "Meta" in word
            now = (_METAGENERATION if is_of_metadata else held.generation) if held else 0
            if (number == now) == word.endswith("NotMatch"):
                raise RefusedError(
                    412, "At least one of the pre-conditions you specified did not hold."
                )


def of(query: Mapping[str, str]) -> Conditions:
    """The conditions of a request; a RefusedError where one is no number."""
    given = {word: query[word] for word in _WORDS if word in query}
    for word, text in given.items():
        if not text.isascii() or not text.isdigit() or len(text) > 19:
            raise RefusedError(400, f"Invalid {word}: it is no number.")
    return Conditions({word: int(text) for word, text in given.items()})
