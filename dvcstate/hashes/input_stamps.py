"""The files and folders that something was read from, to tell whether it has to be read again."""

import os
import time
from collections.abc import Iterable

from dvcstate.hashes.worktree import YOUNG_NS

Signature = tuple[int, int, int] | None
"""Inode, size and mtime (ns); None for what is not there."""


def signature(path: str) -> Signature:
    """What changes with ``path``, the entries of a folder included."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class Inputs:
    """How ``paths`` looked when they were read.

    Signatures are taken after reading, which began at ``started`` (time.time_ns): a change in
    between leaves an mtime that is too young to be trusted, so nothing is missed.
    """

    def __init__(self, paths: Iterable[str], started: int) -> None:
        self._signatures = {path: signature(path) for path in paths}
        young = range(started - YOUNG_NS, time.time_ns() + YOUNG_NS)
        self._young = any(found and found[2] in young for found in self._signatures.values())

    def unchanged(self) -> bool:
        """Whether all of them look as they did."""
        return not self._young and all(
            signature(path) == found for path, found in self._signatures.items()
        )
