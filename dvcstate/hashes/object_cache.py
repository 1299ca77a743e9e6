"""Whether DVC's cache holds what the lock files name, as ``dvc status`` looks at it.

DVC takes an object of mode 0444 for what its name says and hashes any other (and deletes it when
it is something else, which we leave to DVC). Objects by DVC 2 lie in the cache folder itself.
"""

import json
import operator
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dvcstate.documents import regular_file
from dvcstate.errors import TrackedPathError
from dvcstate.hashes.changed_paths import Touched
from dvcstate.hashes.worktree import Worktree, folder_md5
from dvcstate.model import Out, Recorded

_PROTECTED = 0o444
Shards = dict[str, list[str]]
"""The names of objects by the first two digits of their md5, which name a folder."""

OutKey = tuple[str, str, str | None]
"""Path, algorithm and md5: two stages may claim one path, with other records of it."""

_BY_DESCRIPTOR = os.stat in os.supports_dir_fd
_FOLDER = os.O_RDONLY | regular_file.FLAGS | getattr(os, "O_DIRECTORY", 0)
_MAX_LISTING = 2**29
"""Bytes: the listing of some five million files."""
_MEND = "delete it, then: dvc pull, or where no remote has it: dvc repro"


@dataclass(frozen=True)
class _Tree:
    """The objects that one recorded folder is made of."""

    key: tuple[int, int, int]
    shards: Shards


class ObjectCache:
    """The cache in ``folder``; it remembers the listings of folders from call to call."""

    def __init__(self, folder: Path) -> None:
        self._folder = {"md5": str(folder / "files" / "md5"), "md5-dos2unix": str(folder)}
        self._trees: dict[tuple[str, str], _Tree] = {}
        self._files: dict[str, Shards] = {}
        self._latest: dict[OutKey, bool] = {}
        self._unions: dict[str, tuple[list[Shards], Shards]] = {}

    def missing(self, outs: Iterable[Out], worktree: Worktree, touched: Touched) -> set[OutKey]:
        """The keys of those ``outs`` that are not (wholly) in the cache.

        An out that ``touched`` does not affect is as it was; one that it does is looked at, for its
        files may be hard links into the cache.
        """
        outs = list(outs)
        if touched.everything:
            self._latest.clear()
        pending = [
            out
            for out in outs
            if key_of(out) not in self._latest or touched.affects(str(out.place))
        ]
        absent = self._absent(pending, worktree)
        self._latest.update({key_of(out): key_of(out) in absent for out in pending})
        return {key for key in map(key_of, outs) if self._latest[key]}

    def _absent(self, outs: list[Out], worktree: Worktree) -> set[OutKey]:
        wanted: dict[str, dict[OutKey, Shards]] = {}
        absent: set[OutKey] = set()
        for out in outs:
            shards = self._objects(out.recorded)
            if shards is None:
                absent.add(key_of(out))
            else:
                wanted.setdefault(_kind(out.recorded), {})[key_of(out)] = shards
        for algorithm, by_out in wanted.items():
            absent |= self._missing(algorithm, by_out, worktree)
        return absent

    def holds(self, md5s: Iterable[str], worktree: Worktree) -> bool:
        """Whether all these objects by DVC 2 are there."""
        shards: Shards = {}
        for md5 in md5s:
            shards.setdefault(md5[:2], []).append(md5[2:])
        return not self._missing("md5-dos2unix", {("", "", None): shards}, worktree)

    def _missing(
        self, algorithm: str, by_out: dict[OutKey, Shards], worktree: Worktree
    ) -> set[OutKey]:
        bad: set[tuple[str, str]] = set()
        for shard, needed in self._together(algorithm, by_out).items():
            absent, unprotected = self._look(algorithm, shard, needed)
            bad.update((shard, name) for name in absent)
            bad.update((shard, n) for n in self._corrupt(algorithm, shard, unprotected, worktree))
        if not bad:
            return set()
        return {
            key
            for key, shards in by_out.items()
            if any((shard, name) in bad for shard, names in shards.items() for name in names)
        }

    def _together(self, algorithm: str, by_out: dict[OutKey, Shards]) -> Shards:
        """The objects of all outs, each once; the same as last time while the outs are."""
        outs = list(by_out.values())
        known = self._unions.get(algorithm)
        if known and len(known[0]) == len(outs) and all(map(operator.is_, known[0], outs)):
            return known[1]
        together: dict[str, dict[str, None]] = {}
        for shards in outs:
            for shard, names in shards.items():
                together.setdefault(shard, {}).update(dict.fromkeys(names))
        union = {shard: list(names) for shard, names in together.items()}
        self._unions[algorithm] = (outs, union)
        return union

    def _look(self, algorithm: str, shard: str, names: list[str]) -> tuple[list[str], list[str]]:
        """Those of ``names`` that are not there, and those that DVC would hash."""
        folder = f"{self._folder[algorithm]}{os.sep}{shard}"
        descriptor = None
        try:
            descriptor = os.open(folder, _FOLDER) if _BY_DESCRIPTOR else None
        except FileNotFoundError:
            return names, []
        except (OSError, ValueError) as error:  # a NUL in its name
            raise _damaged(folder, error) from None
        try:
            return _looked_at(folder, descriptor, names)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _corrupt(
        self, algorithm: str, shard: str, names: list[str], worktree: Worktree
    ) -> list[str]:
        folder = f"{self._folder[algorithm]}{os.sep}{shard}{os.sep}"
        found = worktree.hashes((folder + name, algorithm) for name in names)
        return [
            name
            for name in names
            if found[folder + name, algorithm].md5 != shard + name.partition(".")[0]
        ]

    def _objects(self, recorded: Recorded) -> Shards | None:
        """The names of the objects, by shard; None when the listing of the folder is not there."""
        kind = _kind(recorded)
        if not (recorded.md5 or recorded.files):
            raise TrackedPathError(
                f"recorded with the hash {recorded.algorithm!r}, which no cache holds",
                "dvc commit records it anew",
            )
        if recorded.files:
            return self._listed_files(recorded)
        md5 = recorded.md5 or ""
        if not md5.endswith(".dir"):
            _refuse_unusable(md5)
            one: Shards = {md5[:2]: [md5[2:]]}
            return self._files.setdefault(md5, one)
        path = os.path.join(self._folder[kind], md5[:2], md5[2:])
        try:
            found = os.stat(path)
            key = (found.st_ino, found.st_size, found.st_mtime_ns)
            tree = self._trees.get((kind, md5))
            if tree is None or tree.key != key:
                tree = _Tree(key, _shards(path, md5))
                self._trees[kind, md5] = tree
        except (FileNotFoundError, ValueError, _CorruptError):  # DVC swallows a NUL here only
            return None
        except OSError as error:
            raise _damaged(path, error) from None
        return tree.shards

    def _listed_files(self, recorded: Recorded) -> Shards:
        """A folder whose files are listed in the lock itself; DVC wants its listing cached too."""
        md5s = [file["md5"] for file in recorded.files]
        md5s.append(folder_md5([file["relpath"] for file in recorded.files], md5s))
        shards: Shards = {}
        for md5 in md5s:
            shards.setdefault(md5[:2], []).append(md5[2:])
        return shards


def _kind(recorded: Recorded) -> str:
    """Which of the two caches: all but what DVC 2 recorded is in the newer one."""
    return "md5-dos2unix" if recorded.algorithm == "md5-dos2unix" else "md5"


def key_of(out: Out) -> OutKey:
    """What tells one out from another."""
    return out.path, out.recorded.algorithm, out.recorded.md5


def _looked_at(
    folder: str, descriptor: int | None, names: list[str]
) -> tuple[list[str], list[str]]:
    absent, unprotected = [], []
    prefix = "" if descriptor is not None else folder + os.sep
    for name in names:
        try:  # a hash that was edited may hold a slash, and lead anywhere from a descriptor
            path = f"{folder}{os.sep}{name}" if "/" in name else prefix + name
            mode = os.stat(path, dir_fd=descriptor)[0]
        except FileNotFoundError:
            absent.append(name)
            continue
        except (OSError, ValueError) as error:
            raise _damaged(f"{folder}{os.sep}{name}", error) from None
        if mode & 0o7777 != _PROTECTED:
            if stat.S_ISDIR(mode):
                raise _damaged(f"{folder}{os.sep}{name}", IsADirectoryError(21, "Is a directory"))
            unprotected.append(name)
    return absent, unprotected


def _refuse_unusable(md5: str) -> None:
    try:
        os.fsencode(md5)
    except UnicodeEncodeError:
        usable = False
    else:
        usable = "\0" not in md5
    if not usable:
        raise TrackedPathError(
            f"the recorded hash {md5!r} is none", "dvc commit records it anew, or: git checkout"
        )


def _damaged(path: str, error: Exception) -> TrackedPathError:
    why = getattr(error, "strerror", None) or str(error)
    return TrackedPathError(f"{path}: DVC's cache is damaged there: {why}", _MEND)


class _CorruptError(Exception):
    """The listing of a folder is no JSON list."""


def _shards(path: str, md5: str) -> Shards:
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
    shards: Shards = {md5[:2]: [md5[2:]]}
    for entry in entries:
        if not _is_entry(entry):
            raise OSError(0, "it is no listing of a folder")
        shards.setdefault(entry["md5"][:2], []).append(entry["md5"][2:])
    return shards


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    md5, name = entry.get("md5"), entry.get("relpath")
    if not isinstance(md5, str) or not isinstance(name, str):
        return False
    return md5.isascii() and "\0" not in md5
