"""Outs that are whole or absent: written beside their place, renamed at the end."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import NO_SPACE

PARTIAL, OLD = ".partial-", ".old-"
"""How the names begin of what is being written, and of what is about to be deleted."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it replaces ``path`` once the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(PARTIAL + path.name)
    partial.unlink(missing_ok=True)
    try:
        with _full_disk_named(path):
            yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``path`` to fill; it replaces ``path`` once the block succeeds.

    The old folder steps aside first and is deleted last, so that an interrupt at any point leaves
    either the old folder or the new one, never a mix and never neither. NotADirectoryError if
    something else lies there.
    """
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "Not a folder", str(path))
    partial, old = path.with_name(PARTIAL + path.name), path.with_name(OLD + path.name)
    _restore(path, old)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with _full_disk_named(path):
            yield partial
        if path.exists():
            path.replace(old)
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        _restore(path, old)


@contextmanager
def _full_disk_named(path: Path) -> Iterator[None]:
    """Let the error of a full disk say what was being written: a failed write names no file."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE and error.filename is None:
            error.filename = path
        raise


def _restore(path: Path, old: Path) -> None:
    if old.exists() and not path.exists():
        old.replace(path)
    shutil.rmtree(old, ignore_errors=True)
