"""The md5 of files, many at once: hashlib lets other threads run while it works."""

import hashlib
import os
import stat
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from dvcstate.documents.regular_file import FLAGS, is_null_device
from dvcstate.errors import TrackedPathError

_CHUNK = 2**20  # what DVC reads at a time, and so decides on text or no text
_TEXT_BYTES = bytes(range(32, 127)) + b"\n\r\t\f\b"
_ATTEMPTS = 3
# Bytes: to hand a smaller share to a thread takes longer than to hash it.
_MIN_SHARE = 2**18
# To open and close a file takes as long as to hash about so many bytes.
_OPENING_BYTES = 8192


class HashJob(NamedTuple):
    """A file to hash, and the size and mtime (ns) that it was listed with."""

    path: str
    size: int
    mtime: int


FileHash = tuple[str, bool]
"""The md5 of a file, and whether the file was what its listing said."""


def hash_files(jobs: Sequence[HashJob], algorithm: str) -> list[FileHash]:
    """The md5 of each file, in their order, by DVC's ``algorithm``, on all cores."""
    workers = min(16, os.cpu_count() or 1)
    tasks = list(_shares(jobs, workers))
    if len(tasks) <= 1 or workers == 1:
        return _hash_all(jobs, algorithm)
    from concurrent.futures import ThreadPoolExecutor  # a warm status hashes nothing

    with ThreadPoolExecutor(min(workers, len(tasks))) as pool:
        results = pool.map(_hash_all, tasks, [algorithm] * len(tasks))
        return [hashed for batch in results for hashed in batch]


def _shares(jobs: Sequence[HashJob], workers: int) -> Iterator[Sequence[HashJob]]:
    """Parts in order, each three quarters of a worker's share of what is left, by size.

    So there are few of them, and no core waits at the end.
    """
    sums = list(accumulate(size + _OPENING_BYTES for _, size, _ in jobs))
    start = done = 0
    while start < len(jobs):
        share = max((sums[-1] - done) * 3 // (4 * workers), _MIN_SHARE)
        end = bisect_left(sums, done + share, start) + 1
        yield jobs[start:end]
        done = sums[min(end, len(sums)) - 1]
        start = end


def _hash_all(jobs: Sequence[HashJob], algorithm: str) -> list[FileHash]:
    if algorithm == "md5":
        return _md5s(jobs)
    return [_hash_file(job, algorithm) for job in jobs]


def _md5s(jobs: Iterable[HashJob]) -> list[FileHash]:
    """One open, one read, one look whether it is what was listed, and one close a file.

    In one loop, with all names local: a call of ours and an object of ours for each file make it
    10 % slower, names that are looked up in modules 5 %.
    """
    hashes: list[FileHash] = []
    add, md5 = hashes.append, hashlib.md5
    open_file, read, fstat, close = os.open, os.read, os.fstat, os.close
    flags, largest, is_regular = os.O_RDONLY | FLAGS, _CHUNK, stat.S_ISREG
    for job in jobs:
        path, size, mtime = job
        if size > largest:  # one `read` might not return all of it
            add(_hash_file(job, "md5"))
            continue
        try:
            descriptor = open_file(path, flags)
            try:
                data = read(descriptor, size)
                after = fstat(descriptor)
            finally:
                close(descriptor)
        except OSError as error:
            raise _unreadable(path, error) from None
        if after.st_size == size and after.st_mtime_ns == mtime and is_regular(after.st_mode):
            add((md5(data, usedforsecurity=False).hexdigest(), True))
        else:
            add(_hash_file(job, "md5"))
    return hashes


def _hash_file(job: HashJob, algorithm: str) -> FileHash:
    """The md5 of one file, read again where it changes meanwhile, three times at most."""
    if algorithm not in ("md5", "md5-dos2unix"):
        raise TrackedPathError(
            f"{job.path}: recorded with the hash {algorithm!r}, which is none for a local file",
            "dvc commit records it anew",
        )
    try:
        for _ in range(_ATTEMPTS):
            md5, before, after = _digest(job.path, dos2unix=algorithm != "md5")
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                listed = (after.st_size, after.st_mtime_ns) == (job.size, job.mtime)
                return md5, listed
    except OSError as error:
        raise _unreadable(job.path, error) from None
    return md5, False


def _unreadable(path: str, error: OSError) -> TrackedPathError:
    return TrackedPathError(
        f"{path}: cannot be read: {error.strerror or error}",
        "mend or delete it, or list it in .dvcignore",
    )


def _digest(path: str, dos2unix: bool) -> tuple[str, os.stat_result, os.stat_result]:
    """The md5, and the status of the file before and after.

    As DVC 2, ``dos2unix`` makes LF of CRLF in each mebibyte whose first 512 bytes look like text.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb", opener=_open_without_waiting) as file:
        before = _regular_status(file.fileno(), path)
        while chunk := file.read(_CHUNK):
            is_text = dos2unix and _is_text(chunk[:512])
            digest.update(chunk.replace(b"\r\n", b"\n") if is_text else chunk)
        return digest.hexdigest(), before, os.fstat(file.fileno())


def _open_without_waiting(path: str, flags: int) -> int:
    """To open a pipe in the place of a file must not wait for a writer."""
    return os.open(path, flags | FLAGS)


def _regular_status(descriptor: int, path: str) -> os.stat_result:
    status = os.fstat(descriptor)
    # DVC too takes the null device for an empty file.
    if not (stat.S_ISREG(status.st_mode) or is_null_device(status)):
        raise TrackedPathError(f"{path}: no regular file", "delete it or list it in .dvcignore")
    return status


def _is_text(block: bytes) -> bool:
    """As dvc_data/hashfile/istextfile.py: no NUL, and at most 30 % that is not text."""
    if b"\x00" in block:
        return False
    return len(block.translate(None, _TEXT_BYTES)) / len(block) <= 0.30
