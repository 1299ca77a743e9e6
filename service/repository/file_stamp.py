"""What a file's metadata says of its content: two equal stamps are the same bytes."""

import os
from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """The size of a file, its inode, and when its content and its inode changed."""

    content_ns: int
    inode_ns: int
    """In it because a tool can set the content's time back, and never this one."""
    size: int
    inode: int


def stamp(path: Path) -> Stamp | None:
    """The stamp of ``path``; None where the system has none (mostly: no such file)."""
    try:
        status = os.stat(path)  # noqa: PTH116 - for many requests: Path.stat costs twice as much
    except OSError:
        return None
    return Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
