"""Which params a stage declares: a key itself, its section, its file, or all keys below it."""

from collections.abc import Iterable

from dvcstate import Stage
from dvcstate.model import ParamsFile
from dvcstate.params import params_file as params_files
from grader.facts.snapshot import Snapshot
from grader.stages.paths import covers
from workshop.stages import PARAMS_FILE


def undeclared_keys(snapshot: Snapshot, stage: Stage, keys: Iterable[str]) -> list[str]:
    """Those of ``keys`` that ``stage`` does not declare."""
    return [key for key in keys if not _is_declared(snapshot, stage, key)]


def unknown_keys(snapshot: Snapshot, file: ParamsFile) -> list[str]:
    """The keys that a stage declares of ``file``, and that the file has not."""
    if snapshot.content(file.path) is None:
        return list(file.keys)
    values = params_files.values(snapshot.params(file.path), file.keys, file.path)
    return [key for key in file.keys if key not in values]


def has_key(snapshot: Snapshot, path: str, key: str) -> bool:
    """Whether the params file ``path`` is there and has ``key``."""
    if snapshot.content(path) is None:
        return False
    return key in params_files.values(snapshot.params(path), (key,), path)


def _is_declared(snapshot: Snapshot, stage: Stage, key: str) -> bool:
    if any(covers(dep.path, PARAMS_FILE) for dep in stage.deps):
        return True
    for file in stage.params:
        if not file.keys or any(_takes_in(declared, key) for declared in file.keys):
            return True
        below = [declared for declared in file.keys if declared.startswith(f"{key}.")]
        if below and snapshot.content(file.path) is not None:
            values = params_files.values(snapshot.params(file.path), (key,), file.path)
            value = values.get(key)
            if isinstance(value, dict) and all(
                any(_takes_in(d.removeprefix(f"{key}."), name) for d in below) for name in value
            ):
                return True
    return False


def _takes_in(declared: str, key: str) -> bool:
    # DVC looks keys up by dpath, where each of `*` and `**` alone stands for every key.
    return key == declared or key.startswith(f"{declared}.") or declared in ("*", "**")
