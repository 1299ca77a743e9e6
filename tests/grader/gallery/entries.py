"""An entry of the gallery, and the decorator that makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

Break = Callable[[Path], None]


@dataclass(frozen=True)
class Mistake:
    """A way to get ``code``; ``apply`` changes the repository."""

    code: str
    name: str
    apply: Break
    with_it: frozenset[str] = frozenset()

    @property
    def codes(self) -> set[str]:
        """All that the grader is to find."""
        return {self.code} | self.with_it


_ENTRIES: dict[str, list[Mistake]] = {}
"""The entries of each module, in its order."""


def mistake(code: str, *with_it: str) -> Callable[[Break], Break]:
    """Enter the decorated function into the gallery."""

    def enter(apply: Break) -> Break:
        entry = Mistake(code, apply.__name__, apply, frozenset(with_it))
        _ENTRIES.setdefault(apply.__module__, []).append(entry)
        return apply

    return enter


def entries_of(family: ModuleType) -> list[Mistake]:
    """All that a module of the gallery has entered."""
    return _ENTRIES[family.__name__]
