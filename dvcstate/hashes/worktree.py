"""The hashes that tracked files and folders have now, for as little work as possible."""

import os
import time
from array import array
from collections.abc import Iterable
from typing import NamedTuple

from dvcstate.dvcignore import DvcIgnore
from dvcstate.hashes import folder_listing
from dvcstate.hashes.changed_paths import ChangedPaths
from dvcstate.hashes.file_hashing import HashJob, hash_files
from dvcstate.hashes.folder_hash import folder_md5
from dvcstate.hashes.folder_listing import Listing
from dvcstate.hashes.hash_store import FileHashes, HashRecord, HashStore

# A file whose mtime is this close to the time of hashing may change without a new mtime (FAT
# counts in steps of 2 s, ext4 in steps of 4 ms), so its hash is computed again the next time. Git
# calls such an entry "racily clean".
YOUNG_NS = 2_000_000_000

_UNKNOWN = bytes(16)
HashKey = tuple[str, str]
"""An absolute path and the algorithm of its hash."""


class _StalePath(NamedTuple):
    """A tracked path that differs from what is known of it.

    ``md5s`` has one entry for each of ``kept``, None until it is hashed; those at ``untrusted``
    are right now but may not be next time.
    """

    key: HashKey
    listing: Listing
    kept: list[int]
    md5s: list[str | None]
    untrusted: set[int]

    def job(self, position: int) -> HashJob:
        """The file whose hash is to be ``md5s[position]``."""
        index = self.kept[position]
        _, size, mtime = self.listing.stat(index)
        path = self.key[0]
        if self.listing.is_folder:
            path = f"{path}{os.sep}{self.listing.names[index]}"
        return HashJob(path, size, mtime)


class Worktree:
    """Looks at tracked paths; what it learns goes into ``store``.

    Between two calls of ``begin`` each path is looked at once. A path with links in it is looked
    at again after each, for nobody watches where they lead.
    """

    def __init__(self, store: HashStore) -> None:
        self._store = store
        self._latest: dict[HashKey, HashRecord] = {}
        self._linked: set[HashKey] = set()
        self._md5s: dict[HashKey, list[str]] = {}

    def begin(self, ignore: DvcIgnore, changed: ChangedPaths) -> None:
        """From here on, what ``changed`` affects is looked at again; all else is as it was."""
        self._ignore = ignore
        self._md5s.clear()
        self._latest = {
            key: known
            for key, known in self._latest.items()
            if key not in self._linked and not changed.affects(key[0])
        }

    def file_md5s(self, key: HashKey) -> list[str]:
        """The md5 of each file in a folder that ``hashes`` has looked at."""
        if key in self._md5s:
            return self._md5s[key]
        md5s = self._store.files(*key).md5s
        return [md5s[start : start + 16].hex() for start in range(0, len(md5s), 16)]

    def hashes(self, keys: Iterable[HashKey]) -> dict[HashKey, HashRecord]:
        """The hash of each path, all of which exist; a TrackedPathError names one that has none."""
        started = time.time_ns()
        result: dict[HashKey, HashRecord] = {}
        stale: list[_StalePath] = []
        for key in dict.fromkeys(keys):
            latest = self._latest.get(key)
            if latest is not None:
                result[key] = latest
                continue
            listing = self._list(key[0])
            if listing.has_links:
                self._linked.add(key)
            known = self._store.get(*key)
            if known is not None and known.fingerprint == listing.fingerprint:
                result[key] = known
            else:
                stale.append(self._compare(key, listing))
        self._hash(stale, started)
        for path in stale:
            record, files = _summary(path)
            self._store.put(*path.key, record, files)
            self._md5s[path.key] = [md5 or "" for md5 in path.md5s]
            result[path.key] = record
        self._latest |= result
        return result

    def _list(self, path: str) -> Listing:
        if os.path.isdir(path):
            return folder_listing.of_folder(path, self._ignore)
        return folder_listing.of_file(path)

    def _compare(self, key: HashKey, listing: Listing) -> _StalePath:
        """Which files are as they were; the others have no md5 yet."""
        path, algorithm = key
        kept = (
            folder_listing.unignored_indices(path, listing, self._ignore)
            if listing.is_folder
            else [0]
        )
        before = self._store.files(path, algorithm).by_name()
        md5s: list[str | None] = []
        for index in kept:
            known = before.get(listing.names[index])
            same = known and known[3] != _UNKNOWN and known[:3] == listing.stat(index)
            md5s.append(known[3].hex() if known and same else None)
        return _StalePath(key, listing, kept, md5s, set())

    def _hash(self, stale: list[_StalePath], started: int) -> None:
        """Hash what has to be, the files of all tracked paths together so that no core waits."""
        for algorithm in {path.key[1] for path in stale}:
            jobs = [
                (path, position)
                for path in stale
                if path.key[1] == algorithm
                for position, md5 in enumerate(path.md5s)
                if md5 is None
            ]
            hashes = hash_files([path.job(position) for path, position in jobs], algorithm)
            now = time.time_ns()
            for (path, position), (md5, as_listed) in zip(jobs, hashes, strict=True):
                path.md5s[position] = md5
                _, _, mtime = path.listing.stat(path.kept[position])
                young = started - YOUNG_NS < mtime < now + YOUNG_NS
                if young or not as_listed:
                    path.untrusted.add(position)


def _summary(path: _StalePath) -> tuple[HashRecord, FileHashes]:
    """The hash of the whole as DVC computes it, and the table of single files."""
    names = [path.listing.names[index] for index in path.kept]
    md5s = [md5 or "" for md5 in path.md5s]
    stats = array("q")
    for index in path.kept:
        stats += path.listing.stats[3 * index : 3 * index + 3]
    trusted = [_UNKNOWN if p in path.untrusted else bytes.fromhex(m) for p, m in enumerate(md5s)]
    fingerprint = b"" if path.untrusted else path.listing.fingerprint
    size = sum(stats[1::3])
    if path.listing.is_folder:
        record = HashRecord(fingerprint, folder_md5(names, md5s), size, len(names))
    else:
        record = HashRecord(fingerprint, md5s[0], size, None)
    return record, FileHashes(names, stats, b"".join(trusted))
