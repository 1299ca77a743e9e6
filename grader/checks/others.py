"""Stages of the attendee's own, which no lesson asks for.

An experiment that is half done costs no points: what is told of it is advice. Only what stops
``dvc repro`` for the lessons' stages too is a mistake.
"""

from collections.abc import Iterator
from dataclasses import replace

from dvcstate import Stage
from grader import fixes
from grader.checks import code, lost_params, runs, stages
from grader.checks.stages import LOCK
from grader.engine.finding import Evidence, Finding
from grader.engine.registry import check
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from workshop.stages import STAGES


def of_the_attendees_own(snapshot: Snapshot) -> Iterator[Stage]:
    """The stages with a command that are none of the lessons'."""
    known = [stage.name for one in STAGES if (stage := snapshot.stage(one))]
    yield from (stage for stage in snapshot.project.stages if stage.cmd and stage.name not in known)


@check(
    "others.run",
    "stage-never-run",
    requires=("pipeline.place", "lock.committed"),
    committed_only=True,
)
def other_stages_have_run(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every stage of your own has run.

    No lesson asks for it, and it costs no points; but whoever runs dvc repro runs it too.
    """
    for stage in of_the_attendees_own(snapshot):
        if stage.recorded or stage.runs_always:
            continue
        return Finding(
            "stage-never-run",
            f"{stage.name}, a stage of your own, is in {stage.file}, and {LOCK} has no record of"
            " it: it never ran.",
            f"a record of {stage.name} in {LOCK}",
            "none",
            _rerun(repository, stage),
            (stages.in_file(snapshot, stage), Evidence(snapshot.source, LOCK)),
            severity="advice",
        )
    return None


def _rerun(repository: Repository, stage: Stage) -> tuple[Step, ...]:
    """With the .gitignore that DVC writes at the first run."""
    lock = stage.file.removesuffix("dvc.yaml") + LOCK
    cached = [out.path for out in stage.outs if out.cache and out.inside]
    beside = [*stages.uncached(stage), *stages.gitignores(repository, cached)]
    return (
        fixes.command("dvc", "repro", stage.name),
        *fixes.commit([lock, *beside], f"Run {stage.name}"),
    )


@check(
    "others.current",
    "lock-stale",
    requires=("pipeline.place", "lock.committed"),
    committed_only=True,
)
def other_stages_are_current(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every stage of your own ran on what is there now.

    No lesson asks for it, and it costs no points; but its outs are of what was there before.
    """
    for stage in of_the_attendees_own(snapshot):
        changed = (
            list(runs.changes(repository, snapshot, stage)) if _is_to_be_current(stage) else []
        )
        if not changed:
            continue
        return Finding(
            "lock-stale",
            f"{stage.name}, a stage of your own, has not run since {runs.what(changed)} changed.",
            f"what {LOCK} records of {stage.name}",
            fixes.listed(one.path for one in changed),
            _rerun(repository, stage),
            tuple(changed),
            severity="advice",
        )
    return None


def _is_to_be_current(stage: Stage) -> bool:
    return stage.recorded and not stage.frozen and not stage.runs_always


@check(
    "others.thawed",
    "stage-frozen",
    requires=("pipeline.place", "lock.committed"),
    committed_only=True,
)
def other_stages_are_not_frozen(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No stage of your own is frozen.

    DVC does not look at the deps of a frozen stage: dvc status stays clean whatever changes.
    """
    for stage in of_the_attendees_own(snapshot):
        found = runs.frozen(repository, snapshot, stage) if stage.frozen else None
        if found:
            return replace(found, severity="advice")
    return None


@check("others.params", "param-unknown", requires=("preprocess.declared",))
def params_of_other_stages_exist(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every param that a stage of your own declares is in its file.

    dvc repro stops at a key that is not there, and runs none of the lessons' stages either.
    """
    found = (
        lost_params.finding(repository, snapshot, stage, None)
        or code.unknown_params(repository, snapshot, stage)
        for stage in of_the_attendees_own(snapshot)
    )
    return next((one for one in found if one), None)
