"""How the last run of a stage, as dvc.lock has it, compares with what is there now."""

from collections.abc import Iterator
from typing import NamedTuple

from dvcstate import ProjectError, Reason, Stage, StageState
from dvcstate.errors import ConfigError
from dvcstate.model import Dep, Out, ParamsFile
from dvcstate.params import params_file as params_files
from dvcstate.stages import stage_graph
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence
from grader.stages.lookup import maker_of, stage_evidence
from grader.stages.paths import covers, paths_overlap
from grader.stages.storage import is_code, is_hidden_from_dvc, is_recorded_at_head, untracked_code
from grader.stages.value_types import shown_change
from workshop.stages import STAGES


class LockChange(NamedTuple):
    """What is not as the lock recorded it: its ``name`` in a sentence, and where to look."""

    name: str
    evidence: Evidence


def state_of(repository: Repository, stage: Stage) -> StageState:
    """The state of a stage in the worktree; without a reason where the worktree lacks the stage."""
    states = repository.state.stages
    none = StageState(stage, "never_run", ())
    return next((state for state in states if state.stage.name == stage.name), none)


def changed_out(repository: Repository, stage: Stage, *changes: str) -> Reason | None:
    """Why an out of ``stage`` is not as recorded; for one of ``changes`` where some are given."""
    for reason in out_reasons(repository, state_of(repository, stage)):
        if reason.change in changes or not changes:
            return reason
    return None


def out_reasons(repository: Repository, state: StageState) -> Iterator[Reason]:
    """Why the outs of a stage are not as recorded.

    DVC does not look at an out that is not in its cache: here it is compared all the same.
    """
    for reason in state.reasons:
        if reason.kind == "out":
            outs = [out for out in state.stage.outs if out.path == reason.path]
            is_unseen = reason.change == "not in cache"
            if is_unseen and any(_is_modified(repository, out) for out in outs):
                yield reason._replace(change="modified")
            else:
                yield reason


def _is_modified(repository: Repository, out: Out) -> bool:
    """Whether an out that is there has other bytes than those recorded."""
    if not out.cache or out.place is None or out.recorded.md5 is None:
        return False
    md5 = repository.md5_of(out.place, out.recorded.algorithm)
    return md5 is not None and md5 != out.recorded.md5


def is_as_recorded(repository: Repository, stage: Stage) -> bool:
    """Whether what is in the folder is what the run of ``stage`` read and left, cached or not."""
    try:
        states = repository.state.stages
    except ProjectError:
        return False
    own = [state for state in states if state.stage.name == stage.name]
    changes = {reason.change for state in own for reason in state.reasons}
    return bool(own) and changes <= {"not in cache"} and _has_outs(repository, own[0].stage, stage)


def _has_outs(repository: Repository, here: Stage, stage: Stage) -> bool:
    """Whether the outs are there as recorded: of one that is in no cache, DVC says no more.

    ``here`` is the stage in the folder; at HEAD ``stage`` may have another record.
    """
    recorded = {out.path: out.recorded.md5 for out in stage.outs}
    for out in here.outs:
        if not out.cache or out.place is None:
            continue
        if recorded.get(out.path) != out.recorded.md5:
            return False
        if repository.md5_of(out.place, out.recorded.algorithm) != out.recorded.md5:
            return False
    return True


def require_finished_work(repository: Repository) -> None:
    """Raise where the folder is not to be committed yet, as another check reports.

    A file cannot be read, or dvc.yaml lost a stage of the lessons.
    """
    here = repository.worktree
    try:
        _ = here.project
    except ConfigError:  # init.config reports it
        return
    except ProjectError:
        raise BlockedError("init.readable") from None
    try:
        if is_hidden_from_dvc(repository, "dvc.yaml"):
            return
        gone = [spec for spec in STAGES if repository.head.stage(spec) and not here.stage(spec)]
    except ProjectError:  # what is wrong at HEAD, other checks report
        return
    if gone:
        raise BlockedError(f"{gone[0].name}.declared")


def has_to_run(repository: Repository) -> bool:
    """Whether a stage that ran before would run again on what is in the folder.

    Where only an out is not as it was left, nothing has to run.
    """
    try:
        states = repository.state.stages
    except (ProjectError, OSError):
        return False
    return any(state.stage.recorded and any(_reasons_to_run(state)) for state in states)


def runs_next(repository: Repository, stage: Stage) -> bool:
    """Whether the next ``dvc repro`` gets to ``stage``: it, or one above it, has to run.

    What is absent says nothing of that: in a clone it waits for a ``dvc pull``.
    """
    state = repository.state
    has_reason = {
        each.stage.name
        for each in state.stages
        if any(reason.change != "deleted" for reason in _reasons_to_run(each))
        or (each.stage.cmd and not each.stage.recorded)
    }
    frozen = {each.stage.name for each in state.stages if each.state == "frozen"}
    edges = [edge for edge in state.project.edges if edge[1] not in frozen]
    names = dict.fromkeys(has_reason, "stale")
    return stage.name in has_reason | stage_graph.upstream_stale(names, edges)


def _reasons_to_run(state: StageState) -> Iterator[Reason]:
    """Why ``dvc repro`` would run the command of a stage; it passes over a frozen one."""
    if state.stage.cmd and state.state != "frozen":
        yield from (r for r in state.reasons if r.kind in ("param", "dep", "command"))


def changes(repository: Repository, snapshot: Snapshot, stage: Stage) -> Iterator[LockChange]:
    """What is not as the lock recorded it; outs of other stages are left to ``lock.consistent``."""
    if stage.command_changed:
        evidence = stage_evidence(snapshot, stage, "cmd:", value="the command")
        yield LockChange("its command", evidence)
    yield from _changed_params(snapshot, stage)
    for dep in stage.deps:
        if dep.recorded.md5 is None and not dep.recorded.files and dep.place:
            evidence = Evidence(snapshot.revision, dep.path, value="not recorded")
            yield LockChange(dep.path, evidence)
            continue
        if not dep.inside or maker_of(snapshot, dep.path):
            continue
        now = snapshot.md5(dep.path) or _hash_in_dvc_file(snapshot, dep.path)
        if not now:
            yield from _changed_code(repository, snapshot, dep)
        elif dep.recorded.algorithm == "md5" and now != dep.recorded.md5:
            yield LockChange(dep.path, Evidence(snapshot.revision, dep.path))
    if is_worktree(repository, snapshot):
        yield from _changed_data(repository, snapshot, stage)


def _changed_code(repository: Repository, snapshot: Snapshot, dep: Dep) -> Iterator[LockChange]:
    """What of a folder of code at HEAD is not as recorded, where the worktree is not as HEAD.

    Where it is, its state says so; files that git does not have are ``unversioned_deps``.
    """
    if snapshot.revision != "HEAD" or dep.recorded.algorithm != "md5":
        return
    if is_worktree(repository, snapshot) or not is_code(repository, dep.path):
        return
    if untracked_code(repository, dep.path):
        return
    if is_recorded_at_head(repository, dep) is False:
        for path in _edited_files(repository, dep.path):
            yield LockChange(path, Evidence("HEAD", path))


def _edited_files(repository: Repository, path: str) -> list[str]:
    """The files in a folder that are not at HEAD as in the worktree; if none is, the folder."""
    return [file for file in repository.uncommitted_files if covers(path, file)] or [path]


def is_worktree(repository: Repository, snapshot: Snapshot) -> bool:
    """Whether what the worktree's state says holds of ``snapshot`` too."""
    return snapshot.revision == "worktree" or not repository.uncommitted_files


def _changed_params(snapshot: Snapshot, stage: Stage) -> Iterator[LockChange]:
    for file in stage.params:
        if snapshot.content(file.path) is None:
            continue
        recorded = file.recorded or {}
        now = params_files.values(snapshot.params(file.path), file.keys, file.path)
        for key in file.keys or dict.fromkeys([*now, *recorded]):
            if key in now and now[key] != recorded.get(key):
                is_new = key not in recorded
                pairs = [] if is_new else _differences(key, recorded[key], now[key])
                for name, before, after in pairs:
                    yield _changed_param(snapshot, file, name, shown_change(before, after))
                if not pairs:
                    yield _changed_param(snapshot, file, key, f"not recorded -> {now[key]}")


def _differences(key: str, before: object, after: object) -> list[tuple[str, object, object]]:
    """The keys in a section that have another value, or the section where its keys differ."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        return [
            pair
            for name, value in after.items()
            if value != before[name]
            for pair in _differences(f"{key}.{name}", before[name], value)
        ]
    return [(key, before, after)]


def _changed_param(snapshot: Snapshot, file: ParamsFile, key: str, change: str) -> LockChange:
    line = snapshot.line(file.path, *(f"{part}:" for part in key.split(".")))
    return LockChange(key, Evidence(snapshot.revision, file.path, line, f"{key} {change}"))


def _hash_in_dvc_file(snapshot: Snapshot, path: str) -> str | None:
    """The hash that a .dvc file records for exactly ``path``."""
    for stage in snapshot.project.stages:
        for out in stage.outs if stage.cmd is None else ():
            if out.path == path:
                return out.recorded.md5
    return None


def _changed_data(repository: Repository, snapshot: Snapshot, stage: Stage) -> Iterator[LockChange]:
    """Changes that only a look at the data shows: folders of code, files that git does not have.

    And a folder around outs, or a file in an out, which no line of the lock records.
    """
    recorded = {dep.path for dep in stage.deps if dep.recorded.md5 or dep.place is None}
    for reason in state_of(repository, stage).reasons:
        path = reason.path
        if reason.kind != "dep" or path not in recorded:
            continue
        if path in stage.external:
            yield LockChange(path, Evidence("remote", path, value=reason.change))
            continue
        if maker_of(snapshot, path):
            is_reported = _is_reported_as_out(repository, snapshot, path)
        else:
            is_reported = bool(snapshot.md5(path) or _hash_in_dvc_file(snapshot, path))
        for edited in [] if is_reported else _edited_files(repository, path):
            yield LockChange(edited, Evidence("worktree", edited, value=reason.change))


def _is_reported_as_out(repository: Repository, snapshot: Snapshot, path: str) -> bool:
    """Whether ``path`` is an out, or takes in one that is itself not as it was recorded."""
    return any(
        out.path == path or changed_out(repository, stage)
        for stage in snapshot.project.stages
        if stage.cmd
        for out in stage.outs
        if paths_overlap(out.path, path)
    )


def newer_deps(snapshot: Snapshot, stage: Stage) -> Iterator[LockChange]:
    """Deps that another stage has made anew since the stage ran."""
    for dep in stage.deps:
        maker = maker_of(snapshot, dep.path)
        for out in maker.outs if maker else ():
            if out.path == dep.path and out.recorded.md5 != dep.recorded.md5:
                yield LockChange(dep.path, Evidence(snapshot.revision, dep.path))
