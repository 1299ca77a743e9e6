"""The one stage of a ``.dvc`` file, written by ``dvc add``, ``dvc import`` or ``import-url``."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workshop.project.errors import FileError
from workshop.project.model import Dep, Out, Stage
from workshop.project.pipeline_file import address_among, recorded
from workshop.project.places import Place, locate

_NOT_HASHED = frozenset(
    # dvc/stage/utils.py, compute_md5: what may change without changing the stage.
    (
        "desc",
        "type",
        "labels",
        "meta",
        "locked",
        "frozen",
        "metric",
        "persist",
        "isexec",
        "size",
        "nfiles",
    )
)


def stage(root: Path, shown: str, data: Mapping[str, Any]) -> Stage:
    """The stage in the ``.dvc`` file ``shown``, whose content is ``data``."""
    folder = os.path.dirname(os.path.join(root, shown))
    wdir = os.path.abspath(os.path.join(folder, data.get("wdir") or "."))
    deps = [_Entry(item, root, wdir, shown) for item in data.get("deps") or []]
    outs = [_Entry(item, root, wdir, shown) for item in data.get("outs") or []]
    imported = len(deps) == 1 and len(outs) == 1
    return Stage(
        name=shown,
        file=shown,
        cmd=None,
        deps=tuple(entry.dep() for entry in deps),
        outs=tuple(entry.out() for entry in outs),
        frozen=bool(data.get("locked") or data.get("frozen")),
        always_changed=bool(data.get("always_changed")),
        recorded=True,
        checksum_changed=data.get("md5")
        != (_md5(data, wdir, folder, deps, outs) if imported else None),
        unnatural=_unnatural(deps, outs),
    )


class _Entry:
    """A dep or an out of a ``.dvc`` file."""

    def __init__(self, item: Mapping[str, Any], root: Path, wdir: str, shown: str) -> None:
        self.item = _cloud_merged(item)
        self.wdir = wdir
        if "path" not in item and "db" not in item:
            raise FileError("an entry has no path", "add 'path: …'", path=shown)
        if "repo" in item or "db" in item:
            self.place = Place(item.get("path", ""), item.get("path", ""), None, inside=False)
            return
        try:
            self.place = locate(item["path"], wdir, str(root))
            recorded(self.item, self.place.inside)
        except FileError as error:
            raise FileError(error.problem, error.fix, path=shown) from None

    def dep(self) -> Dep:
        return Dep(self.place.shown, self._path(), self._recorded(), self.place.inside)

    def out(self) -> Out:
        return Out(
            self.place.shown,
            self._path(),
            self._recorded(),
            self.place.inside,
            cache=self.item.get("cache", True),
            persist=self.item.get("persist", False),
            remote=self.item.get("remote"),
            push=self.item.get("push", True),
        )

    def _recorded(self) -> Any:
        return recorded(self.item, self.place.inside)

    def _path(self) -> Path | None:
        return None if self.place.path is None else Path(self.place.path)

    def hashed(self, is_dep: bool) -> dict[str, Any]:
        """The entry as DVC writes it, which is what goes into the stage's md5."""
        if "repo" in self.item or "db" in self.item:
            kept = ("path", "repo") if "repo" in self.item else ("db",)
            return {key: _compact(self.item[key]) for key in kept}
        record = self._recorded()
        result: dict[str, Any] = {}
        if record.files:
            result["files"] = [dict(item) for item in record.files]
        elif record.md5 is not None or record.algorithm == "md5-dos2unix":
            result["md5"] = record.md5
        for key in ("version_id", "etag", "checksum", "cloud"):
            if self.item.get(key) and not record.files:
                result[key] = self.item[key]
        if record.algorithm != "md5-dos2unix":
            result["hash"] = "md5"
        result["path"] = self._written_path()
        if self.item.get("fs_config"):
            result["fs_config"] = self.item["fs_config"]
        if not is_dep:
            result |= self._flags()
        return result

    def _flags(self) -> dict[str, Any]:
        flags: dict[str, Any] = {}
        if not self.item.get("cache", True):
            flags["cache"] = False
        if self.item.get("remote"):
            flags["remote"] = self.item["remote"]
        if not self.item.get("push", True):
            flags["push"] = False
        return flags

    def _written_path(self) -> str:
        if not self.place.inside or self.place.path is None:
            return self.place.key
        return os.path.relpath(self.place.path, self.wdir).replace(os.sep, "/")


def _md5(
    data: Mapping[str, Any], wdir: str, folder: str, deps: list[_Entry], outs: list[_Entry]
) -> str:
    """As dvc/stage/utils.py, compute_md5: an import's md5 covers its deps, outs and wdir."""
    content: dict[str, Any] = {
        "deps": [entry.hashed(is_dep=True) for entry in deps],
        "outs": [entry.hashed(is_dep=False) for entry in outs],
    }
    relative = os.path.relpath(wdir, folder).replace(os.sep, "/")
    if relative != ".":
        content["wdir"] = relative
    if data.get("always_changed"):
        content["always_changed"] = True
    text = json.dumps(_without(content), sort_keys=True)
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(item) for item in value]
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items() if key not in _NOT_HASHED}
    return value


def _compact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item}
    return value


def _cloud_merged(item: Mapping[str, Any]) -> dict[str, Any]:
    return dict(item)


def _unnatural(deps: list[_Entry], outs: list[_Entry]) -> str | None:
    for entry in deps:
        if "repo" in entry.item:
            return f"{entry.place.key} is imported from {entry.item['repo']['url']}"
        if "db" in entry.item:
            return "it is imported from a database"
        if entry.item.get("version_id") or entry.item.get("cloud"):
            return f"{entry.place.key} is a version in a cloud"
    return address_among([entry.out() for entry in outs] + [entry.dep() for entry in deps])
