"""Where a dep or an out is on this machine, and how DVC names it."""

import os
from pathlib import Path
from typing import NamedTuple

from dvcstate.config import remote_reference
from dvcstate.config.remote_reference import Remotes
from dvcstate.errors import FileError


class Location(NamedTuple):
    """``key`` finds the entry in the lock file; ``shown`` is the name in ``dvc status``.

    ``path`` is None for an address that leads off this machine. ``inside``: in the repository and
    not written as an absolute path, so hashes follow the ``hash:`` of the lock entry.
    """

    key: str
    shown: str
    path: Path | None
    inside: bool


def locate(path: str, wdir: str, root: str, remotes: Remotes) -> Location:
    """The location that ``path`` means in a stage that runs in ``wdir`` (both absolute)."""
    if path.endswith(".dvc") or os.path.basename(path) == "dvc.yaml":
        raise FileError(
            f"{path!r} is a file of DVC's own and cannot be a dep or an out", "name the data itself"
        )
    if _is_address(path):
        local = remote_reference.local_path(path, remotes)
        return Location(path, path, None if local is None else Path(local), inside=False)
    key = path
    if os.path.isabs(path) and _is_in(os.path.normpath(path), root):
        key = os.path.relpath(path, wdir)  # DVC writes an absolute path into the repository so
    absolute = os.path.abspath(os.path.join(wdir, os.path.normpath(key)))
    inside = not os.path.isabs(key) and _is_in(absolute, root)
    return Location(key, _displayed_path(key, absolute, root), Path(absolute), inside)


def _is_address(path: str) -> bool:
    scheme = remote_reference.scheme(path)
    if scheme in remote_reference.ADDRESS_SCHEMES:
        return True
    if scheme and remote_reference.split(path).netloc:
        raise FileError(
            f"the address {path!r} has a scheme that DVC does not know",
            "use a path or one of s3://, gs://, https://, ssh://",
        )
    return False


def _displayed_path(key: str, absolute: str, root: str) -> str:
    if os.path.isabs(key):
        return key.replace(os.sep, "/")
    path = os.path.relpath(absolute, root) if _is_in(absolute, root) else absolute
    return path.replace(os.sep, "/")


def _is_in(path: str, root: str) -> bool:
    """Below ``root``; the root itself is not in it."""
    inner, outer = os.path.normcase(path), os.path.normcase(root)
    return inner != outer and inner.startswith(os.path.join(outer, ""))
