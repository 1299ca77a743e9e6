"""The hashes that tracked files and folders have now, for as little work as possible."""

import hashlib
import os
import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii

from dvcstate.dvcignore import DvcIgnore
from dvcstate.hashes import listing
from dvcstate.hashes.changed_paths import Touched
from dvcstate.hashes.file_hashing import Job, hash_files
from dvcstate.hashes.hash_store import FileHashes, HashStore, Known
from dvcstate.hashes.listing import Listing

YOUNG_NS = 2_000_000_000
"""A file whose mtime is this close to the time of hashing may change without a new mtime (FAT
counts in steps of 2 s, ext4 in steps of 4 ms), so its hash is computed again the next time. git
calls such an entry racy."""

_UNKNOWN = bytes(16)
Wanted = tuple[str, str]
"""An absolute path and the algorithm of its hash."""


@dataclass
class _Pending:
    """A tracked path that differs from what is known of it.

    ``md5s`` has one entry for each of ``kept``, None until it is hashed; those at ``untrusted``
    are right now but may not be next time.
    """

    wanted: Wanted
    found: Listing
    kept: list[int]
    md5s: list[str | None]
    untrusted: set[int]

    def job(self, position: int) -> Job:
        """The file whose hash is to be ``md5s[position]``."""
        index = self.kept[position]
        _, size, mtime = self.found.stat(index)
        path = self.wanted[0]
        if self.found.is_folder:
            path = f"{path}{os.sep}{self.found.names[index]}"
        return Job(path, size, mtime)


class Worktree:
    """Looks at tracked paths; what it learns goes into ``store``.

    Between two calls of ``begin`` each path is looked at once. A path with links in it is looked
    at again after each, for nobody watches where they lead.
    """

    def __init__(self, store: HashStore, workers: int | None = None) -> None:
        self._store = store
        self._workers = workers
        self._latest: dict[Wanted, Known] = {}
        self._linked: set[Wanted] = set()
        self._md5s: dict[Wanted, list[str]] = {}

    def begin(self, ignore: DvcIgnore, touched: Touched) -> None:
        """From here on, what ``touched`` affects is looked at again; all else is as it was."""
        self._ignore = ignore
        self._md5s.clear()
        self._latest = {
            wanted: known
            for wanted, known in self._latest.items()
            if wanted not in self._linked and not touched.affects(wanted[0])
        }

    def file_md5s(self, wanted: Wanted) -> list[str]:
        """The md5 of each file in a folder that ``hashes`` has looked at."""
        if wanted in self._md5s:
            return self._md5s[wanted]
        md5s = self._store.files(*wanted).md5s
        return [md5s[start : start + 16].hex() for start in range(0, len(md5s), 16)]

    def hashes(self, wanted: Iterable[Wanted]) -> dict[Wanted, Known]:
        """The hash of each path, all of which exist; a TrackedPathError names one that has none."""
        started = time.time_ns()
        result: dict[Wanted, Known] = {}
        pending: list[_Pending] = []
        for path, algorithm in dict.fromkeys(wanted):
            latest = self._latest.get((path, algorithm))
            if latest is not None:
                result[path, algorithm] = latest
                continue
            found = self._listing(path)
            if found.has_links:
                self._linked.add((path, algorithm))
            known = self._store.get(path, algorithm)
            if known is not None and known.fingerprint == found.fingerprint:
                result[path, algorithm] = known
            else:
                pending.append(self._compared((path, algorithm), found))
        self._hash(pending, started)
        for one in pending:
            known, files = _summary(one)
            self._store.put(*one.wanted, known, files)
            self._md5s[one.wanted] = [md5 or "" for md5 in one.md5s]
            result[one.wanted] = known
        self._latest |= result
        return result

    def _listing(self, path: str) -> Listing:
        if os.path.isdir(path):
            return listing.of_folder(path, self._ignore)
        return listing.of_file(path)

    def _compared(self, wanted: Wanted, found: Listing) -> _Pending:
        """Which files are as they were; the others have no md5 yet."""
        path, algorithm = wanted
        kept = listing.kept(path, found, self._ignore) if found.is_folder else [0]
        before = self._store.files(path, algorithm).by_name()
        md5s: list[str | None] = []
        for index in kept:
            known = before.get(found.names[index])
            same = known and known[3] != _UNKNOWN and known[:3] == found.stat(index)
            md5s.append(known[3].hex() if known and same else None)
        return _Pending(wanted, found, kept, md5s, set())

    def _hash(self, pending: list[_Pending], started: int) -> None:
        """Hash what has to be, the files of all tracked paths together so that no core waits."""
        for algorithm in {one.wanted[1] for one in pending}:
            jobs = [
                (one, position)
                for one in pending
                if one.wanted[1] == algorithm
                for position, md5 in enumerate(one.md5s)
                if md5 is None
            ]
            files = [one.job(position) for one, position in jobs]
            hashes = hash_files(files, algorithm, self._workers)
            now = time.time_ns()
            for (one, position), (md5, as_listed) in zip(jobs, hashes, strict=True):
                one.md5s[position] = md5
                _, _, mtime = one.found.stat(one.kept[position])
                young = started - YOUNG_NS < mtime < now + YOUNG_NS
                if young or not as_listed:
                    one.untrusted.add(position)


def _summary(one: _Pending) -> tuple[Known, FileHashes]:
    """The hash of the whole as DVC computes it, and the table of single files."""
    names = [one.found.names[index] for index in one.kept]
    md5s = [md5 or "" for md5 in one.md5s]
    stats = array("q")
    for index in one.kept:
        stats += one.found.stats[3 * index : 3 * index + 3]
    trusted = [_UNKNOWN if p in one.untrusted else bytes.fromhex(m) for p, m in enumerate(md5s)]
    fingerprint = b"" if one.untrusted else one.found.fingerprint
    size = sum(stats[1::3])
    if one.found.is_folder:
        known = Known(fingerprint, folder_md5(names, md5s), size, len(names))
    else:
        known = Known(fingerprint, md5s[0], size, None)
    return known, FileHashes(names, stats, b"".join(trusted))


def folder_md5(names: list[str], md5s: list[str]) -> str:
    """DVC's hash of a folder: the md5 of a JSON list of its files, sorted by name as text."""
    entries = ", ".join(
        f'{{"md5": "{md5}", "relpath": {encode_basestring_ascii(name)}}}'
        for name, md5 in sorted(zip(names, md5s, strict=True))
    )
    return hashlib.md5(f"[{entries}]".encode(), usedforsecurity=False).hexdigest() + ".dir"
