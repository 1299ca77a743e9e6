"""Whether DVC's cache holds what the lock files name, as ``dvc status`` looks at it.

DVC takes an object of mode 0444 for what its name says and hashes any other (and deletes it when
it is something else, which we leave to DVC). Objects by DVC 2 are in the cache folder itself.
"""

import json
import operator
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dvcstate.documents import regular_file
from dvcstate.errors import ErrorKind, TrackedPathError
from dvcstate.hashes.changed_paths import ChangedPaths
from dvcstate.hashes.worktree import Worktree
from dvcstate.model import Out, RecordedHash

_PROTECTED = 0o444  # on Windows, the mode of a file that is read-only
Shards = dict[str, list[str]]
"""The names of objects by the first two digits of their md5, which name a folder."""

OutKey = tuple[str, str, str | None]
"""Path, algorithm and md5: two stages may claim one path, with other records of it."""

# From the descriptor of a shard's folder, the kernel need not resolve its path for each object.
_BY_DESCRIPTOR = os.stat in os.supports_dir_fd
_FOLDER = os.O_RDONLY | regular_file.FLAGS | getattr(os, "O_DIRECTORY", 0)
# Bytes: the listing of some five million files.
_MAX_LISTING = 2**29
_FIX = "delete it, then: dvc pull, or where no remote has it: dvc repro"


class _CachedListing(NamedTuple):
    """The objects that one recorded folder is made of, and the stamp of the file that says so."""

    stamp: tuple[int, int, int]
    shards: Shards


class ObjectCache:
    """The cache in ``folder``; it remembers the listings of folders from call to call.

    ``keeps_stats``: what the last look saw of the objects by DVC 3 stays in ``stats``, by md5.
    """

    def __init__(self, folder: Path, keeps_stats: bool = False) -> None:
        self.folder = folder
        self._folder = {"md5": str(folder / "files" / "md5"), "md5-dos2unix": str(folder)}
        self._listings: dict[tuple[str, str], _CachedListing] = {}
        self._files: dict[str, Shards] = {}
        self._is_missing: dict[OutKey, bool] = {}
        self._unions: dict[str, tuple[list[Shards], Shards]] = {}
        self._keeps_stats = keeps_stats
        self.stats: dict[str, os.stat_result] = {}

    def missing(
        self, outs: Iterable[Out], worktree: Worktree, changed: ChangedPaths
    ) -> set[OutKey]:
        """The keys of those ``outs`` that are not (wholly) in the cache.

        An out that ``changed`` does not affect is as it was; one that it does is looked at, for its
        files may be hard links into the cache.
        """
        outs = list(outs)
        self.stats.clear()
        if changed.is_everything:
            self._is_missing.clear()
        pending = [
            out
            for out in outs
            if out_key(out) not in self._is_missing or changed.affects(str(out.place))
        ]
        missing = self._look_up(pending, worktree)
        self._is_missing.update({out_key(out): out_key(out) in missing for out in pending})
        return {key for key in map(out_key, outs) if self._is_missing[key]}

    def holds(self, md5s: Iterable[str], worktree: Worktree) -> bool:
        """Whether all these objects by DVC 2 are there."""
        shards = _shards(md5s)
        return not self._find_bad("md5-dos2unix", {("", "", None): shards}, worktree)

    def _look_up(self, outs: list[Out], worktree: Worktree) -> set[OutKey]:
        needed: dict[str, dict[OutKey, Shards]] = {}
        missing: set[OutKey] = set()
        for out in outs:
            shards = self._objects(out.recorded)
            if shards is None:
                missing.add(out_key(out))
            else:
                needed.setdefault(_kind(out.recorded), {})[out_key(out)] = shards
        for algorithm, by_out in needed.items():
            missing |= self._find_bad(algorithm, by_out, worktree)
        return missing

    def _find_bad(
        self, algorithm: str, by_out: dict[OutKey, Shards], worktree: Worktree
    ) -> set[OutKey]:
        """The outs with an object that is absent or corrupt."""
        bad: set[tuple[str, str]] = set()
        for shard, names in self._union(algorithm, by_out).items():
            absent, unprotected = self._look(algorithm, shard, names)
            bad.update((shard, name) for name in absent)
            bad.update((shard, n) for n in self._corrupt(algorithm, shard, unprotected, worktree))
        if not bad:
            return set()
        return {
            key
            for key, shards in by_out.items()
            if any((shard, name) in bad for shard, names in shards.items() for name in names)
        }

    def _union(self, algorithm: str, by_out: dict[OutKey, Shards]) -> Shards:
        """The objects of all outs, each once; the same as last time while the outs are."""
        outs = list(by_out.values())
        known = self._unions.get(algorithm)
        if known and len(known[0]) == len(outs) and all(map(operator.is_, known[0], outs)):
            return known[1]
        union: dict[str, dict[str, None]] = {}
        for shards in outs:
            for shard, names in shards.items():
                union.setdefault(shard, {}).update(dict.fromkeys(names))
        result = {shard: list(names) for shard, names in union.items()}
        self._unions[algorithm] = (outs, result)
        return result

    def _look(self, algorithm: str, shard: str, names: list[str]) -> tuple[list[str], list[str]]:
        """Those of ``names`` that are not there, and those that DVC would hash."""
        folder = f"{self._folder[algorithm]}{os.sep}{shard}"
        descriptor = None
        try:
            descriptor = os.open(folder, _FOLDER) if _BY_DESCRIPTOR else None
        except FileNotFoundError:
            return names, []
        except (OSError, ValueError) as error:  # a NUL in its name
            raise _damaged_error(folder, error) from None
        try:
            stats = _stat_objects(folder, descriptor, names)
        finally:
            if descriptor is not None:
                os.close(descriptor)
        if self._keeps_stats and algorithm == "md5":
            self.stats.update({shard + name: status for name, status in stats.items()})
        return [name for name in names if name not in stats], _unprotected(folder, stats)

    def _corrupt(
        self, algorithm: str, shard: str, names: list[str], worktree: Worktree
    ) -> list[str]:
        prefix = f"{self._folder[algorithm]}{os.sep}{shard}{os.sep}"
        hashes = worktree.hashes((prefix + name, algorithm) for name in names)
        return [
            name
            for name in names
            if hashes[prefix + name, algorithm].md5 != shard + name.partition(".")[0]
        ]

    def _objects(self, recorded: RecordedHash) -> Shards | None:
        """The names of the objects, by shard; None when the listing of the folder is not there."""
        md5 = recorded.md5 or ""
        if recorded.files:  # listed in the lock itself; DVC wants the listing cached too
            md5s = [each for file in recorded.files if isinstance(each := file.get("md5"), str)]
            if len(md5s) < len(recorded.files):
                raise TrackedPathError(
                    "the files of a folder are listed without an md5", "dvc commit records it anew"
                )
            return _shards([*md5s, md5])
        if md5.endswith(".dir"):
            return self._listed_objects(_kind(recorded), md5)
        _refuse_unusable(md5)
        return self._files.setdefault(md5, _shards([md5]))  # the same object: see `_union`

    def _listed_objects(self, kind: str, md5: str) -> Shards | None:
        path = os.path.join(self._folder[kind], md5[:2], md5[2:])
        try:
            status = os.stat(path)
            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
            listing = self._listings.get((kind, md5))
            if listing is None or listing.stamp != stamp:
                listing = _CachedListing(stamp, _read_listing(path, md5))
                self._listings[kind, md5] = listing
        except (FileNotFoundError, ValueError, _CorruptError):  # DVC swallows a NUL here only
            return None
        except OSError as error:
            raise _damaged_error(path, error) from None
        return listing.shards


def out_key(out: Out) -> OutKey:
    """What tells one out from another."""
    return out.path, out.recorded.algorithm, out.recorded.md5


def _kind(recorded: RecordedHash) -> str:
    """Which of the two caches: all but what DVC 2 recorded is in the newer one."""
    return "md5-dos2unix" if recorded.algorithm == "md5-dos2unix" else "md5"


def _shards(md5s: Iterable[str]) -> Shards:
    shards: Shards = {}
    for md5 in md5s:
        shards.setdefault(md5[:2], []).append(md5[2:])
    return shards


def _stat_objects(
    folder: str, descriptor: int | None, names: list[str]
) -> dict[str, os.stat_result]:
    """Of those that are there."""
    stats: dict[str, os.stat_result] = {}
    prefix = "" if descriptor is not None else folder + os.sep
    for name in names:
        try:  # a hash that was edited may hold a slash, and lead anywhere from a descriptor
            path = f"{folder}{os.sep}{name}" if "/" in name else prefix + name
            stats[name] = os.stat(path, dir_fd=descriptor)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise _damaged_error(f"{folder}{os.sep}{name}", error) from None
    return stats


def _unprotected(folder: str, stats: dict[str, os.stat_result]) -> list[str]:
    names = []
    for name, status in stats.items():
        mode = status[0]
        if mode & 0o7777 != _PROTECTED:  # set-uid and sticky bits too make DVC hash it
            if stat.S_ISDIR(mode):
                raise _damaged_error(
                    f"{folder}{os.sep}{name}", IsADirectoryError(21, "Is a directory")
                )
            names.append(name)
    return names


def _refuse_unusable(md5: str) -> None:
    try:
        usable = b"\0" not in os.fsencode(md5)
    except UnicodeEncodeError:
        usable = False
    if not usable:
        raise TrackedPathError(
            f"the recorded hash {md5!r} is none", "dvc commit records it anew, or: git checkout"
        )


def _damaged_error(path: str, error: Exception) -> TrackedPathError:
    why = getattr(error, "strerror", None) or str(error)
    return TrackedPathError(
        f"{path}: DVC's cache is damaged there: {why}", _FIX, kind=ErrorKind.DAMAGED_CACHE
    )


class _CorruptError(Exception):
    """The listing of a folder is no JSON list."""


def _read_listing(path: str, md5: str) -> Shards:
    """The objects of a folder whose listing is in ``path``; an OSError where DVC would end too."""
    content = regular_file.read(path, _MAX_LISTING)
    try:
        entries = json.loads(content.decode("utf-8"))
    except ValueError:
        raise _CorruptError from None
    except RecursionError:
        raise OSError(0, "it is nested too deeply to be a listing") from None
    if not isinstance(entries, list):
        raise _CorruptError
    if not all(map(_is_entry, entries)):
        raise OSError(0, "it is no listing of a folder")
    return _shards([md5, *(entry["md5"] for entry in entries)])


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    md5, name = entry.get("md5"), entry.get("relpath")
    if not isinstance(md5, str) or not isinstance(name, str):
        return False
    return md5.isascii() and "\0" not in md5
