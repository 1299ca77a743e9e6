"""The stages of a ``dvc.yaml`` that uses templating, as DVC itself resolves them.

Nobody but DVC's resolver knows ``${}``, ``foreach``, ``matrix`` and ``vars`` to the letter, so it
does it, in a process of its own that the repository cannot put code into (``python -P``). What it
answered is kept in the user's cache folder until one of the files that it read changes.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workshop.project.errors import FileError, NeedsDvcError

_TIMEOUT_S = 60
_RESOLVE = """
import json, os, sys
from types import SimpleNamespace
from dvc.config import Config
from dvc.exceptions import DvcException
from dvc.fs import localfs
from dvc.parsing import DataResolver
from dvc.utils import strictyaml
from dvc.schema import COMPILED_MULTI_STAGE_SCHEMA
root, path = sys.argv[1:]
os.chdir(root)
repo = SimpleNamespace(fs=localfs, config=Config(os.path.join(root, ".dvc")))
try:
    data, _ = strictyaml.load(path, COMPILED_MULTI_STAGE_SCHEMA, localfs)
    resolver = DataResolver(repo, os.path.dirname(path), data)
    stages, read = {}, set(resolver.context.imports)
    for name in resolver.get_keys():
        stages.update(resolver.resolve_one(name))
    for section in ("artifacts", "datasets", "metrics", "params", "plots"):
        getattr(resolver, "resolve_" + section)()
    for entry in data.get("stages", {}).values():
        entry = entry.get("do", entry)
        files = [item for item in entry.get("vars", []) if isinstance(item, str)]
        read.update(item.partition(":")[0] for item in files)
    for stage in stages.values():
        stage.pop("meta", None), stage.pop("desc", None)
    print(json.dumps({"stages": stages, "read": sorted(read)}))
except DvcException as error:
    print(json.dumps({"error": str(error)}))
"""


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


def resolved(root: Path, path: Path, shown: str) -> dict[str, dict[str, Any]]:
    """The stages of ``path`` with every name and value filled in."""
    answer = _ask(root, path, shown)
    if "error" in answer:
        raise FileError(
            answer["error"], "mend the template, or the value in the file that it names", path=shown
        )
    stages: dict[str, dict[str, Any]] = answer["stages"]
    return stages


def _ask(root: Path, path: Path, shown: str) -> dict[str, Any]:
    if importlib.util.find_spec("dvc") is None:
        raise NeedsDvcError(
            "uses templating, which only DVC can resolve, and DVC is not installed here",
            "pip install dvc, in the environment that this program runs in",
            path=shown,
        )
    command = [sys.executable, "-P", "-c", _RESOLVE, str(root), str(path)]
    environment = {"PYTHONSAFEPATH": "1", "DVC_NO_ANALYTICS": "1", "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own text
            command,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            cwd=Path(sys.executable).parent,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired:
        raise NeedsDvcError(
            f"DVC did not resolve the templates within {_TIMEOUT_S} s", "try again", path=shown
        ) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise FileError(
            f"DVC cannot resolve the templates: {''.join(last) or 'no answer'}",
            "dvc status tells the same",
            path=shown,
        ) from None
    return answer


def key_of(paths: list[Path]) -> str:
    """What the content of ``paths`` sums up to; a file that is not there counts as well."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes() if path.is_file() else b"-"
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()
