"""The files and folders that something was read from, to tell whether it has to be read again."""

import os
import time
from collections.abc import Iterable

from dvcstate.hashes.worktree import YOUNG_NS

Stamp = tuple[int, int, int] | None
"""Inode, size and mtime (ns); None for what is not there."""


def stamp(path: str) -> Stamp:
    """What changes with ``path``, the entries of a folder included."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


class InputStamps:
    """How ``paths`` looked when they were read.

    Stamps are taken after reading, which began at ``started`` (time.time_ns): a change in between
    leaves an mtime that is too young to be trusted, so nothing is missed.
    """

    def __init__(self, paths: Iterable[str], started: int) -> None:
        self._stamps = {path: stamp(path) for path in paths}
        young = range(started - YOUNG_NS, time.time_ns() + YOUNG_NS)
        self._has_young = any(found and found[2] in young for found in self._stamps.values())

    def unchanged(self) -> bool:
        """Whether all of them look as they did."""
        return not self._has_young and all(
            stamp(path) == before for path, before in self._stamps.items()
        )
