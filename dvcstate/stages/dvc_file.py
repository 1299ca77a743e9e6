"""The one stage of a ``.dvc`` file, written by ``dvc add``, ``dvc import`` or ``import-url``."""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from dvcstate.config import config_schema, remote_reference
from dvcstate.config.remote_reference import Remotes
from dvcstate.documents import reader
from dvcstate.dvc_repository import DvcRepository
from dvcstate.errors import FileError
from dvcstate.model import Dep, Out, RecordedHash, Stage
from dvcstate.stages.locations import Location, locate
from dvcstate.stages.pipeline_file import external_paths
from dvcstate.stages.recorded_entry import recorded_hash, written_fields, written_files

_NOT_HASHED = frozenset(
    # dvc/stage/utils.py, compute_md5: what may change without changing the stage.
    ("desc", "type", "labels", "meta", "locked", "frozen", "metric", "persist", "isexec", "size",
     "nfiles")
)  # fmt: skip


def stage(repository: DvcRepository, shown: str, data: Mapping[str, Any]) -> Stage:
    """The stage in the ``.dvc`` file ``shown``, whose content is ``data``."""
    folder = os.path.dirname(os.path.join(repository.root, shown))
    wdir = os.path.abspath(os.path.join(folder, data.get("wdir") or "."))
    deps, outs = (
        [
            _DvcFileEntry(item, (kind, number), repository, wdir, shown)
            for number, item in enumerate(data.get(kind) or [])
        ]
        for kind in ("deps", "outs")
    )
    is_import = len(deps) == 1 and len(outs) == 1
    md5 = _md5(data, wdir, shown, folder, deps, outs) if is_import else None
    frozen = bool(data.get("locked") or data.get("frozen"))
    versioned = is_import and deps[0].is_version_of_source(repository.remotes)
    # `dvc status` asks for a newer version, though the import be frozen.
    queried = deps if versioned or not frozen else []
    return Stage(
        name=shown,
        file=shown,
        cmd=None,
        deps=tuple(entry.dep() for entry in deps),
        outs=tuple(entry.out() for entry in outs),
        frozen=frozen,
        always_changed=bool(data.get("always_changed")),
        recorded=True,
        checksum_changed=data.get("md5") != md5,
        external=external_paths([*(e.dep() for e in queried), *(entry.out() for entry in outs)]),
        is_import=versioned,
    )


class _DvcFileEntry:
    """A dep or an out of a ``.dvc`` file."""

    def __init__(
        self,
        item: Mapping[str, Any],
        keys: tuple[str, int],
        repository: DvcRepository,
        wdir: str,
        shown: str,
    ) -> None:
        self._item = item
        self._wdir = wdir
        cached = keys[0] == "outs" and item.get("cache", True)
        key = "path"
        try:
            self._location = self._locate(repository, wdir, is_dep=keys[0] == "deps")
            key = "md5"
            self._recorded: RecordedHash = recorded_hash(item, self._location.inside, cached)
        except FileError as error:
            raise reader.locate(error, repository.root / shown, shown, (*keys, key)) from None

    def _locate(self, repository: DvcRepository, wdir: str, is_dep: bool) -> Location:
        if is_dep and "db" in self._item:
            return Location("", "a database", None, inside=False)
        if "path" not in self._item or (is_dep and not self._item["path"]):
            raise FileError("an entry has no path", "add 'path: …'")
        path, options = self._item["path"], self._item.get("fs_config")
        if options:
            _check_options(path, options, repository.remotes)
        location = locate(path, wdir, str(repository.root), repository.remotes)
        if is_dep and "repo" in self._item:
            return Location(path, f"{path} ({self._item['repo']['url']})", None, inside=False)
        return location

    def is_version_of_source(self, remotes: Remotes) -> bool:
        """Whether the source keeps this version of it."""
        if self._location.path is not None or "db" in self._item:
            return False
        chosen = (self._item.get("fs_config") or {}).get("version_aware", "")
        return (
            any(self._item.get(name) for name in ("repo", "version_id", "files", "cloud"))
            or str(chosen).lower() == "true"
            or remote_reference.is_versioned(self._location.key, remotes)
        )

    def dep(self) -> Dep:
        location = self._location
        return Dep(location.shown, location.path, self._recorded, location.inside)

    def out(self) -> Out:
        location = self._location
        return Out(
            location.shown,
            location.path,
            self._recorded,
            location.inside,
            cache=self._item.get("cache", True),
            persist=self._item.get("persist", False),
            remote=self._item.get("remote"),
            push=self._item.get("push", True),
        )

    def entry_in_file(self, is_dep: bool) -> dict[str, Any]:
        """The entry as DVC writes it, which is what goes into the stage's md5."""
        if "db" in self._item:
            return {"db": _compact(self._item["db"])} if self._item["db"] else {}
        if "repo" in self._item:
            return {key: _compact(self._item[key]) for key in ("path", "repo")}
        record = self._recorded
        if record.files:
            result: dict[str, Any] = {"files": written_files(self._item["files"])}
        else:
            result = written_fields(self._item)
            if record.algorithm == "md5-dos2unix":
                result.setdefault("md5", None)
        if record.algorithm != "md5-dos2unix":
            result["hash"] = "md5"
        result["path"] = self._written_path()
        if self._item.get("fs_config"):
            result["fs_config"] = self._item["fs_config"]
        return result if is_dep else result | self._flags()

    def _flags(self) -> dict[str, Any]:
        """The flags that are not the default, which DVC does not write."""
        flags: dict[str, Any] = {}
        if not self._item.get("cache", True):
            flags["cache"] = False
        if self._item.get("remote"):
            flags["remote"] = self._item["remote"]
        if not self._item.get("push", True):
            flags["push"] = False
        return flags

    def _written_path(self) -> str:
        if not self._location.inside or self._location.path is None:
            return self._location.key
        return os.path.relpath(self._location.path, self._wdir).replace(os.sep, "/")


def _check_options(path: str, options: Mapping[str, Any], remotes: Remotes) -> None:
    """DVC does not load a file with an ``fs_config`` that a remote of that kind would not take."""
    url = remote_reference.options(path, remotes)["url"] if path.startswith("remote://") else path
    wrong = config_schema.problem({'remote ""': {"url": url, **options}})
    if wrong:
        raise FileError(f"fs_config: {wrong.detail}", "mend or delete that option")


def _md5(
    data: Mapping[str, Any],
    wdir: str,
    shown: str,
    folder: str,
    deps: list[_DvcFileEntry],
    outs: list[_DvcFileEntry],
) -> str:
    """As dvc/stage/utils.py, compute_md5: an import's md5 covers its deps, outs and wdir."""
    content: dict[str, Any] = {
        "deps": [entry.entry_in_file(is_dep=True) for entry in deps],
        "outs": [entry.entry_in_file(is_dep=False) for entry in outs],
    }
    relative = os.path.relpath(wdir, folder).replace(os.sep, "/")
    if relative != ".":
        content["wdir"] = relative
    if data.get("always_changed"):
        content["always_changed"] = True
    try:
        text = json.dumps(_without_unhashed(content), sort_keys=True)
    except (TypeError, ValueError) as error:  # a date, or a key that is no text
        raise FileError(
            f"DVC cannot take the md5 of what is in it: {error}", "put that value in quotes",
            path=shown,
        ) from None  # fmt: skip
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def _without_unhashed(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_unhashed(item) for item in value]
    if isinstance(value, dict):
        return {
            key: _without_unhashed(item) for key, item in value.items() if key not in _NOT_HASHED
        }
    return value


def _compact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item}
    return value
