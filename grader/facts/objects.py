"""The objects in DVC's cache on this machine: which a recorded hash is made of, and their bytes."""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from workshop.project import regular_file
from workshop.project.hash_store import cache_dir

_LARGEST_LISTING = 256 * 2**20
_YOUNG_NS = 2_000_000_000
"""An object that changed so lately may change again within its mtime."""


class Objects:
    """The cache in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "files" / "md5"
        self._start = str(self.folder)
        self._sound: dict[str, bool] = {}
        self._memory = cache_dir() / "objects" / f"{_name(folder)}.json"

    def path(self, name: str) -> Path:
        """Where the object of that name lies, if it does."""
        return self.folder / name[:2] / name[2:]

    def names(self, md5: str) -> list[str]:
        """The object of a recorded hash and, of a folder, those of its files; as far as known."""
        return [md5, *(self.children(self.path(md5)) if md5.endswith(".dir") else [])]

    @staticmethod
    def children(listing: Path) -> list[str]:
        """The objects that the listing of a folder names; none where it is absent or damaged."""
        try:
            return children_of(regular_file.read(listing, _LARGEST_LISTING))
        except OSError:
            return []

    def corrupt(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` whose bytes are not what they are called. Absent ones are not.

        What was looked at before and has the same size and mtime is not read again.
        """
        wanted = list(dict.fromkeys(names))
        if unseen := [name for name in wanted if name not in self._sound]:
            self._look_at(unseen)
        return [name for name in wanted if not self._sound[name]]

    def _look_at(self, names: Iterable[str]) -> None:
        now = time.time_ns()
        known = self._remembered()
        good = {}
        for name in names:
            stat = self._stat(name)
            self._sound[name] = stat is None or (
                known.get(name) == stat or self._md5(name) == name.removesuffix(".dir")
            )
            if stat and self._sound[name] and stat[1] < now - _YOUNG_NS:
                good[name] = stat
        if any(known.get(name) != stat for name, stat in good.items()):
            # Of many more than are looked at, most are of a past that nobody asks for.
            self._remember((known if len(known) <= 3 * len(self._sound) else {}) | good)

    def _stat(self, name: str) -> list[int] | None:
        """Size and mtime, as text and not as a path: there are thousands of them."""
        try:
            found = os.stat(f"{self._start}{os.sep}{name[:2]}{os.sep}{name[2:]}")  # noqa: PTH116
        except OSError:
            return None
        return [found.st_size, found.st_mtime_ns]

    def _md5(self, name: str) -> str:
        path = self.path(name)
        if not path.is_file():
            return "no file"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()

    def _remembered(self) -> dict[str, list[int]]:
        try:
            known = json.loads(self._memory.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _remember(self, good: dict[str, list[int]]) -> None:
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            self._memory.write_text(json.dumps(good), "utf-8")
        except OSError:
            return  # they will be read again


def children_of(listing: bytes) -> list[str]:
    """The names in the bytes of a folder's listing; none where it is damaged."""
    try:
        entries = json.loads(listing)
        return [str(entry["md5"]) for entry in entries]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def _name(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
