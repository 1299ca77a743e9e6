"""Which paths may have changed since the last look; everything, where nobody watched."""

import os
from collections.abc import Iterable


class Touched:
    """``paths`` are absolute. What is above or below one of them is touched as well."""

    everything = False

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._above = {parent for path in self._paths for parent in _parents(path)}

    def affects(self, path: str) -> bool:
        """Whether what is at or below ``path`` may have changed."""
        return (
            path in self._paths
            or path in self._above
            or any(parent in self._paths for parent in _parents(path))
        )


class Everything(Touched):
    """Nobody watched, so anything may have changed."""

    everything = True

    def __init__(self) -> None:
        super().__init__(())

    def affects(self, path: str) -> bool:
        """Always."""
        return True


def _parents(path: str) -> list[str]:
    parents = []
    while (parent := os.path.dirname(path)) != path:
        parents.append(parent)
        path = parent
    return parents
