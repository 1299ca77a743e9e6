"""The objects in DVC's cache on this machine: which a recorded hash is made of, and their bytes."""

import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from dvcstate.documents import regular_file
from grader import user_cache

_LARGEST_LISTING = 256 * 2**20
# Hashed in about two seconds; larger objects are not, where there is a time limit.
_READ_IN_TIME = 2**30
_READ_WHOLE = 2**20
# Younger than this, an object may change again and keep its mtime: file systems round it.
_YOUNG_NS = 2_000_000_000


class UnreadObjectsError(Exception):
    """Time was up before every object was read; ``count`` of them are left."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class Objects:
    """The cache in ``folder``, or a remote that is a folder."""

    def __init__(
        self, folder: Path, look: Callable[[], Mapping[str, os.stat_result]] = dict
    ) -> None:
        """``look``: what else is known of the objects, by name, from a look a moment ago."""
        self.folder = folder / "files" / "md5"
        self._start = str(self.folder)
        self._look = look
        self._sound: dict[str, bool] = {}
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
        self._known_path = user_cache.entry_path("objects", name)

    def path(self, name: str) -> Path:
        """The path that the object of that name has, if it is there."""
        return self.folder / name[:2] / name[2:]

    def names(self, md5: str) -> list[str]:
        """The object of a recorded hash and, of a folder, those of its files; as far as known."""
        return [md5, *(self.read_listing(self.path(md5)) if md5.endswith(".dir") else [])]

    @staticmethod
    def read_listing(listing: Path) -> list[str]:
        """The objects that the listing of a folder names; none where it is absent or damaged."""
        try:
            return parse_listing(regular_file.read(listing, _LARGEST_LISTING))
        except OSError:
            return []

    def find_corrupt(self, names: Iterable[str], until: float = math.inf) -> list[str]:
        """Those of ``names`` whose bytes are not what they are called. Absent ones are not.

        What was looked at before and has the same size and mtime is not read again. Where the time
        ``until``, on the monotonic clock, comes first, what was read is remembered:
        UnreadObjectsError.
        """
        unique = list(dict.fromkeys(names))
        unread = self._examine([name for name in unique if name not in self._sound], until)
        corrupt = [name for name in unique if not self._sound.get(name, True)]
        if unread and not corrupt:
            raise UnreadObjectsError(unread)
        return corrupt

    def _examine(self, names: Sequence[str], until: float) -> int:
        """Find out which are sound; how many are left when time is up."""
        if not names:
            return 0
        now, known = time.time_ns(), self._read_known()
        good, unread = {}, 0
        stats = self._look()
        for name in names:
            stat = self._stat(name, stats.get(name))
            if stat and known.get(name) != stat and until < math.inf:
                if stat[0] > _READ_IN_TIME:
                    continue
                if time.monotonic() > until:
                    unread += 1
                    continue
            self._sound[name] = stat is None or (
                known.get(name) == stat or self._md5(name) == name.removesuffix(".dir")
            )
            if stat and self._sound[name] and stat[1] < now - _YOUNG_NS:
                good[name] = stat
        if any(known.get(name) != stat for name, stat in good.items()):
            # Of more than three times what is looked at, most belong to old commits: start over.
            kept = known if len(known) <= 3 * len(self._sound) else {}
            user_cache.write_entry(self._known_path, kept | good)
        return unread

    def _stat(self, name: str, known: os.stat_result | None) -> list[int] | None:
        """Size and mtime. There are thousands: building a Path takes longer than the stat."""
        try:
            stat = known or os.stat(f"{self._start}{os.sep}{name[:2]}{os.sep}{name[2:]}")  # noqa: PTH116
        except OSError:
            return None
        return [stat.st_size, stat.st_mtime_ns]

    def _md5(self, name: str) -> str:
        path = f"{self._start}{os.sep}{name[:2]}{os.sep}{name[2:]}"
        if not os.path.isfile(path):  # noqa: PTH113 - a text already, for thousands of objects
            return "no file"
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - likewise
            # A file_digest has a buffer of 256 KB made for it, as much as 50 posters.
            if os.fstat(file.fileno()).st_size <= _READ_WHOLE:
                return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
            return hashlib.file_digest(file, "md5").hexdigest()

    def _read_known(self) -> dict[str, list[int]]:
        """Size and mtime that each object had when it was found sound."""
        known = user_cache.read_entry(self._known_path)
        return known if isinstance(known, dict) else {}


def parse_listing(listing: bytes) -> list[str]:
    """The names in the bytes of a folder's listing; none where it is damaged."""
    try:
        entries = json.loads(listing)
        return [str(entry["md5"]) for entry in entries]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
