"""What was hashed before, kept in the user's cache folder between calls, one file a repository.

SQLite lets two processes use it at once. It only saves time: where the folder cannot be written,
the file is damaged or another process keeps it locked, hashes are computed again without a word.
"""

import contextlib
import hashlib
import os
import sqlite3
import sys
from array import array
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

_VERSION = 1
_TIMEOUT_S = 2.0  # for another process that writes; then hashing anew is quicker
_Key = tuple[str, str]  # an absolute path and an algorithm


class HashRecord(NamedTuple):
    """The hash of a tracked path at the time when its listing had this fingerprint.

    An empty fingerprint never matches: some file was too young for its mtime to be trusted.
    """

    fingerprint: bytes
    md5: str
    size: int
    nfiles: int | None


class FileHashes(NamedTuple):
    """The files of one tracked path, with the md5 of each that can be trusted."""

    names: list[str]
    stats: "array[int]"
    md5s: bytes

    def by_name(self) -> dict[str, tuple[int, int, int, bytes]]:
        """One entry a file; an md5 of zeros says that it is not known."""
        stats = iter(self.stats)  # read three at a time by `zip`
        return {
            name: (inode, size, mtime, self.md5s[16 * i : 16 * i + 16])
            for i, (name, inode, size, mtime) in enumerate(
                zip(self.names, stats, stats, stats, strict=True)
            )
        }

    def pack(self) -> bytes:
        """For the database, as bytes: JSON takes ten times as long to read for 3,000 files."""
        names = os.fsencode("\0".join(self.names))
        return b"".join((len(names).to_bytes(8, "little"), names, self.stats.tobytes(), self.md5s))

    @classmethod
    def unpack(cls, data: bytes) -> "FileHashes":
        """From the database; ValueError when it is not what ``pack`` makes."""
        end = 8 + int.from_bytes(data[:8], "little")
        names = os.fsdecode(data[8:end]).split("\0")
        stats = array("q")
        stats.frombytes(data[end : end + 24 * len(names)])
        md5s = data[end + 24 * len(names) :]
        if len(md5s) != 16 * len(names) or len(stats) != 3 * len(names):
            raise ValueError("not a table of hashes")
        return cls(names, stats, md5s)


class HashStore:
    """The hashes of one repository. Entries are read at once, tables of files when asked for."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._unsaved: dict[_Key, tuple[HashRecord, FileHashes]] = {}

    def get(self, path: str, algorithm: str) -> HashRecord | None:
        """What is known of ``path``."""
        return self._entries.get((path, algorithm))

    def files(self, path: str, algorithm: str) -> FileHashes:
        """The files of ``path`` as they were, empty when nothing is known."""
        unsaved = self._unsaved.get((path, algorithm))
        if unsaved is not None:
            return unsaved[1]
        query = "SELECT files FROM hash WHERE path = ? AND algorithm = ?"
        with self._connection() as database:
            row = database and database.execute(query, (os.fsencode(path), algorithm)).fetchone()
            if row:
                with contextlib.suppress(ValueError):
                    return FileHashes.unpack(row[0])
        return FileHashes([], array("q"), b"")

    def put(self, path: str, algorithm: str, known: HashRecord, files: FileHashes) -> None:
        """Remember; ``save`` writes it to the disk."""
        self._entries[path, algorithm] = known
        self._unsaved[path, algorithm] = (known, files)

    def save(self) -> None:
        """Write what is new to the disk."""
        rows = [
            (os.fsencode(path), algorithm, known.fingerprint, known.md5, known.size, known.nfiles,
             files.pack())
            for (path, algorithm), (known, files) in self._unsaved.items()
        ]  # fmt: skip
        if rows:
            with self._connection(create=True) as database:
                if database:
                    database.executemany("REPLACE INTO hash VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
                    database.commit()
                    self._unsaved.clear()

    @cached_property
    def _entries(self) -> dict[_Key, HashRecord]:
        query = "SELECT path, algorithm, fingerprint, md5, size, nfiles FROM hash"
        with self._connection() as database:
            if database:
                return {
                    (os.fsdecode(row[0]), row[1]): HashRecord(*row[2:])
                    for row in database.execute(query)
                }
        return {}

    @contextlib.contextmanager
    def _connection(self, create: bool = False) -> Iterator[sqlite3.Connection | None]:
        """The database, or None where there is none; an SQLite error in the block is suppressed."""
        database = self._open(create)
        try:
            yield database
        except sqlite3.Error as error:
            self._discard(error)
        finally:
            if database is not None:
                database.close()

    def _open(self, create: bool) -> sqlite3.Connection | None:
        if self._path is None or not (create or self._path.exists()):
            return None
        database = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=_TIMEOUT_S)
            # No wait for the disk at each commit: what a power cut loses is hashed again.
            database.execute("PRAGMA synchronous = OFF")
            if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                database.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            if database is not None:
                database.close()
            self._discard(error)
            return None
        return database

    def _discard(self, error: Exception) -> None:
        """A file that is no database (any more) is deleted; one that is in use is left alone."""
        # "database is locked" is an OperationalError, "file is not a database" is not.
        is_busy = isinstance(error, sqlite3.OperationalError)
        if isinstance(error, sqlite3.DatabaseError) and not is_busy and self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()


_SCHEMA = f"""
DROP TABLE IF EXISTS hash;
CREATE TABLE hash (
    path BLOB, algorithm TEXT, fingerprint BLOB, md5 TEXT, size INTEGER, nfiles INTEGER,
    files BLOB, PRIMARY KEY (path, algorithm)
);
PRAGMA user_version = {_VERSION};
"""


def store_path(root: Path) -> Path:
    """Where the hashes of the repository ``root`` are kept."""
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
    return cache_dir() / "hashes" / f"{name}.sqlite"


def cache_dir() -> Path:
    """The user's cache folder for this program; ``DVC_WORKSHOP_CACHE_DIR`` moves it."""
    if chosen := os.environ.get("DVC_WORKSHOP_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home(), "dvc-workshop", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "dvc-workshop"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "dvc-workshop")
