"""Deletes again what was made, where it does not come to its end: an error, or Ctrl-C."""

import contextlib
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def delete_on_failure(*folders: Path) -> Iterator[None]:
    """Delete what the block made of ``folders`` where it ends with an exception.

    What was there before stays: a folder with what it held, and an empty one.
    """
    names_before = {folder: _names_in(folder) for folder in folders}
    new_parents = {parent for folder in folders for parent in folder.parents if not parent.exists()}
    try:
        yield
    except BaseException:
        for folder, names in names_before.items():
            if names is None:
                _delete(folder)
            elif not names:
                for name in _names_in(folder) or ():
                    _delete(folder / name)
        for parent in sorted(new_parents, key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):  # somebody else uses it by now
                parent.rmdir()
        raise


def _names_in(folder: Path) -> set[str] | None:
    """What is in it; None where there is no folder. What cannot be read is not ours to delete."""
    try:
        return {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return None
    except OSError:
        return {""}


def _delete(path: Path) -> None:
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    if sys.platform == "win32":  # it deletes no read-only file, and DVC's objects are read-only
        for child in path.rglob("*"):
            with contextlib.suppress(OSError):
                child.chmod(stat.S_IWRITE)
    shutil.rmtree(path, ignore_errors=True)
