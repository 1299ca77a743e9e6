"""Which paths may have changed since the last status; all of them, where nobody watched."""

import os
from collections.abc import Iterable


class ChangedPaths:
    """``paths`` are absolute. What is above or below one of them may have changed as well."""

    is_everything = False

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


class AllPaths(ChangedPaths):
    """Nobody watched, so anything may have changed."""

    is_everything = True

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


class StageIndex:
    """Finds the stages that a path concerns, without a look at each stage."""

    def __init__(self, places: Iterable[tuple[str, str]]) -> None:
        """``places`` are pairs of a stage's name and a path of one of its deps, outs or params."""
        self._at: dict[str, set[str]] = {}
        self._below: dict[str, set[str]] = {}
        for name, place in places:
            self._at.setdefault(place, set()).add(name)
            for parent in parents_of(place):
                self._below.setdefault(parent, set()).add(name)

    def stages_affected_by(self, changed: ChangedPaths) -> set[str]:
        """The names of the stages with something at, above or below a changed path."""
        names: set[str] = set()
        for path in changed.paths:
            names |= self._below.get(path, set())
            for place in (path, *parents_of(path)):
                names |= self._at.get(place, set())
        return names
