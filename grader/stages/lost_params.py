"""Params that a stage reads and that its file has lost.

A key that was misspelled, or deleted, belongs in the file: to drop it from ``dvc.yaml`` would leave
a stage that reads what it does not declare.
"""

import contextlib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from dvcstate import ProjectError, Stage
from dvcstate.model import ParamsFile
from dvcstate.params import params_file as params_files
from grader.close_names import close_names
from grader.code.module import module
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError
from grader.stages.paths import covers
from workshop.stages import STAGES


class LostKey(NamedTuple):
    """A key that is gone: its ``value`` in a tuple, if any is known; the key that looks like it."""

    key: str
    value: tuple[Any, ...] = ()
    renamed: str | None = None


class LostParams(NamedTuple):
    """The ``keys`` that ``file`` lost.

    ``are_at_head``: HEAD has all of them. ``lacks_section``: a whole section is gone, and but for
    what is gone the file is as at HEAD.
    """

    file: ParamsFile
    keys: list[LostKey]
    are_at_head: bool
    lacks_section: bool


def find_lost_params(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    read: list[str] | None,
    absent: list[str],
) -> LostParams | None:
    """The keys that ``stage`` declares or needs, and that belong in their file.

    ``read`` are those that its code reads. Where nobody can tell, None, those belong there that
    were there before: at HEAD, or in the last run. ``absent`` are those of ``absent_keys`` without
    which it cannot run, declared or not.
    """
    for file in _files(snapshot, stage):
        if snapshot.content(file.path) is None:
            if snapshot.revision == "worktree" and file.path in repository.committed_files:
                raise BlockedError("data.committed")
            continue
        search = _Search(repository, snapshot, stage, file, read)
        keys = [*search.declared_keys(), *search.nested_keys()]
        if file is _home(snapshot, stage):
            keys += search.needed_keys(absent, keys)
        if keys:
            return search.lost_params(keys)
    return None


def absent_keys(snapshot: Snapshot, stage: Stage, keys: Iterable[str]) -> list[str]:
    """Those of ``keys`` that none of the stage's params files has, where its own one is there."""
    files = [file for file in _files(snapshot, stage) if snapshot.content(file.path) is not None]
    if _home(snapshot, stage).path not in [file.path for file in files]:
        return []
    params = [snapshot.params(file.path) for file in files]
    return [key for key in keys if not any(_has_key(values, key) for values in params)]


def _files(snapshot: Snapshot, stage: Stage) -> tuple[ParamsFile, ...]:
    path = "params.yaml"
    return stage.params or (ParamsFile(path, snapshot.root / path),)


def _home(snapshot: Snapshot, stage: Stage) -> ParamsFile:
    """The file that the stage's code is taken to read."""
    files = _files(snapshot, stage)
    return next((file for file in files if file.path == "params.yaml"), files[0])


class _Search:
    """Looks for lost keys of one params file: ``params`` is what it has, ``known`` what is read."""

    def __init__(
        self,
        repository: Repository,
        snapshot: Snapshot,
        stage: Stage,
        file: ParamsFile,
        read: list[str] | None,
    ) -> None:
        self._repository, self._snapshot = repository, snapshot
        self._stage, self._file, self._read = stage, file, read
        self._params = snapshot.params(file.path)
        stages = snapshot.project.stages
        self._known = [key for other in stages for each in other.params for key in each.keys]
        self._known += [key for spec in STAGES for key in snapshot.code(spec).params()]
        self._known += read or []

    def declared_keys(self) -> Iterator[LostKey]:
        """Keys that the stage declares."""
        shipped = self._read is not None
        for key in self._file.keys:
            if self._has(key):
                # All of a section is declared: what else lacks a key of it is seen by its other
                # name.
                for below in (inner for inner in self._read or () if inner.startswith(f"{key}.")):
                    renamed = self._look_alike(below)
                    if renamed and not _has_key(self._params, below):
                        yield LostKey(below, renamed=renamed)
                continue
            value = self._value_before(key, shipped=shipped)
            if self._read is None:
                belongs = bool(value)
            else:
                belongs = any(
                    _is_within(inner, key) or _is_within(key, inner) for inner in self._read
                )
            if belongs:
                yield LostKey(key, value, self._look_alike(key))

    def nested_keys(self) -> Iterator[LostKey]:
        """Keys below a declared section that were there, and that stand there misspelled.

        Where the code no longer has its word, it was given the new name there too.
        """
        for key in filter(self._has, self._file.keys):
            before = self._value_before(key, run_first=True)
            below = [inner for value in before for inner in _keys_below(value, key)]
            for inner in below:
                name = inner.rpartition(".")[2]
                if _has_key(self._params, inner) or not self._is_in_code(name):
                    continue
                if renamed := self._look_alike(inner, below):
                    yield LostKey(inner, renamed=renamed)
                elif self._is_needed(name):
                    yield LostKey(inner, self._value_before(inner))

    def needed_keys(self, absent: list[str], lost: list[LostKey]) -> list[LostKey]:
        """Those of ``absent`` that are not in ``lost`` yet: read by the code, whatever is declared.

        One that was given another name here and in ``dvc.yaml`` is written under its own again.
        """
        reported = [other.key for other in lost]
        left = [key for key in absent if not any(_is_within(key, other) for other in reported)]
        return [LostKey(key, self._value_before(key), self._new_name(key, left)) for key in left]

    def _new_name(self, key: str, absent: list[str]) -> str | None:
        section = key.rpartition(".")[0]
        readers = {other for spec in STAGES for other in self._snapshot.code(spec).params()}
        new = [
            other
            for other in self._file.keys
            if other.rpartition(".")[0] == section
            and _has_key(self._params, other)
            and not _has_key(_shipped_params(), other)
            and other not in readers
        ]
        if sum(other.rpartition(".")[0] == section for other in absent) == len(new) == 1:
            return new[0].rpartition(".")[2]
        return self._look_alike(key)

    def lost_params(self, keys: list[LostKey]) -> LostParams:
        """The ``keys``, those of a section that is there misspelled in one, and what HEAD has."""
        keys = self._merge_sections(keys)
        sections = [lost.key.partition(".")[0] for lost in keys if not lost.renamed]
        is_section_gone = any(not _has_key(self._params, lost) for lost in sections)
        return LostParams(
            self._file,
            keys,
            are_at_head=all(_has_key(self._at_head, lost.key) for lost in keys),
            lacks_section=is_section_gone and _is_part(self._params, self._at_head),
        )

    def _merge_sections(self, keys: list[LostKey]) -> list[LostKey]:
        merged: dict[str, LostKey] = {}
        for lost in keys:
            above, _, name = lost.key.rpartition(".")
            is_gone = above and not _has_key(self._params, above)
            alike = self._look_alike(above) if is_gone else None
            if alike and _has_key(
                self._params, f"{above.rpartition('.')[0]}.{alike}.{name}".lstrip(".")
            ):
                merged[above] = LostKey(above, renamed=alike)
            else:
                merged[lost.key] = lost
        return list(merged.values())

    def _has(self, key: str) -> bool:
        """Whether the file has ``key`` as DVC looks it up."""
        return key in params_files.values(self._params, (key,), self._file.path)

    def _is_in_code(self, name: str) -> bool:
        """Whether the code among the deps has the word; where there is none, it may have."""
        code = [path for path in self._repository.committed_files if path.endswith(".py")]
        paths = [path for dep in self._stage.deps for path in code if covers(dep.path, path)]
        texts = [self._snapshot.text(path) or "" for path in paths]
        return not texts or any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)

    def _is_needed(self, name: str) -> bool:
        """Whether a class in the code of the stage has such a field, without a default."""
        code = [path for path in self._repository.committed_files if path.endswith(".py")]
        paths = [path for dep in self._stage.deps for path in code if covers(dep.path, path)]
        return any(name in module(self._snapshot.text(path) or "").needed for path in paths)

    def _look_alike(self, key: str, known: Iterable[str] = ()) -> str | None:
        """The key beside the place of ``key`` that nobody knows, and spelled much like it."""
        above, _, name = key.rpartition(".")
        params = self._params
        for part in above.split(".") if above else ():
            params = params.get(part) if isinstance(params, Mapping) else None
        start, known = f"{above}." if above else "", [*self._known, *known]
        there = params if isinstance(params, Mapping) else ()
        new = [str(o) for o in there if not any(_is_within(each, f"{start}{o}") for each in known)]
        return next(iter(close_names(name, new)), None)

    def _value_before(
        self, key: str, *, shipped: bool = True, run_first: bool = False
    ) -> tuple[Any, ...]:
        """The newest value of ``key`` as the only one of a tuple; an empty one where none is known.

        It was at HEAD, in the last run, or in what was started.
        """
        for params in self._params_before(shipped, run_first):
            if isinstance(params, dict) and key in params:  # the lock has whole keys
                return (params[key],)
            values = params_files.values(params, (key,), self._file.path)
            if key in values:
                return (values[key],)
        return ()

    def _params_before(self, shipped: bool, run_first: bool) -> Iterator[Any]:
        recorded = dict(self._file.recorded or {})
        yield from [recorded, self._at_head] if run_first else [self._at_head, recorded]
        if shipped:
            yield _shipped_params()

    @functools.cached_property
    def _at_head(self) -> Any:
        """The params at HEAD, of the folder's; None where there are none, or none to be read."""
        head, path = self._repository.head, self._file.path
        if self._snapshot.revision == "worktree" and head.content(path) is not None:
            with contextlib.suppress(ProjectError):
                return head.params(path)
        return None


@functools.cache
def _shipped_params() -> Any:
    """The params that ``grader start`` writes; empty where the installation lacks them."""
    # Only where something is wrong: they import much.
    from workshop.start import reference
    from workshop.start.start_request import StartError

    try:
        return yaml.safe_load(reference.params_text(reference.QUICK))
    except (StartError, OSError):
        return {}


def _keys_below(value: Any, key: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield key
        return
    for name in value:
        yield from _keys_below(value[name], f"{key}.{name}")


def _is_within(key: str, section: str) -> bool:
    """Whether ``key`` is ``section``, or below it."""
    return f"{key}.".startswith(f"{section}.")


def _has_key(params: Any, key: str) -> bool:
    for name in key.split("."):
        if not isinstance(params, Mapping) or name not in params:
            return False
        params = params[name]
    return True


def _is_part(params: Any, whole: Any) -> bool:
    if not isinstance(params, Mapping) or not isinstance(whole, Mapping):
        return params is None or bool(params == whole)
    return all(key in whole and _is_part(value, whole[key]) for key, value in params.items())
