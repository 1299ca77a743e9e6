"""What DVC keeps has one owner."""

from collections.abc import Iterable

from dvcstate import Stage
from dvcstate.model import Out
from grader import fixes
from grader.checks import stages
from grader.checks.stages import covers
from grader.engine.finding import Evidence, Finding
from grader.engine.registry import check
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.stage_edits import Change
from workshop.stages import STAGES, StageSpec

_RAW = "data/raw"

_Owned = tuple[Out, Stage]
"""An out and what it belongs to."""


@check("data.no_overlap", "out-overlap", requires=("init.readable",))
def outs_do_not_overlap(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No out lies in another, and no two have the same path.

    What lies in two outs has two owners: dvc repro stops, or one of them goes stale at once.
    """
    doubled = _doubled(_owned(stages.any_of(snapshot)))
    return _overlap(repository, snapshot, *doubled) if doubled else _to_come(repository, snapshot)


def _owned(some: Iterable[Stage]) -> list[_Owned]:
    return [(out, stage) for stage in some for out in stage.outs if out.place]


def _doubled(owned: list[_Owned]) -> tuple[_Owned, _Owned] | None:
    """The outer and the inner out of two that overlap."""
    for outer, owner in owned:
        for inner, other in owned:
            if owner is not other and covers(outer.path, inner.path):
                if inner.path == outer.path and owner.name > other.name and other.cmd is None:
                    continue  # told the other way round: the .dvc file is the one to remove
                return (outer, owner), (inner, other)
    return None


def _to_come(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a .dvc file that tracks what a stage, not declared yet, will write."""
    for owner in snapshot.project.stages:
        for out in owner.outs if owner.cmd is None and owner.file.endswith(".dvc") else ():
            for spec in STAGES:
                path = None if snapshot.stage(spec) else _written(repository, spec, out.path)
                if path:
                    return _too_much(
                        repository, snapshot, out, owner, f"the stage {spec.name} writes {path}"
                    )
    return None


def _written(repository: Repository, spec: StageSpec, tracked: str) -> str | None:
    """What the stage of a lesson will write within ``tracked``, or around it."""
    model = Stage(spec.name, "dvc.yaml", spec.command)
    paths = stages.paths_of(repository, model, spec, spec.writes)
    return next((one for one in paths if covers(tracked, one) or covers(one, tracked)), None)


def _too_much(
    repository: Repository, snapshot: Snapshot, out: Out, owner: Stage, writes: str
) -> Finding:
    holds_raw = covers(out.path, _RAW)
    slash = "/" * (out.recorded.md5 or "").endswith(".dir")
    return Finding(
        "out-overlap",
        f"{owner.file} tracks all of {out.path}{slash}, and {writes}: dvc stage add refuses an out"
        " that overlaps another.",
        f"{_RAW}.dvc, which tracks the raw data alone"
        if holds_raw
        else "what stages write, left to the stages",
        f"{owner.file}, which tracks {out.path}",
        (
            fixes.command("dvc", "remove", owner.name),
            *_forgotten(
                repository, owner.file, "" if holds_raw else "Leave the outs to their stages"
            ),
            *_raw_alone() * holds_raw,
        ),
        (Evidence(snapshot.source, owner.file),),
    )


def _raw_alone() -> list[Step]:
    commit = fixes.commit([f"{_RAW}.dvc", "data/.gitignore"], "Track the raw data alone")
    return [fixes.command("dvc", "add", _RAW), *commit]


def _forgotten(repository: Repository, file: str, message: str) -> list[Step]:
    """What takes ``file``, and the line for its data, out of git where git has them."""
    ignoring = "/".join([*file.split("/")[:-1], ".gitignore"])
    known = [path for path in (file, ignoring) if path in repository.tracked]
    if file not in known:
        return []
    update = fixes.command("git", "add", "--update", *known)
    return [
        update,
        *[fixes.commit_staged(message)] * (bool(message) and file in repository.committed),
    ]


def _overlap(repository: Repository, snapshot: Snapshot, outer: _Owned, inner: _Owned) -> Finding:
    return Finding(
        "out-overlap",
        f"{inner[0].path} belongs to {inner[1].name} and to {outer[1].name} ({outer[0].path}):"
        " DVC refuses to run where two own one thing.",
        "one owner for each path",
        f"{outer[0].path} and {inner[0].path} overlap",
        _parting(repository, snapshot, outer, inner),
        (Evidence(snapshot.source, outer[1].file), Evidence(snapshot.source, inner[1].file)),
    )


def _parting(repository: Repository, snapshot: Snapshot, *owned: _Owned) -> tuple[Step, ...]:
    """Leave the path to one of the two: to the stage that writes it, by its command."""
    for _, owner in owned:
        if owner.cmd is None:
            return (
                fixes.command("dvc", "remove", owner.name),
                fixes.command("git", "add", "--update"),
                fixes.commit_staged("Leave the out to its stage"),
            )
    for out, owner in owned:
        if out.path in _read_by(repository, snapshot, owner):
            change = Change(add={"deps": (out.path,)}, remove={_section(out): (out.path,)})
            return stages.edit_then_run(repository, snapshot, owner, change)
    out, owner = owned[-1]
    return stages.edit_then_run(
        repository, snapshot, owner, Change(remove={_section(out): (out.path,)})
    )


def _read_by(repository: Repository, snapshot: Snapshot, stage: Stage) -> list[str]:
    return [
        path
        for spec in STAGES
        if (found := snapshot.stage(spec)) and found.name == stage.name
        for path in stages.paths_of(repository, stage, spec, spec.reads)
    ]


def _section(out: Out) -> str:
    return "metrics" if out.metric else "plots" if out.plot else "outs"
