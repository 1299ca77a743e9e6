"""The state of each stage, with the reasons that ``dvc status`` would give."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvcstate.dvcignore import DvcIgnore
from dvcstate.errors import ErrorKind, FileError, TrackedPathError
from dvcstate.hashes.changed_paths import Touched
from dvcstate.hashes.hash_store import Known
from dvcstate.hashes.object_cache import ObjectCache, OutKey, key_of
from dvcstate.hashes.worktree import Wanted, Worktree, folder_md5
from dvcstate.model import Dep, Kind, Out, ParamsFile, Reason, Recorded, Stage, State
from dvcstate.params.params_cache import ParamsMemory

_NEVER_RECORDED = hashlib.algorithms_available - {"md5"}
"""``hash: sha256`` makes DVC hash by it and compare with a field that no lock file has."""


class Judge:
    """Looks at the data of stages that is on this machine and says what DVC would say."""

    def __init__(
        self, ignore: DvcIgnore, cache: ObjectCache, worktree: Worktree, memory: ParamsMemory,
        touched: Touched,
    ) -> None:  # fmt: skip
        self._root = Path(ignore.root)
        self._ignore = ignore
        self._cache = cache
        self._worktree = worktree
        self._params = memory
        self._touched = touched

    def reasons(self, stages: Iterable[Stage]) -> dict[str, tuple[Reason, ...]]:
        """The reasons of each stage, by its name. All files are hashed together."""
        stages = list(stages)
        self._params.begin()
        for stage in stages:
            self._refuse_ignored_outs(stage)
        outs = [out for stage in stages for out in stage.outs if out.place]
        cached = [out for out in outs if out.cache and _md5(out.recorded)]
        for out in cached:
            if not out.inside:
                raise TrackedPathError(
                    f"{out.path}: an out outside of the repository cannot be in the cache",
                    "add 'cache: false' to it, or move it into the repository",
                )
        missing = self._cache.missing(cached, self._worktree, self._touched)
        looked_at: list[Dep | Out] = [o for o in outs if key_of(o) not in missing]
        deps = (dep for stage in stages if not stage.frozen for dep in stage.deps)
        looked_at += filter(_is_here, deps)
        hashes = self._worktree.hashes(
            _wanted(entry)
            for entry in looked_at
            if entry.recorded.algorithm not in _NEVER_RECORDED and self._exists(entry)
        )
        seen = _Seen(missing, hashes, {})
        return {stage.name: in_order(self._reasons(stage, seen)) for stage in stages}

    def _reasons(self, stage: Stage, seen: "_Seen") -> Iterator[Reason]:
        if not stage.frozen:
            yield from _last_of_each_path(
                [(dep.path, self._changed(dep, "dep", seen)) for dep in stage.deps if dep.place]
                + [(file.path, self._params_changed(file)) for file in stage.params]
            )
        outs = [(out.path, self._out_changed(out, seen)) for out in stage.outs if out.place]
        yield from _last_of_each_path(outs)
        if stage.runs_always:
            yield Reason("always_changed", "", None)
        if stage.command_changed:
            yield Reason("command", "", None)
        if stage.checksum_changed:
            yield Reason("checksum", "", None)

    def _out_changed(self, out: Out, seen: "_Seen") -> Iterator[Reason]:
        if out.cache and key_of(out) in seen.missing and not self._restored(out, seen):
            yield Reason("out", out.path, "not in cache")
        else:
            yield from self._changed(out, "out", seen)

    def _changed(self, entry: Dep | Out, kind: Kind, seen: "_Seen") -> Iterator[Reason]:
        if not self._exists(entry):
            yield Reason(kind, entry.path, "deleted")
            return
        if entry.recorded.algorithm in _NEVER_RECORDED:
            yield Reason(kind, entry.path, "modified")
            return
        wanted = _wanted(entry)
        if wanted not in seen.hashes:
            seen.hashes |= self._worktree.hashes([wanted])
        found = seen.hashes[wanted]
        if entry.recorded.algorithm == "md5-dos2unix" and found.nfiles is not None:
            seen.written[found.md5] = wanted
        if found.md5 != _md5(entry.recorded):
            yield Reason(kind, entry.path, "modified")

    def _restored(self, out: Out, seen: "_Seen") -> bool:
        """Whether ``dvc status`` would have put the listing of a folder into the cache by now.

        For folders recorded by DVC 2 it does so while it hashes, before it comes to later stages.
        """
        wanted = seen.written.get(out.recorded.md5 or "")
        if wanted is None or out.recorded.algorithm != "md5-dos2unix":
            return False
        return self._cache.holds(self._worktree.file_md5s(wanted), self._worktree)

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
        return self._ignore.ignores(path, False, False) or self._ignore.ignores(path, True, False)

    def _refuse_ignored_outs(self, stage: Stage) -> None:
        """DVC does not load a stage with an out that .dvcignore leaves out."""
        for out in filter(_is_here, stage.outs):
            path = str(out.place)
            if self._is_ignored(path):
                rule = self._ignore.ignoring_rule(path, os.path.isdir(path))
                if rule is not None:
                    raise FileError(
                        f"the out {out.path!r} is ignored by the line {rule!r} of a .dvcignore",
                        "take that line out of the .dvcignore, or the out out of the stage",
                        path=stage.file,
                        kind=ErrorKind.OUT_IN_DVCIGNORE,
                    )

    def _params_changed(self, file: ParamsFile) -> Iterator[Reason]:
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


def _last_of_each_path(changes: Iterable[tuple[str, Iterator[Reason]]]) -> Iterator[Reason]:
    """DVC gathers changes by path: where a file is a dep and holds params too, params are told."""
    by_path: dict[str, list[Reason]] = {}
    for path, change in changes:
        reasons = list(change)
        if reasons:
            by_path[path] = reasons
    for reasons in by_path.values():
        yield from reasons


def _key_text(key: Any, file: ParamsFile) -> str:
    """As JSON writes the keys of an object: ``true`` for a key that YAML 1.1 reads from ``y``."""
    if isinstance(key, str):
        return key
    if isinstance(key, int | float | None):
        return json.dumps(key)
    raise FileError(f"the name {key!r} is no text", "put it in quotes", path=file.path)


@dataclass
class _Seen:
    """What one look has found: outs not in the cache, hashes, and listings that DVC writes."""

    missing: set[OutKey]
    hashes: dict[Wanted, Known]
    written: dict[str, Wanted]


def _param_change(key: Any, actual: Any, recorded: Any) -> str | None:
    if key not in actual:
        return "deleted"
    if key not in recorded:
        return "new"
    now = actual[key]
    if now != recorded[key] and not (isinstance(now, tuple) and list(now) == recorded[key]):
        return "modified"
    return None


def state(stage: Stage, reasons: tuple[Reason, ...]) -> State:
    """Our one word for a stage: the first that holds, in the order of these lines."""
    if not stage.recorded:
        return "never_run"
    if any(out.place is not None and not os.path.lexists(out.place) for out in stage.outs):
        return "missing"
    if reasons:
        return "stale"
    return "frozen" if stage.frozen else "fresh"


def _is_here(entry: Dep | Out) -> bool:
    return entry.place is not None


def _wanted(entry: Dep | Out) -> Wanted:
    return str(entry.place), entry.recorded.algorithm


def _md5(recorded: Recorded) -> str | None:
    """The recorded hash; that of a folder whose files are listed in the lock is computed."""
    if not recorded.files:
        return recorded.md5
    names = [file["relpath"] for file in recorded.files]
    return folder_md5(names, [file["md5"] for file in recorded.files])


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each of ``reasons`` once, sorted by kind and path."""
    return tuple(sorted(set(reasons), key=_order))


def _order(reason: Reason) -> tuple[int, str, str]:
    kinds = ("dep", "param", "out", "always_changed", "command", "checksum")
    return kinds.index(reason.kind), reason.path, reason.change or ""
