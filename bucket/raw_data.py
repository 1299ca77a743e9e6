"""A folder of raw data that others filled, served under the names that its files have there.

Which files are offered, and why the others are not. A link to a folder is never followed, and a
link to a file only within the folder: whoever made it may not want the room to read its target.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bucket import object_names
from bucket.object_store import ObjectStore, scan_folder

PREFIX = "raw"
_SYSTEM_FILE = ".DS_Store"  # macOS writes it into each folder that is opened; nobody misses it


@dataclass(frozen=True)
class RawFiles:
    """The files that are offered, and the others with the reason, by their path in the folder."""

    offered: list[str]
    left_out: dict[str, str]


class RawDataStore(ObjectStore):
    """The files below ``root`` that are offered; ``prefix`` is how the names of all of them begin.

    Nothing is put there or removed: its bucket is read-only.
    """

    def __init__(self, root: Path, prefix: str = "") -> None:
        super().__init__(Path(os.path.realpath(object_names.long_path(root))))
        self._prefix = prefix

    def _path(self, name: str) -> str | None:
        parts = object_names.split_literal(name.removeprefix(self._prefix))
        if not name.startswith(self._prefix) or parts is None:
            return None
        path = os.path.join(self._root, *parts)
        folder = os.path.dirname(path)
        if os.path.realpath(folder) != folder:  # a folder on the way is a link
            return None
        return path if is_below(os.path.realpath(path), self._root) else None

    def _entries(self, folder: str, base: str) -> Iterator[tuple[str, str, bool]]:
        base = base or self._prefix
        for entry in scan_folder(folder):
            path = base.removeprefix(self._prefix) + entry.name
            if _why_left_out(entry, path, self._root) is None:
                is_folder = entry.is_dir()
                yield f"{base}{entry.name}{'/' if is_folder else ''}", entry.path, is_folder


def list_files(folder: Path) -> RawFiles:
    """What of a folder is offered, and what is not."""
    offered: list[str] = []
    left_out: dict[str, str] = {}
    for path, reason in _walk(os.path.realpath(object_names.long_path(folder)), ""):
        if reason is None:
            offered.append(path)
        else:
            left_out[path] = reason
    return RawFiles(offered, left_out)


def copy_files(folder: Path, paths: list[str], target: Path) -> None:
    """Copy files of a folder into a new one."""
    target.mkdir()
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, target / path)


def is_below(real_path: str, root: str) -> bool:
    """Whether a real path is in the folder ``root``, which is a real path too."""
    return real_path.startswith(os.path.join(root, ""))


def _walk(root: str, below: str) -> Iterator[tuple[str, str | None]]:
    """The paths of files, and of folders that are left out as a whole, with the reason."""
    with os.scandir(os.path.join(root, below)) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        reason = _why_left_out(entry, path, root)
        if reason is None and entry.is_dir():
            yield from _walk(root, path)
        elif entry.name != _SYSTEM_FILE:
            yield path, reason


def _why_left_out(entry: "os.DirEntry[str]", path: str, root: str) -> str | None:
    """Why an entry is not offered, None where it is: ``path`` is its name, ``root`` a real path."""
    if entry.name.startswith("."):
        return "its name starts with a dot"
    if object_names.split_literal(entry.name) is None:
        return "not every computer can hold its name"
    if len(path.encode("utf-8")) > object_names.MAX_BYTES - len(f"{PREFIX}/"):
        return f"its path is longer than {object_names.MAX_BYTES} bytes"
    if entry.is_symlink() or entry.is_dir():
        # A folder too: a junction of Windows is a link that is_symlink does not see.
        real_path = os.path.realpath(entry.path)
        if real_path != entry.path and (reason := _why_not_followed(real_path, root)):
            return reason
    elif not entry.is_file():
        return "it is neither a file nor a folder"
    rights = os.R_OK | (os.X_OK if entry.is_dir() else 0)
    return None if os.access(entry.path, rights) else "it cannot be read"


def _why_not_followed(real_path: str, root: str) -> str | None:
    if not os.path.lexists(real_path):
        return "it is a link to what is not there"
    if os.path.isdir(real_path):
        return "it is a link to a folder"
    if not os.path.isfile(real_path):
        return "it is a link to what is no file"
    if not is_below(real_path, root):
        return "it is a link that leads out of the folder"
    return None
