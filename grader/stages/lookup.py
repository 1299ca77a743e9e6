"""Which stages the attendee has: those of the lessons, those of their own, and where they stand."""

from collections.abc import Iterable

from dvcstate import Stage
from grader.close_names import close_names
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence
from grader.stages.paths import command_paths, covers, lesson_paths, paths_overlap
from workshop.stages import PACKAGE, STAGES, StageSpec

LOCK = "dvc.lock"
_ALIKE = 0.8
"""How near two names are of which one is a slip of the other: ``trian`` is at 0.8 of ``train``."""


def every_stage(snapshot: Snapshot) -> tuple[Stage, ...]:
    """Every stage and every .dvc file, of which there is one at least."""
    if not snapshot.project.stages:
        raise BlockedError("data.tracked")
    return snapshot.project.stages


def stage_of(snapshot: Snapshot, spec: StageSpec) -> Stage:
    """The attendee's stage for a lesson, whatever they call it."""
    stage = snapshot.stage(spec)
    if stage is None:
        raise BlockedError(f"{spec.name}.declared")
    return stage


def recorded_stage(snapshot: Snapshot, spec: StageSpec) -> Stage:
    """The same, where it is in the lock."""
    stage = stage_of(snapshot, spec)
    if not stage.recorded:
        raise BlockedError(f"{spec.name}.run")
    return stage


def lesson_stages(snapshot: Snapshot) -> dict[str, Stage]:
    """The stages that lessons ask for, by the names that the attendee gave them."""
    return {stage.name: stage for spec in STAGES if (stage := snapshot.stage(spec))}


def own_stages(snapshot: Snapshot) -> list[Stage]:
    """The stages with a command that no lesson asks for."""
    known = lesson_stages(snapshot)
    return [stage for stage in snapshot.project.stages if stage.cmd and stage.name not in known]


def name_in_file(stage: Stage) -> str:
    """The stage's name in its dvc.yaml; DVC puts the path of another dvc.yaml than ours before.

    Behind an @ it puts the item of a ``foreach`` or a ``matrix``.
    """
    return stage.name.rpartition(":")[2].partition("@")[0]


def stage_evidence(
    snapshot: Snapshot, stage: Stage, *words: str, value: str | None = None
) -> Evidence:
    """The line of the stage's own file that holds the last of ``words``."""
    line = snapshot.line(stage.file, f"{name_in_file(stage)}:", *words)
    return Evidence(snapshot.revision, stage.file, line, value)


def maker_of(snapshot: Snapshot, path: str) -> Stage | None:
    """The stage with a command that makes ``path``, a part of it or what it is in."""
    for stage in snapshot.project.stages:
        if stage.cmd and any(paths_overlap(out.path, path) for out in stage.outs):
            return stage
    return None


def producers(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> dict[str, list[str]]:
    """The other stages that make what ``stage`` reads by its command, and what of it."""
    paths: dict[str, list[str]] = {}
    for path in command_paths(repository, stage, snapshot.code(spec), spec.reads):
        for other in snapshot.project.stages:
            is_other = bool(other.cmd) and other.name != stage.name
            if is_other and any(covers(out.path, path) for out in other.outs):
                paths.setdefault(other.name, []).append(path)
    return paths


def code_deps(stage: Stage | None, paths: Iterable[str]) -> list[str]:
    """The deps to add to ``stage`` for ``paths``: a folder of code in place of its modules.

    Where the stage declares some module of that folder by itself, the others are added likewise.
    """
    deps: dict[str, None] = {}
    for path in paths:
        parts = path.split("/")
        at = parts.index(PACKAGE) if PACKAGE in parts else len(parts)
        folder = "/".join(parts[: at + 2])
        is_code = len(parts) > at + 2  # src/pipeline/train/fit.py: src/pipeline/train
        declared = stage.deps if stage else ()
        is_in_parts = any(dep.path.startswith(f"{folder}/") for dep in declared)
        deps[folder if is_code and not is_in_parts else path] = None
    return list(deps)


def find_misspelt(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> str:
    """The stage that may be meant by ``spec``, and belongs to no other lesson.

    It has the lesson's outs, which DVC lets no second stage have, or runs the lessons' code under a
    name that is a slip of the lesson's. Empty where there is none.
    """
    own = own_stages(snapshot)
    outs = lesson_paths(spec, spec.writes)
    makers = [
        stage.name for stage in own if any(covers(o.path, out) for o in stage.outs for out in outs)
    ]
    ours = [stage.name for stage in own if f"{PACKAGE}." in str(stage.cmd)]
    return next(iter(close_names(spec.name, ours, _ALIKE) or makers), "")
