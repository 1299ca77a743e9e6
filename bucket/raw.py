"""A folder of raw data that others filled: which of its files are offered, and why not the others.

A link to a folder is never followed, and a link to a file only within the folder: whoever put one
there may not mean the room to read where it leads.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bucket import names

PREFIX = "raw"
_OF_A_SYSTEM = ".DS_Store"  # macOS leaves it in every folder that was looked at; nobody misses it


@dataclass(frozen=True)
class Survey:
    """The files that are offered, and the others with the reason, by their path in the folder."""

    offered: list[str]
    left_out: dict[str, str]


def survey(folder: Path) -> Survey:
    """What of a folder is offered."""
    offered: list[str] = []
    left_out: dict[str, str] = {}
    for path, why in _files(os.path.realpath(names.long_path(folder)), ""):
        if why is None:
            offered.append(path)
        else:
            left_out[path] = why
    return Survey(offered, left_out)


def copy(folder: Path, target: Path) -> None:
    """The files of a folder that are offered, in a new one."""
    target.mkdir()
    for path in survey(folder).offered:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / path, target / path)


def why_not(entry: "os.DirEntry[str]", path: str, root: str) -> str | None:
    """Why an entry is not offered, None where it is: ``path`` is its name, ``root`` a real path."""
    if entry.name.startswith("."):
        return "its name starts with a dot"
    if names.literal(entry.name) is None:
        return "not every computer can hold its name"
    if len(path.encode("utf-8")) > names.MAX_BYTES - len(f"{PREFIX}/"):
        return f"its path is longer than {names.MAX_BYTES} bytes"
    if entry.is_symlink() or entry.is_dir():
        real = os.path.realpath(entry.path)
        if real != entry.path and (reason := _why_not_followed(real, root)):
            return reason
    elif not entry.is_file():
        return "it is neither a file nor a folder"
    wanted = os.R_OK | (os.X_OK if entry.is_dir() else 0)
    return None if os.access(entry.path, wanted) else "it cannot be read"


def _why_not_followed(real: str, root: str) -> str | None:
    if not os.path.lexists(real):
        return "it is a link to what is not there"
    if os.path.isdir(real):  # noqa: PTH112 - as all here, for speed
        return "it is a link to a folder"
    if not os.path.isfile(real):  # noqa: PTH113
        return "it is a link to what is no file"
    if not is_below(real, root):
        return "it is a link that leads out of the folder"
    return None


def is_below(real: str, root: str) -> bool:
    """Whether a real path lies in the folder ``root``, which is one too."""
    return real.startswith(os.path.join(root, ""))  # noqa: PTH118


def _files(root: str, below: str) -> Iterator[tuple[str, str | None]]:
    """The paths of files, and of folders that are left out whole, with the reason."""
    with os.scandir(os.path.join(root, below)) as entries:  # noqa: PTH118
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = f"{below}/{entry.name}" if below else entry.name
        why = why_not(entry, path, root)
        if why is None and entry.is_dir():
            yield from _files(root, path)
        elif entry.name != _OF_A_SYSTEM:
            yield path, why
