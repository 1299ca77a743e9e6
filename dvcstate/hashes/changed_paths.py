"""Which paths may have changed since the last look; everything, where nobody watched."""

import os
from collections.abc import Iterable


class Touched:
    """``paths`` are absolute. What is above or below one of them is touched as well."""

    everything = False

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self._above = {parent for path in self.paths for parent in parents_of(path)}

    def affects(self, path: str) -> bool:
        """Whether what is at or below ``path`` may have changed."""
        return (
            path in self.paths
            or path in self._above
            or any(parent in self.paths for parent in parents_of(path))
        )


class Everything(Touched):
    """Nobody watched, so anything may have changed."""

    everything = True

    def __init__(self) -> None:
        super().__init__(())

    def affects(self, path: str) -> bool:
        """Always."""
        return True


def parents_of(path: str) -> list[str]:
    """The folders above ``path``, nearest first."""
    parents = []
    while (parent := os.path.dirname(path)) != path:
        parents.append(parent)
        path = parent
    return parents


class PlaceIndex:
    """Finds the names of those who care for a path, without asking each of them."""

    def __init__(self, places: Iterable[tuple[str, str]]) -> None:
        """``places`` are pairs of a name and a path that it cares for."""
        self._at: dict[str, set[str]] = {}
        self._below: dict[str, set[str]] = {}
        for name, place in places:
            self._at.setdefault(place, set()).add(name)
            for parent in parents_of(place):
                self._below.setdefault(parent, set()).add(name)

    def affected(self, touched: Touched) -> set[str]:
        """The names that care for something at, above or below a touched path."""
        found: set[str] = set()
        for path in touched.paths:
            found |= self._below.get(path, set())
            for place in (path, *parents_of(path)):
                found |= self._at.get(place, set())
        return found
