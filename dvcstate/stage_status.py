"""The state of each stage, with the reasons that ``dvc status`` would give."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from dvcstate.dvcignore import DvcIgnore
from dvcstate.errors import ErrorKind, FileError, TrackedPathError
from dvcstate.hashes.changed_paths import ChangedPaths
from dvcstate.hashes.hash_store import HashRecord
from dvcstate.hashes.object_cache import ObjectCache, OutKey, out_key
from dvcstate.hashes.worktree import HashKey, Worktree
from dvcstate.model import Dep, Kind, Out, ParamsFile, Reason, RecordedHash, Stage, State
from dvcstate.params.params_cache import ParamsCache

# `hash: sha256` makes DVC hash by it and compare with a field that no lock file has, and
# `hash: checksum` is a number that fsspec makes of a file's time and path.
_NEVER_RECORDED = (hashlib.algorithms_available - {"md5"}) | {"checksum"}


class ReasonFinder:
    """Compares the deps, outs and params on this machine with the lock, as ``dvc status`` does."""

    def __init__(
        self, ignore: DvcIgnore, cache: ObjectCache, worktree: Worktree, params: ParamsCache,
        changed: ChangedPaths,
    ) -> None:  # fmt: skip
        self._ignore = ignore
        self._cache = cache
        self._worktree = worktree
        self._params = params
        self._changed = changed

    def reasons(self, stages: Iterable[Stage]) -> dict[str, tuple[Reason, ...]]:
        """The reasons of each stage, by its name. All files are hashed together."""
        stages = list(stages)
        self._params.begin()
        for stage in stages:
            self._refuse_ignored_outs(stage)
        outs = [out for stage in stages for out in stage.outs if out.place]
        self._refuse_cached_outs_outside(outs)
        cached = [out for out in outs if out.cache and out.recorded.md5]
        missing = self._cache.missing(cached, self._worktree, self._changed)
        # DVC does not compare an out that is not in the cache: "not in cache" says it all.
        compared: list[Dep | Out] = [out for out in outs if out_key(out) not in missing]
        compared += [d for stage in stages if not stage.frozen for d in stage.deps if d.place]
        hashes = self._worktree.hashes(
            _hash_key(entry)
            for entry in compared
            if not _is_never_equal(entry.recorded) and self._exists(entry)
        )
        seen = _Seen(missing, hashes, {})
        return {stage.name: sort_reasons(self._reasons(stage, seen)) for stage in stages}

    def _reasons(self, stage: Stage, seen: "_Seen") -> Iterator[Reason]:
        if not stage.frozen:
            yield from _last_of_each_path(
                [(dep.path, self._changes(dep, "dep", seen)) for dep in stage.deps if dep.place]
                + [(file.path, self._param_changes(file)) for file in stage.params if file.place]
            )
        outs = [(out.path, self._out_changes(out, seen)) for out in stage.outs if out.place]
        yield from _last_of_each_path(outs)
        if stage.runs_always:
            yield Reason("always_changed", "", None)
        if stage.command_changed:
            yield Reason("command", "", None)
        if stage.checksum_changed:
            yield Reason("checksum", "", None)

    def _out_changes(self, out: Out, seen: "_Seen") -> Iterator[Reason]:
        if out.cache and out_key(out) in seen.missing and not self._is_restored(out, seen):
            yield Reason("out", out.path, "not in cache")
        else:
            yield from self._changes(out, "out", seen)

    def _changes(self, entry: Dep | Out, kind: Kind, seen: "_Seen") -> Iterator[Reason]:
        if not self._exists(entry):
            yield Reason(kind, entry.path, "deleted")
            return
        if _is_never_equal(entry.recorded):
            yield Reason(kind, entry.path, "modified")
            return
        key = _hash_key(entry)
        if key not in seen.hashes:
            seen.hashes.update(self._worktree.hashes([key]))
        actual = seen.hashes[key]
        if entry.recorded.algorithm == "md5-dos2unix" and actual.nfiles is not None:
            self._refuse_listing(entry)
            seen.written[actual.md5] = key
        if actual.md5 != entry.recorded.md5:
            yield Reason(kind, entry.path, "modified")

    def _refuse_listing(self, entry: Dep | Out) -> None:
        """DVC ends where it would write the listing of a folder to a cache at ``file://``.

        It makes the folders below ``/``, and the file below the folder ``file:`` of where it runs:
        ``[Errno 2] No such file or directory: 'file:///c/b0/.yYmN2HVbIXuEsWtpmIfbnw.tmp'``.
        """
        root = Path(self._ignore.root)
        folder = self._cache.folder
        if folder.is_relative_to(root) and folder.relative_to(root).parts[:1] == ("file:",):
            raise TrackedPathError(
                f"{entry.path}: DVC 2 recorded this folder, and DVC 3 cannot write its listing to a"
                " cache at file://",
                "write the cache as a path, without file://",
            )

    def _is_restored(self, out: Out, seen: "_Seen") -> bool:
        """Whether ``dvc status`` would have put the listing of a folder into the cache by now.

        For folders recorded by DVC 2 it does so while it hashes, before it comes to later stages.
        """
        key = seen.written.get(out.recorded.md5 or "")
        if key is None or out.recorded.algorithm != "md5-dos2unix":
            return False
        return self._cache.holds(self._worktree.file_md5s(key), self._worktree)

    def _exists(self, entry: Dep | Out) -> bool:
        path = str(entry.place)
        if isinstance(entry, Out) and self._is_ignored(path):
            return False
        return os.path.lexists(path)

    def _is_ignored(self, path: str) -> bool:
        if os.path.isfile(path):
            return self._ignore.ignores(path, False, subrepos=False)
        if os.path.isdir(path):
            return self._ignore.ignores(path, True, subrepos=False)
        # Of what is not there, nobody knows whether it is a folder: DVC tries both.
        return self._ignore.ignores(path, False, False) or self._ignore.ignores(path, True, False)

    def _refuse_ignored_outs(self, stage: Stage) -> None:
        """DVC does not load a stage with an out that .dvcignore leaves out."""
        for out in stage.outs:
            path = str(out.place)
            if out.path.startswith("remote://"):  # DVC looks at the address as if it were a path
                folder = os.path.dirname(stage.file)
                path = os.path.normpath(os.path.join(self._ignore.root, folder, out.path))
            if out.place is None or not self._is_ignored(path):
                continue
            rule = self._ignore.ignoring_rule(path, os.path.isdir(path))
            if rule is not None:
                raise FileError(
                    f"the out {out.path!r} is ignored by the line {rule!r} of a .dvcignore",
                    "take that line out of the .dvcignore, or the out out of the stage",
                    path=stage.file,
                    kind=ErrorKind.OUT_IN_DVCIGNORE,
                )

    def _refuse_cached_outs_outside(self, outs: Iterable[Out]) -> None:
        """DVC ends where it would look one up in its cache, or hash it; not where none is there."""
        for out in outs:
            if out.cache and not out.inside and (out.recorded.md5 or self._exists(out)):
                raise TrackedPathError(
                    f"{out.path}: an out outside of the repository cannot be in the cache",
                    "add 'cache: false' to it, or move it into the repository",
                )

    def _param_changes(self, file: ParamsFile) -> Iterator[Reason]:
        assert file.place  # noqa: S101 - the caller leaves out the others
        if not os.path.lexists(file.place):
            yield Reason("param", file.path, "deleted")
            return
        if file.recorded is None:
            yield Reason("param", file.path, "new")
            return
        actual = self._params.values(file)
        for key in file.keys or dict.fromkeys([*actual, *file.recorded]):
            change = _param_change(key, actual, file.recorded)
            if change:
                yield Reason("param", f"{file.path}:{_key_text(key, file)}", change)


class _Seen(NamedTuple):
    """What is known so far: outs not in the cache, hashes, and listings that DVC would write."""

    missing: set[OutKey]
    hashes: dict[HashKey, HashRecord]
    written: dict[str, HashKey]


def stage_state(stage: Stage, reasons: tuple[Reason, ...]) -> State:
    """Our one word for a stage: the first that holds, in the order of these lines."""
    if not stage.recorded:
        return "never_run"
    if any(out.place is not None and not os.path.lexists(out.place) for out in stage.outs):
        return "missing"
    if reasons:
        return "stale"
    return "frozen" if stage.frozen else "fresh"


def sort_reasons(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each of ``reasons`` once, sorted by kind and path."""
    return tuple(sorted(set(reasons), key=_sort_key))


def _sort_key(reason: Reason) -> tuple[int, str, str]:
    kinds = ("dep", "param", "out", "always_changed", "command", "checksum")
    return kinds.index(reason.kind), reason.path, reason.change or ""


def _last_of_each_path(changes: Iterable[tuple[str, Iterator[Reason]]]) -> Iterator[Reason]:
    """DVC gathers changes in a dict by path: of a file that is a dep and holds params, params."""
    by_path = {path: found for path, change in changes if (found := list(change))}
    return chain.from_iterable(by_path.values())


def _param_change(key: Any, actual: Any, recorded: Any) -> str | None:
    if key not in actual:
        return "deleted"
    if key not in recorded:
        return "new"
    now = actual[key]
    # A tuple of a Python file is a list in dvc.lock, and DVC takes the two for equal.
    if now != recorded[key] and not (isinstance(now, tuple) and list(now) == recorded[key]):
        return "modified"
    return None


def _key_text(key: Any, file: ParamsFile) -> str:
    """As JSON writes the keys of an object: ``true`` for the key ``true``, which is no text."""
    if isinstance(key, str):
        return key
    if isinstance(key, int | float | None):
        return json.dumps(key)
    raise FileError(f"the name {key!r} is no text", "put it in quotes", path=file.path)


def _hash_key(entry: Dep | Out) -> HashKey:
    return str(entry.place), entry.recorded.algorithm


def _is_never_equal(recorded: RecordedHash) -> bool:
    """Whether DVC compares a hash with one of another name, which differs whatever it is.

    A listing in the lock itself gets an md5 by the current rules, its folder one by those of DVC 2.
    """
    is_other = bool(recorded.files) and recorded.algorithm == "md5-dos2unix"
    return is_other or recorded.algorithm in _NEVER_RECORDED
