"""What a file's metadata says of its content: two equal stamps are the same bytes."""

import os
from pathlib import Path

Stamp = tuple[int, int, int, int]
"""Times of change (content, inode) in ns, size in bytes, inode."""


def stamp(path: Path) -> Stamp | None:
    """The stamp of ``path``, or None where nothing can be asked about it (mostly: no such file).

    The inode's own time is in it because a tool can set back a file's time, never that one.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - asked on every request: half the cost of Path.stat
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
