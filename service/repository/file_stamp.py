"""What a file's metadata says of its content: two equal stamps are the same bytes."""

import os
from pathlib import Path

Stamp = tuple[int, int, int, int]
"""Times of change (content, inode) in ns, size in bytes, inode."""


def stamp(path: Path) -> Stamp | None:
    """The stamp of ``path``; None where the system has none (mostly: no such file).

    The inode's own time is in it because a tool can set a file's time back, and never that one.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - for many requests: Path.stat costs twice as much
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
