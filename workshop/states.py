"""The state of each stage and why, judged from what dvc.lock records.

First form, without hashing: a file that was edited is not noticed yet. ``workshop.project``'s next
form compares contents and makes states and reasons exactly those of ``dvc status``.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workshop.project import Dep, Out, Params, Project, Stage

Kind = Literal["dep", "out", "param", "command", "always_changed", "checksum"]
Change = Literal["modified", "deleted", "new", "not in cache"]
State = Literal["never_run", "missing", "stale", "frozen", "fresh"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a stage is not fresh, in DVC's own words."""

    kind: Kind
    path: str | None
    change: Change | None


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage, its verdict, and the recorded facts about it."""

    name: str
    state: State
    upstream_stale: bool
    cmd: str
    frozen: bool
    reasons: tuple[Reason, ...]
    deps: tuple[Dep, ...]
    outs: tuple[Out, ...]
    params: Params


def judge(project: Project, repo_dir: Path) -> tuple[StageState, ...]:
    """The state of every stage of ``project``, whose files lie in ``repo_dir``."""
    recorded = project.lock.stages if project.lock else {}
    reasons = {s.name: _reasons(s, recorded.get(s.name), repo_dir) for s in project.stages}
    states = {s.name: _state(s, s.name in recorded, reasons[s.name]) for s in project.stages}
    behind = _behind(project, states)
    return tuple(
        _described(s, recorded.get(s.name), states[s.name], s.name in behind, reasons[s.name])
        for s in project.stages
    )


def _reasons(stage: Stage, recorded: Stage | None, repo_dir: Path) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    if recorded is None and not stage.frozen:  # DVC reports only the outs of a frozen stage
        reasons += [
            Reason("dep", dep.path, "modified" if _is_there(repo_dir, dep.path) else "deleted")
            for dep in stage.deps
        ]
        reasons += [Reason("param", file, "new") for file in stage.params]
    reasons += [
        Reason("out", out.path, "deleted" if out.cache else "not in cache")
        for out in stage.outs
        if not _is_there(repo_dir, out.path)
    ]
    if recorded is not None and recorded.cmd != stage.cmd and not stage.frozen:
        reasons.append(Reason("command", None, None))
    return tuple(reasons)


def _is_there(repo_dir: Path, path: str) -> bool:
    """Whether ``path`` exists; an address of another machine counts as there."""
    return "://" in path or os.path.exists(repo_dir / path)  # noqa: PTH110 - takes any odd name


def _state(stage: Stage, has_run: bool, reasons: tuple[Reason, ...]) -> State:
    if not has_run:
        return "never_run"
    if any(reason.kind == "out" for reason in reasons):
        return "missing"
    if reasons:
        return "stale"
    return "frozen" if stage.frozen else "fresh"


def _behind(project: Project, states: dict[str, State]) -> set[str]:
    """The stages below one that is never run, missing or stale."""
    consumers: dict[str, list[str]] = {}
    for producer, consumer in project.edges():
        consumers.setdefault(producer, []).append(consumer)
    behind: set[str] = set()
    open_names = [name for name, state in states.items() if state not in ("frozen", "fresh")]
    while open_names:
        for name in consumers.get(open_names.pop(), []):
            if name not in behind:
                behind.add(name)
                open_names.append(name)
    return behind


def _described(
    stage: Stage,
    recorded: Stage | None,
    state: State,
    upstream_stale: bool,
    reasons: tuple[Reason, ...],
) -> StageState:
    """What dvc.yaml declares, with the hashes, sizes and values that dvc.lock records."""
    deps = {dep.path: dep for dep in recorded.deps} if recorded else {}
    outs = {out.path: out for out in recorded.outs} if recorded else {}
    params = recorded.params if recorded else {}
    known_outs = [(out, outs.get(out.path, out)) for out in stage.outs]
    return StageState(
        name=stage.name,
        state=state,
        upstream_stale=upstream_stale,
        cmd=stage.cmd,
        frozen=stage.frozen,
        reasons=reasons,
        deps=tuple(deps.get(dep.path, dep) for dep in stage.deps),
        outs=tuple(Out(out.path, known.md5, known.size, out.cache) for out, known in known_outs),
        params={file: {**keys, **params.get(file, {})} for file, keys in stage.params.items()},
    )
