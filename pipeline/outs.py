"""Outs that are whole or absent: written beside their place, renamed at the end."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTIAL, OLD = ".partial-", ".old-"
"""How the names begin of what is being written, and of what is about to be deleted."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it replaces ``path`` once the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(PARTIAL + path.name)
    partial.unlink(missing_ok=True)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``path`` to fill; it replaces ``path`` once the block succeeds.

    The old folder steps aside first and is deleted last, so that an interrupt at any point leaves
    either the old folder or the new one, never a mix and never neither.
    """
    partial, old = path.with_name(PARTIAL + path.name), path.with_name(OLD + path.name)
    _restore(path, old)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            path.replace(old)
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        _restore(path, old)


def _restore(path: Path, old: Path) -> None:
    if old.exists() and not path.exists():
        old.replace(path)
    shutil.rmtree(old, ignore_errors=True)
