"""Outs that are whole or absent: written beside their place, renamed at the end."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.shared.errors import NO_SPACE

PARTIAL, OLD = ".partial-", ".old-"
"""How the names begin of what is being written, and of what is about to be deleted."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it replaces ``path`` once the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(PARTIAL + path.name)
    partial.unlink(missing_ok=True)
    try:
        with name_full_disk(path):
            yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``path`` to fill; it replaces ``path`` once the block succeeds.

    The old folder steps aside first and is deleted last, so that an interrupt at any point leaves
    either the old folder or the new one, never a mix and never neither. Of a link, the folder that
    it leads to is replaced. NotADirectoryError if something else lies there.
    """
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "Not a folder", str(path))
    place = restore(path)
    partial = place.with_name(PARTIAL + place.name)
    _remove(partial)
    partial.mkdir(parents=True)
    try:
        with name_full_disk(path):
            yield partial
        if place.exists():
            place.replace(_old_place(place))
        partial.replace(place)
    finally:
        _remove(partial)
        _put_back(place)


def restore(path: Path) -> Path:
    """Undo or finish an interrupted replacement of the folder ``path``; where it really lies.

    Whoever decides by what ``path`` holds whether to replace it calls this before looking. Raises
    FileNotFoundError for a link that leads nowhere.
    """
    place = path if path.name not in ("", "..") else path.resolve()
    if not place.name:
        raise OSError(errno.EINVAL, "The root of a disk cannot be replaced", str(path))
    _remove_empty_folder(place)
    _put_back(place)
    if place.is_symlink():
        place = Path(os.path.realpath(place))  # Path.resolve raises for a link to itself
        _remove_empty_folder(place)
        _put_back(place)
        if not place.exists():
            raise FileNotFoundError(errno.ENOENT, f"A link to {place}, which is not there", path)
    return place


@contextmanager
def name_full_disk(path: Path) -> Iterator[None]:
    """Let the error of a full disk say what was being written: a failed write names no file."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE and error.filename is None:
            error.filename = path
        raise


def _old_place(place: Path) -> Path:
    return place.with_name(OLD + place.name)


def _remove_empty_folder(place: Path) -> None:
    """Remove an empty folder that somebody made where the old one was missing."""
    if os.path.lexists(_old_place(place)) and place.is_dir() and not place.is_symlink():
        with suppress(OSError):  # it is not empty
            place.rmdir()


def _put_back(place: Path) -> None:
    """Bring the old folder back where no new one has come; delete it where one has."""
    if place.exists():
        _remove(_old_place(place))
    elif os.path.lexists(_old_place(place)) and not place.is_symlink():
        _old_place(place).replace(place)


def _remove(path: Path) -> None:
    """Delete a folder, or a link and not what it leads to."""
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)
