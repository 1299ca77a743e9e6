"""Objects as files in a folder: looked at, listed, written whole or not at all, removed.

The files are the truth. What is known of their bytes (hashes) is remembered in memory alone and
taken again where size or time of a file changed, so that no record can contradict them.
"""

import contextlib
import mimetypes
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workshop.bucket import names
from workshop.bucket.errors import RefusedError
from workshop.bucket.hashes import Hashes
from workshop.bucket.upload import Upload

_REMEMBERED = 65_536
_BLOCK = 1 << 20
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Held:
    """An object: ``md5`` and ``crc32c`` in base64, ``generation`` in microseconds since 1970."""

    name: str
    path: str
    size: int
    generation: int
    md5: str
    crc32c: str

    @property
    def content_type(self) -> str:
        """By its name, as a browser would want it."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(frozen=True)
class Wanted:
    """What a listing is of: names from ``start`` on that come before ``end``, if these are given.

    Names that have the ``delimiter`` after their ``prefix`` are told by what comes up to it.
    """

    prefix: str
    delimiter: str
    start: str
    end: str
    limit: int


@dataclass(frozen=True)
class Page:
    """Part of a listing; ``after`` is where the next part starts, None at the end."""

    items: list[Held]
    prefixes: list[str]
    after: str | None


class Store:
    """The objects below ``root``; ``below`` is the beginning that all their names share.

    ``is_literal``: file names are object names as they are, for a folder that others fill.
    """

    def __init__(self, root: Path, *, below: str = "", is_literal: bool = False) -> None:
        self._root = _long(root)
        self._below = below
        self._is_literal = is_literal
        self._hashes: OrderedDict[str, tuple[int, int, str, str]] = OrderedDict()
        self._lock = threading.Lock()  # listings run in threads

    def look(self, name: str) -> Held | None:
        """The object of that name, None where there is none."""
        path = self._path(name)
        return self._held(name, path) if path else None

    def page(self, wanted: Wanted, after: str) -> Page:
        """The objects and prefixes that come after ``after``, in order of name."""
        prefix, delimiter, limit = wanted.prefix, wanted.delimiter, wanted.limit
        items: list[Held] = []
        prefixes: list[str] = []
        last = after
        while True:
            for name, path in self._names(wanted, last):
                if len(items) + len(prefixes) == limit:
                    return Page(items, prefixes, last)
                end = name.find(delimiter, len(prefix)) if delimiter else -1
                if end >= 0:
                    prefixes.append(name[: end + len(delimiter)])
                    last = prefixes[-1] + _LAST
                    break  # none of the others below that prefix is of interest
                if held := self._held(name, path):  # else it was removed just now
                    items.append(held)
                last = name
            else:
                return Page(items, prefixes, None)

    def keep(self, upload: Upload, name: str) -> Held:
        """Put an upload in its place in one step: others see the old object or the new one."""
        path = self._path(name)
        if path is None:
            raise RefusedError(400, f"Invalid object name: {name}")
        for attempt in range(3):
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                os.replace(upload.path, path)  # noqa: PTH105 - a thousand a second
                break
            except FileNotFoundError:  # a removal took the empty folder away in between
                if attempt == 2:
                    raise
            except (NotADirectoryError, FileExistsError, IsADirectoryError):
                raise _no_room(name) from None
            except PermissionError:
                if Path(path).is_dir():  # what Windows says then
                    raise _no_room(name) from None
                raise
        self._remember(path, os.stat(path), upload.hashes)  # noqa: PTH116
        held = self._held(name, path)
        if held is None:
            raise RefusedError(503, f"{name} was removed while it was written")
        return held

    def remove(self, name: str) -> bool:
        """Remove the object, and the folders that it leaves empty; whether there was one."""
        path = self._path(name)
        if path is None or not os.path.isfile(path):  # noqa: PTH113
            return False
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108
        folder = os.path.dirname(path)  # noqa: PTH120
        with contextlib.suppress(OSError):
            while len(folder) > len(self._root):
                os.rmdir(folder)  # noqa: PTH106
                folder = os.path.dirname(folder)  # noqa: PTH120
        return True

    def _path(self, name: str) -> str | None:
        if not name.startswith(self._below):
            return None
        inner = name[len(self._below) :]
        parts = names.literal(inner) if self._is_literal else names.encoded(inner)
        return os.path.join(self._root, *parts) if parts else None  # noqa: PTH118

    def _held(self, name: str, path: str) -> Held | None:
        try:
            status = os.stat(path)  # noqa: PTH116
            if not os.path.isfile(path):  # noqa: PTH113
                return None
            md5, crc32c = self._hashed(path, status)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Held(name, path, status.st_size, status.st_mtime_ns // 1000, md5, crc32c)

    def _hashed(self, path: str, status: os.stat_result) -> tuple[str, str]:
        with self._lock:
            known = self._hashes.get(path)
            if known and known[:2] == (status.st_size, status.st_mtime_ns):
                self._hashes.move_to_end(path)
                return known[2:]
        hashes = Hashes()
        with open(path, "rb") as file:  # noqa: PTH123
            while block := file.read(_BLOCK):
                hashes.update(block)
        self._remember(path, status, hashes)
        return hashes.md5, hashes.crc32c

    def _remember(self, path: str, status: os.stat_result, hashes: Hashes) -> None:
        entry = (status.st_size, status.st_mtime_ns, hashes.md5, hashes.crc32c)
        with self._lock:
            self._hashes[path] = entry
            self._hashes.move_to_end(path)
            if len(self._hashes) > _REMEMBERED:
                self._hashes.popitem(last=False)

    def _names(self, wanted: Wanted, after: str) -> Iterator[tuple[str, str]]:
        """The names that are ``wanted`` and come after ``after``, in order, with their files."""
        for name, path in self._walk(self._root, self._below, wanted.prefix, after):
            if wanted.end and name >= wanted.end:
                return
            if name.startswith(wanted.prefix) and name > after and name >= wanted.start:
                yield name, path

    def _walk(self, folder: str, base: str, prefix: str, after: str) -> Iterator[tuple[str, str]]:
        try:
            with os.scandir(folder) as entries:
                found = sorted(
                    self._named(base, entry) for entry in entries if self._is_shown(entry)
                )
        except (FileNotFoundError, NotADirectoryError):
            return
        for name, path, is_folder in found:
            if not is_folder:
                yield name, path
            elif _may_hold(name, prefix) and name + _LAST > after:
                yield from self._walk(path, name, prefix, after)

    def _named(self, base: str, entry: os.DirEntry[str]) -> tuple[str, str, bool]:
        is_folder = entry.is_dir()
        if self._is_literal:
            added = f"{entry.name}/" if is_folder else entry.name
        else:
            added = names.decoded(entry.name, is_folder=is_folder)
        return base + added, entry.path, is_folder

    def _is_shown(self, entry: os.DirEntry[str]) -> bool:
        return not self._is_literal or names.literal(entry.name) is not None


def _may_hold(folder: str, prefix: str) -> bool:
    return folder.startswith(prefix) or prefix.startswith(folder)


def _no_room(name: str) -> RefusedError:
    return RefusedError(
        409,
        f"{name} cannot be kept: this server keeps objects as files, and where one lies nothing"
        " can lie below it",
    )


def _long(root: Path) -> str:
    """The absolute path, in the form in which Windows takes more than 260 letters."""
    path = os.path.abspath(root)  # noqa: PTH100 - links stay
    if os.name != "nt" or path.startswith("\\\\"):
        return path
    return f"\\\\?\\{path}"
