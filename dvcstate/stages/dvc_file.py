"""The one stage of a ``.dvc`` file, written by ``dvc add``, ``dvc import`` or ``import-url``."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dvcstate.config import config_schema, remote_address
from dvcstate.config.remote_address import Remotes
from dvcstate.documents import document
from dvcstate.errors import FileError
from dvcstate.model import Dep, Out, Stage
from dvcstate.repository import Repository
from dvcstate.stages.locations import Place, locate
from dvcstate.stages.pipeline_file import elsewhere, recorded

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


def stage(repository: Repository, shown: str, data: Mapping[str, Any]) -> Stage:
    """The stage in the ``.dvc`` file ``shown``, whose content is ``data``."""
    folder = os.path.dirname(os.path.join(repository.root, shown))
    wdir = os.path.abspath(os.path.join(folder, data.get("wdir") or "."))
    deps, outs = (
        [
            _Entry(item, (kind, number), repository, wdir, shown)
            for number, item in enumerate(data.get(kind) or [])
        ]
        for kind in ("deps", "outs")
    )
    imported = len(deps) == 1 and len(outs) == 1
    frozen = bool(data.get("locked") or data.get("frozen"))
    at_source = imported and deps[0].is_version_of_source(repository.remotes)
    asked = deps if at_source or not frozen else []
    return Stage(
        name=shown,
        file=shown,
        cmd=None,
        deps=tuple(entry.dep() for entry in deps),
        outs=tuple(entry.out() for entry in outs),
        frozen=frozen,
        always_changed=bool(data.get("always_changed")),
        recorded=True,
        checksum_changed=data.get("md5")
        != (_md5(data, wdir, folder, deps, outs) if imported else None),
        elsewhere=elsewhere([*(e.dep() for e in asked), *(entry.out() for entry in outs)]),
        is_kept_at_source=at_source,
    )


class _Entry:
    """A dep or an out of a ``.dvc`` file."""

    def __init__(
        self,
        item: Mapping[str, Any],
        keys: tuple[str, int],
        repository: Repository,
        wdir: str,
        shown: str,
    ) -> None:
        self.item = item
        self.wdir = wdir
        self._cached = keys[0] == "outs" and item.get("cache", True)
        key = "path"
        try:
            self.place = self._place(repository, wdir)
            key = "md5"
            self._recorded()
        except FileError as error:
            raise document.placed(error, repository.root / shown, shown, (*keys, key)) from None

    def _place(self, repository: Repository, wdir: str) -> Place:
        if "repo" in self.item:
            name = self.item.get("path", "")
            return Place(name, f"{name} ({self.item['repo']['url']})", None, inside=False)
        if "db" in self.item:
            return Place("", "a database", None, inside=False)
        if "path" not in self.item:
            raise FileError("an entry has no path", "add 'path: …'")
        path, options = self.item["path"], self.item.get("fs_config")
        if options:
            _check_options(path, options, repository.remotes)
        return locate(path, wdir, str(repository.root), repository.remotes)

    def is_version_of_source(self, remotes: Remotes) -> bool:
        """Whether the source keeps this version of it.

        Then ``dvc status`` asks for a newer one, though the import be frozen.
        """
        if self.place.path is not None or "db" in self.item:
            return False
        told = any(self.item.get(name) for name in ("repo", "version_id", "files", "cloud"))
        chosen = str((self.item.get("fs_config") or {}).get("version_aware", "")).lower() == "true"
        return told or chosen or remote_address.is_versioned(self.place.key, remotes)

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
        return recorded(self.item, self.place.inside, self._cached)

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


def _check_options(path: str, options: Mapping[str, Any], remotes: Remotes) -> None:
    """DVC does not load a file with an ``fs_config`` that a remote of that kind would not take."""
    url = remote_address.options(path, remotes)["url"] if path.startswith("remote://") else path
    given = {name: str(value) for name, value in options.items()}
    wrong = config_schema.problem({'remote ""': {"url": url, **given}})
    if wrong:
        told = wrong.message.removeprefix('remote ""').lstrip(":. ")
        raise FileError(f"fs_config: {told}", "mend or delete that option")


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
