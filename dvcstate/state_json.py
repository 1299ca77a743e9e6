"""The state of a project as the JSON that ``GET /pipeline`` and the command line answer."""

from typing import Any

from dvcstate.model import Out, ProjectState, Reason, StageState

# Python refuses to write out numbers of more than some 14,000 bits in decimal.
_MAX_INT_BITS = 1024


def as_json(state: ProjectState) -> dict[str, Any]:
    """What ``GET /pipeline`` answers; hashes, sizes and params are those that the lock recorded.

    ``dvc_locks`` is a member only where DVC itself would not answer now.
    """
    lock = None
    if state.lock_md5 is not None:
        lock = {"path": "dvc.lock", "md5": state.lock_md5}
    locks = [lock._asdict() for lock in state.locks]
    return {
        "checked": state.checked,
        "lock": lock,
        "stages": [_stage(stage) for stage in state.stages],
        "edges": [list(edge) for edge in state.project.edges],
        **({"dvc_locks": locks} if locks else {}),
    }


def stage_as_json(state: ProjectState, name: str) -> dict[str, Any] | None:
    """What ``GET /pipeline/{stage}`` answers, None when there is no such stage."""
    return next((_stage(stage) for stage in state.stages if stage.stage.name == name), None)


def _stage(state: StageState) -> dict[str, Any]:
    """``cmd`` is null for a ``.dvc`` file; ``unanswered`` is a member only where there is any."""
    stage = state.stage
    unanswered = [{"path": unknown.path, "why": unknown.why} for unknown in state.unanswered]
    return {
        "name": stage.name,
        "state": state.state,
        "upstream_stale": state.upstream_stale,
        "cmd": "\n".join(stage.cmd) if isinstance(stage.cmd, list) else stage.cmd,
        "frozen": stage.frozen,
        "reasons": [_reason(reason) for reason in state.reasons],
        "deps": [{"path": dep.path, "md5": dep.recorded.md5} for dep in stage.deps],
        "outs": [_out(out) for out in stage.outs],
        "params": {file.path: _plain(file.recorded or {}) for file in stage.params},
        **({"unanswered": unanswered} if unanswered else {}),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"kind": reason.kind, "path": reason.path or None, "change": reason.change}


def _out(out: Out) -> dict[str, Any]:
    recorded = out.recorded
    return {"path": out.path, "md5": recorded.md5, "size": recorded.size, "cache": out.cache}


def _plain(value: Any) -> Any:
    """A param as JSON knows it: a date becomes text, a set a list."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)  # `Infinity` and `NaN`, which json writes, are no JSON
    if isinstance(value, int) and value.bit_length() > _MAX_INT_BITS:
        return hex(value)
    return value if isinstance(value, str | int | float | None) else str(value)
