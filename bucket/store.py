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

from bucket import names
from bucket.errors import RefusedError
from bucket.hashes import Hashes
from bucket.upload import Upload

_REMEMBERED = 65_536
_BLOCK = 1 << 20
_Stamp = tuple[int, int, int, int]


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

    def prefix_of(self, name: str) -> str | None:
        """What a listing tells in place of the name, None where it tells the name itself."""
        end = name.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return None if end < 0 else name[: end + len(self.delimiter)]

    def has(self, name: str, after: str) -> bool:
        """Whether the listing tells of the name, and that after what it told before."""
        inside = name.startswith(self.prefix) and name >= self.start
        return inside and (self.prefix_of(name) or name) > after

    def may_have_below(self, folder: str, after: str) -> bool:
        """Whether it may have a name that begins with ``folder``, a slash at its end."""
        if self.prefix_of(after) == after and folder.startswith(after):
            return False  # that prefix has been told
        is_near = folder.startswith(self.prefix) or self.prefix.startswith(folder)
        return is_near and (folder > after or after.startswith(folder))


@dataclass(frozen=True)
class Page:
    """Part of a listing; ``after`` is where the next part starts, None at the end."""

    items: list[Held]
    prefixes: list[str]
    after: str | None


class Store:
    """The objects below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = names.long_path(root)
        self._hashes: OrderedDict[str, tuple[_Stamp, str, str]] = OrderedDict()
        self._lock = threading.Lock()  # listings run in threads

    def look(self, name: str) -> Held | None:
        """The object of that name, None where there is none."""
        path = self._path(name)
        return self._held(name, path) if path else None

    def page(self, wanted: Wanted, after: str) -> Page:
        """The objects and prefixes that come after ``after``, in order of name."""
        items: list[Held] = []
        prefixes: list[str] = []
        last = after
        while True:
            for name, path in self._names(wanted, last):
                if len(items) + len(prefixes) == wanted.limit:
                    return Page(items, prefixes, last)
                if told := wanted.prefix_of(name):
                    prefixes.append(told)
                    last = told
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
        try:
            self._put(upload, path)
        except (NotADirectoryError, FileExistsError, IsADirectoryError):
            raise _no_room(name) from None
        except OSError as error:
            self._prune(path)
            if isinstance(error, PermissionError) and os.path.isdir(path):  # noqa: PTH112
                raise _no_room(name) from None  # what Windows says then
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
        self._prune(path)
        return True

    @staticmethod
    def _put(upload: Upload, path: str) -> None:
        for attempt in range(3):
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                os.replace(upload.path, path)  # noqa: PTH105 - a thousand a second
                return
            except FileNotFoundError:  # another server took the empty folder away in between
                if attempt == 2:
                    raise

    def _prune(self, path: str) -> None:
        """Remove the folders of a file that are empty."""
        folder = os.path.dirname(path)  # noqa: PTH120
        with contextlib.suppress(OSError):
            while len(folder) > len(self._root):
                os.rmdir(folder)  # noqa: PTH106
                folder = os.path.dirname(folder)  # noqa: PTH120

    def _path(self, name: str) -> str | None:
        return os.path.join(self._root, *names.encoded(name))  # noqa: PTH118

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
            if known and known[0] == _stamp(status):
                self._hashes.move_to_end(path)
                return known[1:]
        hashes = Hashes()
        with open(path, "rb") as file:  # noqa: PTH123
            while block := file.read(_BLOCK):
                hashes.update(block)
        self._remember(path, status, hashes)
        return hashes.md5, hashes.crc32c

    def _remember(self, path: str, status: os.stat_result, hashes: Hashes) -> None:
        entry = (_stamp(status), hashes.md5, hashes.crc32c)
        with self._lock:
            self._hashes[path] = entry
            self._hashes.move_to_end(path)
            if len(self._hashes) > _REMEMBERED:
                self._hashes.popitem(last=False)

    def _names(self, wanted: Wanted, after: str) -> Iterator[tuple[str, str]]:
        """The names that are ``wanted`` and come after ``after``, in order, with their files."""
        for name, path in self._walk(self._root, "", wanted, after):
            if wanted.end and name >= wanted.end:
                return
            if wanted.has(name, after):
                yield name, path

    def _walk(
        self, folder: str, base: str, wanted: Wanted, after: str
    ) -> Iterator[tuple[str, str]]:
        for name, path, is_folder in sorted(self._entries(folder, base)):
            if not is_folder:
                yield name, path
            elif wanted.may_have_below(name, after):
                yield from self._walk(path, name, wanted, after)

    def _entries(self, folder: str, base: str) -> Iterator[tuple[str, str, bool]]:
        """What is in a folder: names, those of folders with a slash at the end, and paths.

        A folder in which a long part goes on has names that come between those beside it.
        """
        for entry in scanned(folder):
            is_folder = entry.is_dir()
            name = base + names.decoded(entry.name, is_folder=is_folder)
            if is_folder and entry.name.endswith(names.CONTINUED):
                yield from self._entries(entry.path, name)
            elif names.is_plain(entry.name) or self._is_own(name, entry):
                yield name, entry.path, is_folder

    def _is_own(self, name: str, entry: "os.DirEntry[str]") -> bool:
        """Whether that is how the name is kept: what a system leaves in a folder is no object."""
        pieces = names.encoded(name[:-1] if entry.is_dir() else name)
        return os.path.join(self._root, *pieces) == entry.path  # noqa: PTH118


def _stamp(status: os.stat_result) -> _Stamp:
    """What changes with a file; ctime and inode tell of a program that puts the mtime back."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def scanned(folder: str) -> list["os.DirEntry[str]"]:
    """The entries of a folder; none where it was removed meanwhile."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _no_room(name: str) -> RefusedError:
    return RefusedError(
        409,
        f"{name} cannot be kept: this server keeps objects as files, and where one lies nothing"
        " can lie below it",
    )
