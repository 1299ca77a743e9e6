"""The stages of a ``dvc.yaml`` that uses templating, as DVC itself resolves them.

Only DVC's resolver knows ``${}``, ``foreach``, ``matrix`` and ``vars`` to the letter, so it is run,
in a process of its own that the repository cannot put code into (``python -P``). Its answer is kept
in the user's cache folder, under a key that sums up the files that it read.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dvcstate.documents import reader
from dvcstate.errors import FileError
from dvcstate.hashes import hash_store

_VERSION = b"2"  # of the answers' form: others are not read


def is_used(data: Mapping[str, Any]) -> bool:
    """Whether a ``dvc.yaml`` uses templating (or escapes it)."""
    if "vars" in data:
        return True
    for stage in data.get("stages", {}).values():
        if {"foreach", "matrix", "vars"} & stage.keys():
            return True
    return _mentions(data)


def _mentions(value: Any) -> bool:
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, Mapping):
        return any(_mentions(key) or _mentions(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_mentions, value))


def resolve(
    root: Path, path: Path, shown: str, data: Mapping[str, Any], settings: Mapping[str, str]
) -> dict[str, Any]:
    """``stages``, ``metrics`` and ``plots`` of ``path``, with every name and value filled in.

    ``data`` is what the file holds, ``settings`` the section ``parsing`` of DVC's config.
    """
    files = inputs(path, data)
    cache_path = None
    if files is not None:
        key = _cache_key(root, [path, *files], settings)
        cache_path = hash_store.cache_dir() / "templates" / f"{key}.json"
    from dvcstate.dvc import dvc_process  # and subprocess with it

    why = f"{shown}: it uses templating"
    answer = _read_cached(cache_path) or dvc_process.run(
        "resolve_templates", str(root), str(path), why=why
    )
    if "error" in answer:
        raise FileError(
            answer["error"], "mend the template, or the value in the file that it names", path=shown
        )
    _write_cached(answer, cache_path)
    return answer


def inputs(path: Path, data: Mapping[str, Any]) -> list[Path] | None:
    """The other files that the answer depends on; None where only DVC could tell."""
    files = [path.with_name("params.yaml")]
    groups = [(data.get("vars", []), "")]
    for stage in data.get("stages", {}).values():
        stage = stage.get("do", stage)
        groups.append((stage.get("vars", []), stage.get("wdir", "")))
    for variables, wdir in groups:
        names = [item.partition(":")[0] for item in variables if isinstance(item, str)]
        if names and "${" in wdir:
            return None
        files += [path.parent / wdir / name for name in names]
    return files


def _cache_key(root: Path, paths: list[Path], settings: Mapping[str, str]) -> str:
    """What names and contents sum up to; a file that is not there counts as well."""
    digest = hashlib.sha256(_VERSION + json.dumps(sorted(settings.items())).encode())
    for path in paths:
        name = os.path.relpath(path, root)
        is_read = path.exists() and not path.is_dir()
        # An error for a pipe, on which DVC would wait.
        content = reader.read_bytes(path, name) if is_read else b""
        digest.update(f"\0{name}\0{path.exists()}\0{len(content)}\0".encode("utf-8", "replace"))
        digest.update(content)
    return digest.hexdigest()


def _read_cached(path: Path | None) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] | None = json.loads(path.read_bytes()) if path else None
    except (OSError, ValueError):
        return None
    return answer


def _write_cached(answer: dict[str, Any], path: Path | None) -> None:
    """Written to another name first, for another process may read at any time."""
    if path is None or path.exists():
        return
    temporary = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(answer), "utf-8")
        temporary.replace(path)
