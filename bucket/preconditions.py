"""The generations that a client believes its objects have: where one has another, it gets a 412."""

from collections.abc import Mapping
from dataclasses import dataclass

from bucket.errors import ApiError
from bucket.object_metadata import ObjectMetadata

_METAGENERATION = 1  # of every object: this server keeps no metadata that could change
_PRECONDITIONS = (
    "ifGenerationMatch", "ifGenerationNotMatch",
    "ifMetagenerationMatch", "ifMetagenerationNotMatch",
)  # fmt: skip


@dataclass(frozen=True)
class Preconditions:
    """The number of each precondition: the generation that the client believes its object has.

    0 stands for no object: with ``ifGenerationMatch=0`` an upload replaces nothing.
    """

    numbers: Mapping[str, int]

    def check(self, current: ObjectMetadata | None) -> None:
        """An ApiError where one does not hold of the object that is there."""
        for condition, number in self.numbers.items():
            generation = 0
            if current:
                generation = _METAGENERATION if "Meta" in condition else current.generation
            if (number == generation) == condition.endswith("NotMatch"):
                raise ApiError(
                    412, "At least one of the pre-conditions you specified did not hold."
                )


def parse_preconditions(query: Mapping[str, str]) -> Preconditions:
    """Those of a query; an ApiError where one is no number."""
    texts = {name: query[name] for name in _PRECONDITIONS if name in query}
    for name, text in texts.items():
        if not text.isascii() or not text.isdigit() or len(text) > 19:
            raise ApiError(400, f"Invalid {name}: it is no number.")
    return Preconditions({name: int(text) for name, text in texts.items()})
