"""DVC's run cache: of each run the outs, by what the stage read (dvc/stage/cache.py).

``dvc repro`` looks there before it runs a stage, and checks out the outs of a run on the same.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dvcstate.documents import yaml12
from dvcstate.errors import ProjectError
from dvcstate.model import Dep, Out, ParamsFile, Project, Stage
from dvcstate.params import params_file

_MD5 = "md5"
_SIZES = ("size", "nfiles")


def cached_run(
    project: Project, stage: Stage, dep_md5s: Mapping[str, str]
) -> Mapping[str, str] | None:
    """The md5 of each out, by path, of the newest run of ``stage`` on such deps and these params.

    ``dep_md5s``: the md5 of each dep by path. None where there was no such run, or where DVC keeps
    none of it. Whether the cache has the outs still is another question.
    """
    if not _is_kept(stage) or any(dep.path not in dep_md5s for dep in stage.deps):
        return None
    try:
        key = _key(project, stage, dep_md5s)
        folder = project.cache_dir / "runs" / key[:2] / key
        entries = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        document = yaml12.load(entries[-1].read_text("utf-8"))
        md5s = {str(out["path"]): str(out[_MD5]) for out in document["outs"]}
    except (ProjectError, OSError, ValueError, LookupError, TypeError):
        return None  # it is no run of this version of DVC, or there is none
    names = {out.path: _name(project, stage, out) for out in stage.outs}
    return {path: md5s[name] for path, name in names.items() if name in md5s}


def _is_kept(stage: Stage) -> bool:
    """Whether DVC keeps the runs of ``stage`` (``_can_hash``)."""
    is_plain = all(out.inside and not out.persist for out in stage.outs)
    tracked: list[Dep | Out | ParamsFile] = [*stage.deps, *stage.outs, *stage.params]
    is_local = all(item.place for item in tracked)
    has_all = bool(stage.cmd and stage.deps and stage.outs)
    return has_all and is_plain and is_local and not (stage.always_changed or stage.external)


def _key(project: Project, stage: Stage, dep_md5s: Mapping[str, str]) -> str:
    """The name of the folder with the runs: a hash of the command, deps, params and outs."""
    deps = [
        {"path": _name(project, stage, dep), "hash": _MD5, "md5": dep_md5s[dep.path]}
        for dep in stage.deps
    ]
    params = {
        _name(project, stage, file): {
            str(key): value for key, value in _values(file.place, file.keys, file.path).items()
        }
        for file in stage.params
        if file.place
    }
    read: dict[str, Any] = {"cmd": stage.cmd, "deps": sorted(deps, key=lambda dep: dep["path"])}
    if params:
        read["params"] = params
    read["outs"] = sorted(_name(project, stage, out) for out in stage.outs)
    return hashlib.sha256(json.dumps(_without_sizes(read), sort_keys=True).encode()).hexdigest()


def _without_sizes(value: Any) -> Any:
    """``value`` as DVC hashes it: without the sizes of files, and params of these names."""
    if isinstance(value, list):
        return [_without_sizes(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _without_sizes(item) for key, item in value.items() if key not in _SIZES}


def _values(place: Path, keys: tuple[str, ...], shown: str) -> Mapping[Any, Any]:
    return params_file.values(params_file.read(place, shown), keys, shown)


def _name(project: Project, stage: Stage, item: Dep | Out | ParamsFile) -> str:
    """The path as dvc.lock has it: from the folder that the stage runs in."""
    if item.place is None or not item.place.is_relative_to(project.root):
        return str(item.path)
    return Path(os.path.relpath(item.place, project.root / stage.wdir)).as_posix()
