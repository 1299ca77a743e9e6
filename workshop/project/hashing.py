"""The md5 of files, many at once: hashlib lets other threads run while it works."""

import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from workshop.project.errors import TrackedPathError

_CHUNK = 2**20
_TEXT_BYTES = bytes(range(32, 127)) + b"\n\r\t\f\b"
_ATTEMPTS = 3
_FILES_A_TASK = 64


@dataclass(frozen=True)
class Hashed:
    """The md5 of a file, and size and mtime (ns) that it had before and after it was read.

    ``settled`` is False when it went on changing while it was read, three times in a row.
    """

    md5: str
    size: int
    mtime: int
    settled: bool


def hash_files(paths: Sequence[str], algorithm: str, workers: int | None = None) -> list[Hashed]:
    """The md5 of each of ``paths``, in their order, by DVC's ``algorithm``, on all cores."""
    tasks = [paths[start : start + _FILES_A_TASK] for start in range(0, len(paths), _FILES_A_TASK)]
    workers = workers or min(16, os.cpu_count() or 1)
    if len(tasks) <= 1 or workers == 1:
        return _hash_all(paths, algorithm)
    # Small tasks from the front of the list keep every core busy until the end, even where the
    # last files are the largest.
    with ThreadPoolExecutor(min(workers, len(tasks))) as pool:
        results = pool.map(_hash_all, tasks, [algorithm] * len(tasks))
        return [hashed for batch in results for hashed in batch]


def _hash_all(paths: Iterable[str], algorithm: str) -> list[Hashed]:
    return [hash_file(path, algorithm) for path in paths]


def hash_file(path: str, algorithm: str) -> Hashed:
    """The md5 of one file; a TrackedPathError when it cannot be read."""
    read = {"md5": _md5, "md5-dos2unix": _md5_dos2unix}.get(algorithm)
    if read is None:
        raise TrackedPathError(
            f"{path}: recorded with the hash {algorithm!r}, which is none for a local file",
            "dvc commit records it anew",
        )
    try:
        for attempt in range(1, _ATTEMPTS + 1):
            md5, before, after = read(path)
            same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
            if same or attempt == _ATTEMPTS:
                break
    except OSError as error:
        raise TrackedPathError(
            f"{path}: cannot be read: {error.strerror or error}",
            "mend or delete it, or list it in .dvcignore",
        ) from None
    return Hashed(md5, after.st_size, after.st_mtime_ns, same)


def _md5(path: str) -> tuple[str, os.stat_result, os.stat_result]:
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        before = _regular(descriptor, path)
        data = os.read(descriptor, min(before.st_size, _CHUNK) + 1)
        digest = hashlib.md5(data, usedforsecurity=False)
        while data:
            data = os.read(descriptor, _CHUNK)
            digest.update(data)
        return digest.hexdigest(), before, os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _md5_dos2unix(path: str) -> tuple[str, os.stat_result, os.stat_result]:
    """As DVC 2: CRLF becomes LF in each mebibyte whose first 512 bytes look like text."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb", opener=_open_without_waiting) as file:
        before = _regular(file.fileno(), path)
        while chunk := file.read(_CHUNK):
            digest.update(chunk.replace(b"\r\n", b"\n") if _is_text(chunk[:512]) else chunk)
        return digest.hexdigest(), before, os.fstat(file.fileno())


_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _open_without_waiting(path: str, flags: int) -> int:
    """A pipe in place of a file must not make us wait for someone to write into it."""
    return os.open(path, flags | _FLAGS)


def _regular(descriptor: int, path: str) -> os.stat_result:
    result = os.fstat(descriptor)
    if not stat.S_ISREG(result.st_mode):
        raise TrackedPathError(f"{path}: no regular file", "delete it or list it in .dvcignore")
    return result


def _is_text(block: bytes) -> bool:
    """As dvc_data/hashfile/istextfile.py: no NUL, and at most 30 % that is not text."""
    if b"\x00" in block:
        return False
    return len(block.translate(None, _TEXT_BYTES)) / len(block) <= 0.30
