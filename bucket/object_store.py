"""Objects as files in a folder: found, listed, written as a whole, removed.

The files are the only record. Their hashes are remembered in memory, and computed again where size
or time of a file changed, so that no record can contradict the files.
"""

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bucket import object_names
from bucket.errors import ApiError
from bucket.object_metadata import ListPage, ListQuery, ObjectMetadata
from bucket.partial_file import ObjectHashes, PartialFile

_MAX_REMEMBERED = 65_536  # 41 MB: the objects of 80 attendees
_BLOCK = 1 << 20
_Stamp = tuple[int, int, int, int]


class ObjectStore:
    """The objects below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = object_names.long_path(root)
        self._hashes: OrderedDict[str, tuple[_Stamp, str, str]] = OrderedDict()
        self._lock = threading.Lock()  # listings run in threads

    def find(self, name: str) -> ObjectMetadata | None:
        """The object of that name; None where there is none."""
        path = self._path(name)
        return self._read_metadata(name, path) if path else None

    def list_page(self, query: ListQuery, after: str) -> ListPage:
        """The objects and prefixes that come after ``after``, in order of name."""
        items: list[ObjectMetadata] = []
        prefixes: list[str] = []
        last = after
        while True:
            for name, path in self._names(query, last):
                if len(items) + len(prefixes) == query.limit:
                    return ListPage(items, prefixes, last)
                if prefix := query.prefix_of(name):
                    prefixes.append(prefix)
                    last = prefix
                    break  # start again behind the prefix: the other names below it are skipped
                if metadata := self._read_metadata(name, path):  # else it was removed just now
                    items.append(metadata)
                last = name
            else:
                return ListPage(items, prefixes, None)

    def put(self, partial: PartialFile, name: str) -> ObjectMetadata:
        """Make a complete file the object of that name: others see the old object or the new."""
        path = self._path(name)
        if path is None:
            raise ApiError(400, f"Invalid object name: {name}")
        try:
            self._move(partial, path)
        except (NotADirectoryError, FileExistsError, IsADirectoryError):
            raise _conflict(name) from None
        except OSError as error:
            self._remove_empty_folders(path)
            if isinstance(error, PermissionError) and os.path.isdir(path):
                raise _conflict(name) from None  # Windows says this where a folder has the name
            raise
        self._remember(path, os.stat(path), partial.hashes)
        metadata = self._read_metadata(name, path)
        if metadata is None:
            raise ApiError(503, f"{name} was removed while it was written")
        return metadata

    def remove(self, name: str) -> bool:
        """Remove the object, and the folders that it leaves empty; whether there was one."""
        path = self._path(name)
        if path is None or not os.path.isfile(path):
            return False
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self._remove_empty_folders(path)
        return True

    @staticmethod
    def _move(partial: PartialFile, path: str) -> None:
        for attempt in range(3):
            try:
                # Not os.makedirs: on Windows it does not tell a file in the way from a lost folder.
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                os.replace(partial.path, path)
                return
            except FileNotFoundError:  # a DELETE removed the empty folder in between
                if attempt == 2:
                    raise

    def _remove_empty_folders(self, path: str) -> None:
        folder = os.path.dirname(path)
        with contextlib.suppress(OSError):  # the first one that is not empty ends the loop
            while len(folder) > len(self._root):
                os.rmdir(folder)
                folder = os.path.dirname(folder)

    def _path(self, name: str) -> str | None:
        return os.path.join(self._root, *object_names.encode_name(name))

    def _read_metadata(self, name: str, path: str) -> ObjectMetadata | None:
        try:
            status = os.stat(path)
            if not os.path.isfile(path):
                return None
            md5, crc32c = self._hash(path, status)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return ObjectMetadata(name, path, status.st_size, status.st_mtime_ns // 1000, md5, crc32c)

    def _hash(self, path: str, status: os.stat_result) -> tuple[str, str]:
        with self._lock:
            entry = self._hashes.get(path)
            if entry and entry[0] == _stamp(status):
                self._hashes.move_to_end(path)
                return entry[1:]
        hashes = ObjectHashes()
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                hashes.update(block)
        self._remember(path, status, hashes)
        return hashes.md5, hashes.crc32c

    def _remember(self, path: str, status: os.stat_result, hashes: ObjectHashes) -> None:
        with self._lock:
            self._hashes[path] = (_stamp(status), hashes.md5, hashes.crc32c)
            self._hashes.move_to_end(path)
            if len(self._hashes) > _MAX_REMEMBERED:
                self._hashes.popitem(last=False)

    def _names(self, query: ListQuery, after: str) -> Iterator[tuple[str, str]]:
        """The names of a listing that come after ``after``, in order, with their files."""
        for name, path in self._walk(self._root, "", query, after):
            if query.end and name >= query.end:
                return
            if query.has(name, after):
                yield name, path

    def _walk(
        self, folder: str, base: str, query: ListQuery, after: str
    ) -> Iterator[tuple[str, str]]:
        for name, path, is_folder in sorted(self._entries(folder, base)):
            if not is_folder:
                yield name, path
            elif query.may_have_below(name, after):
                yield from self._walk(path, name, query, after)

    def _entries(self, folder: str, base: str) -> Iterator[tuple[str, str, bool]]:
        """What is in a folder: names (of folders, with a slash at the end), paths, is a folder.

        The names in a folder that continues a long part are sorted among those beside it.
        """
        for entry in scan_folder(folder):
            is_folder = entry.is_dir()
            name = base + object_names.decode_piece(entry.name, is_folder=is_folder)
            if is_folder and entry.name.endswith(object_names.CONTINUED):
                yield from self._entries(entry.path, name)
            elif object_names.is_plain(entry.name) or self._is_own(name, entry):
                yield name, entry.path, is_folder

    def _is_own(self, name: str, entry: "os.DirEntry[str]") -> bool:
        """Whether the server wrote it: what else is there, such as ``.DS_Store``, is no object."""
        pieces = object_names.encode_name(name[:-1] if entry.is_dir() else name)
        return os.path.join(self._root, *pieces) == entry.path


@dataclass(frozen=True)
class Bucket:
    """A bucket: its objects, and whether clients may change them."""

    name: str
    store: ObjectStore
    is_read_only: bool = False

    def check_writable(self) -> None:
        """An ApiError where clients may change nothing."""
        if self.is_read_only:
            raise ApiError(
                403, f"The bucket {self.name} holds the raw data of all, and is read-only."
            )


def scan_folder(folder: str) -> list["os.DirEntry[str]"]:
    """The entries of a folder; none where it was removed meanwhile."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _stamp(status: os.stat_result) -> _Stamp:
    """What changes with a file; ctime and inode show a program that set the mtime back."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _conflict(name: str) -> ApiError:
    return ApiError(
        409,
        f"{name} cannot be kept: this server keeps objects as files, and where one lies nothing"
        " can lie below it",
    )
