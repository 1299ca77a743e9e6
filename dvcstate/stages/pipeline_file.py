"""The stages of a ``dvc.yaml`` together with what its ``dvc.lock`` recorded of them.

As dvc/stage/loader.py: the lock entry of a dep or an out is found by the path as it is written in
``dvc.yaml`` (so ``./data`` never finds ``data``, in DVC as here), and an entry without ``hash:``
is one by DVC 2.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dvcstate.documents import reader, schema
from dvcstate.dvc_repository import DvcRepository
from dvcstate.errors import FileError
from dvcstate.model import Dep, Out, ParamsFile, RecordedHash, Stage
from dvcstate.stages import command
from dvcstate.stages.locations import Location, locate
from dvcstate.stages.recorded_entry import recorded_hash

_DEFAULT_PARAMS = "params.yaml"


class StageReader:
    """Makes the stages of one ``dvc.yaml``, which is named ``shown``."""

    def __init__(self, repository: DvcRepository, shown: str) -> None:
        self._root = str(repository.root)
        self._remotes = repository.remotes
        self._shown = shown
        self._folder = os.path.dirname(os.path.join(self._root, shown))

    def stage(self, name: str, entry: Mapping[str, Any], locked: Mapping[str, Any]) -> Stage:
        """The stage ``name``; ``locked`` is its entry in the lock, empty when it has none."""
        self._name = name
        if not name:
            raise FileError("a stage has no name", "give it one", path=self._shown)
        wdir = self._wdir(entry.get("wdir"))
        deps = [self._dep(path, wdir, locked) for path in entry.get("deps") or []]
        outs = [
            self._out(path, flags, kind, wdir, locked)
            for kind in ("outs", "metrics", "plots")
            for path, flags in self._merge_flags(entry.get(kind) or [], kind).items()
        ]
        params = [
            self._params(path, keys, wdir, locked)
            for path, keys in self._merge_params(entry.get("params") or []).items()
        ]
        return Stage(
            name=name if self._shown == "dvc.yaml" else f"{self._shown}:{name}",
            file=self._shown,
            cmd=command.of_value(entry["cmd"]),
            deps=tuple(deps),
            outs=tuple(outs),
            params=tuple(params),
            frozen=bool(entry.get("frozen")),
            always_changed=bool(entry.get("always_changed")),
            recorded=bool(locked),
            command_changed=bool(locked) and locked.get("cmd") != entry["cmd"],
            external=external_paths([*(() if entry.get("frozen") else [*deps, *params]), *outs]),
            wdir=_shown_folder(wdir, self._root),
        )

    def _wdir(self, value: Any) -> str:
        if value and not isinstance(value, str):  # a template may make a number of it
            error = FileError(f"wdir: {schema.shorten(value)} is no folder", "name a folder")
            raise self._located(error, self._shown, "wdir")
        return os.path.abspath(os.path.join(self._folder, value or "."))

    def _dep(self, path: str, wdir: str, locked: Mapping[str, Any]) -> Dep:
        location = self._locate(path, wdir, "deps")
        recorded = self._recorded_hash(location, "deps", locked, False)
        return Dep(location.shown, location.path, recorded, location.inside)

    def _out(
        self, path: str, flags: Mapping[str, Any], kind: str, wdir: str, locked: Mapping[str, Any]
    ) -> Out:
        location = self._locate(path, wdir, kind)
        cached = flags.get("cache", True)
        return Out(
            location.shown,
            location.path,
            self._recorded_hash(location, "outs", locked, cached),
            location.inside,
            cache=cached,
            metric=kind == "metrics",
            plot=kind == "plots",
            persist=flags.get("persist", False),
            remote=flags.get("remote"),
            push=flags.get("push", True),
        )

    def _params(
        self, path: str, keys: list[Any], wdir: str, locked: Mapping[str, Any]
    ) -> ParamsFile:
        location = self._locate(path or os.path.join(self._root, _DEFAULT_PARAMS), wdir, "params")
        values = locked.get("params", {}).get(location.key)
        if values is not None and keys:
            # DVC ends here; before it has run the stage, it does not look at the names.
            if not all(isinstance(key, str) for key in keys):
                error = FileError(f"params of {path!r}: a name is no text", "put it in quotes")
                raise self._located(error, self._shown, "params", path)
            values = {key: values[key] for key in keys if key in values}
        return ParamsFile(location.shown, location.path, tuple(map(command.text, keys)), values)

    def _locate(self, path: str, wdir: str, kind: str) -> Location:
        try:
            if not isinstance(path, str) or (kind == "deps" and not path):
                raise FileError(f"{schema.shorten(path)} is no path", "write a path there")
            return locate(path, wdir, self._root, self._remotes)
        except FileError as error:
            raise self._located(error, self._shown, kind, path) from None

    def _located(self, error: FileError, shown: str, kind: str, *keys: object) -> FileError:
        path = Path(self._root, shown)
        return reader.locate(error, path, shown, ("stages", self._name, kind, *keys))

    def _recorded_hash(
        self, location: Location, kind: str, locked: Mapping[str, Any], cached: bool
    ) -> RecordedHash:
        if not locked:
            return RecordedHash("md5", None)
        entry, number = {}, 0
        for index, item in enumerate(locked.get(kind, ())):
            if item["path"] == location.key:  # DVC takes the last where there are several
                entry, number = item, index
        try:
            return recorded_hash(entry, location.inside, cached)
        except FileError as error:
            shown = self._shown[: -len("dvc.yaml")] + "dvc.lock"
            raise self._located(error, shown, kind, number, "md5") from None

    def _merge_flags(self, entries: Iterable[Any], kind: str) -> dict[str, dict[str, Any]]:
        """Paths with their flags; the same path twice is one out with the flags of both."""
        merged: dict[str, dict[str, Any]] = {}
        for entry in entries:
            for path, flags in self._items({entry: {}} if isinstance(entry, str) else entry, kind):
                if not isinstance(flags, Mapping):
                    raise FileError(
                        f"{kind} of {path!r}: DVC takes no list of flags", "make it a mapping",
                        path=self._shown,
                    )  # fmt: skip
                merged.setdefault(path, {}).update(flags)
        return merged

    def _items(self, entry: Any, kind: str) -> Iterable[tuple[Any, Any]]:
        """The members of a mapping; a template may make a number of an entry."""
        if not isinstance(entry, Mapping):
            problem = f"{kind}: {schema.shorten(entry)} is no path"
            error = FileError(problem, "write a path there")
            raise self._located(error, self._shown, kind)
        return entry.items()

    def _merge_params(self, entries: list[Any]) -> dict[str, list[Any]]:
        """File to keys. A file that is named without keys is read whole, whatever else is said."""
        mappings = [entry for entry in entries if isinstance(entry, Mapping)]
        whole = {path for entry in mappings for path, keys in entry.items() if not keys}
        merged: dict[str, list[Any]] = {}
        for entry in entries:
            named = {_DEFAULT_PARAMS: [entry]} if isinstance(entry, str) else entry
            for path, keys in self._items(named, "params"):
                if path in whole:
                    if not isinstance(entry, str):
                        merged[path] = []
                elif isinstance(keys, list):
                    merged.setdefault(path, []).extend(keys)
                else:
                    raise FileError(
                        f"params of {path!r}: expected a list of names", "write '- name' lines",
                        path=self._shown,
                    )  # fmt: skip
        return merged


def _shown_folder(path: str, root: str) -> str:
    shown = "" if path == root else os.path.relpath(path, root)
    return shown.replace(os.sep, "/")


def external_paths(entries: Iterable[Dep | Out | ParamsFile]) -> tuple[str, ...]:
    """The addresses of those ``entries`` that are not on this machine."""
    return tuple(dict.fromkeys(entry.path for entry in entries if entry.place is None))
