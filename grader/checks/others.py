"""Stages of the attendee's own, which no lesson asks for.

An experiment that is half done costs no points: what is said of it is advice. Only what stops
``dvc repro`` for the lessons' stages too is a mistake.
"""

from dataclasses import replace

from grader import fixes
from grader.checks import runs, undeclared
from grader.checks.unversioned import unversioned_finding_of_own_stage
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.stage_runs import edit_and_run, run_stage
from grader.stages.lookup import LOCK, own_stages
from grader.stages.paths import covers
from grader.stages.stage_change import Change
from grader.stages.unread import find_unread

_REQUIRES = ("pipeline.place", "lock.committed")


@check("others.run", "stage-never-run", requires=_REQUIRES, committed_only=True)
def other_stages_have_run(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every stage of your own has run.

    No lesson asks for it, and it costs no points; but whoever runs dvc repro runs it too.
    """
    for stage in own_stages(snapshot):
        if stage.recorded or stage.runs_always:
            continue
        finding = runs.never_run_finding(repository, snapshot, stage, ", a stage of your own,")
        return replace(finding, severity="advice")
    return None


@check("others.current", "lock-stale", requires=_REQUIRES, committed_only=True)
def other_stages_are_current(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every stage of your own ran on what is there now.

    No lesson asks for it, and it costs no points; but its outs are of what was there before.
    """
    for stage in own_stages(snapshot):
        if not stage.recorded or stage.frozen or stage.runs_always:
            continue
        changed = runs.changes_of_run(repository, snapshot, stage)
        if not changed:
            if finding := unversioned_finding_of_own_stage(repository, snapshot, stage):
                return finding
            continue
        evidence = tuple(change.evidence for change in changed)
        names = runs.names_of(changed)
        return Finding(
            "lock-stale",
            f"{stage.name}, a stage of your own, has not run since {names} changed.",
            f"what {LOCK} records of {stage.name}",
            fixes.join(place.path for place in evidence),
            run_stage(repository, stage),
            evidence,
            severity="advice",
        )
    return None


@check("others.thawed", "stage-frozen", requires=_REQUIRES, committed_only=True)
def other_stages_are_not_frozen(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No stage of your own is frozen.

    DVC does not look at the deps of a frozen stage: dvc status stays clean whatever changes.
    """
    for stage in own_stages(snapshot):
        if stage.frozen:
            return replace(runs.frozen_finding(repository, snapshot, stage), severity="advice")
    return None


@check("others.deps", "dep-undeclared", requires=("pipeline.place",))
def code_of_other_stages_is_declared(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every module of yours that a stage of your own runs is one of its deps.

    DVC runs a stage again when a dep changes; a module that is none may change unseen. Python code
    is read and never run.
    """
    for stage in own_stages(snapshot):
        undeclared = [
            path
            for path in (*snapshot.modules_of(stage), *find_unread(repository, stage))
            if not any(covers(dep.path, path) for dep in stage.deps)
            and path not in [file.path for file in stage.params]  # params.py, by its keys
        ]
        if not undeclared:
            continue
        names = fixes.join(undeclared)
        return Finding(
            "dep-undeclared",
            f"{stage.name} runs {names}, and does not say so: a change there does not make it run"
            " again.",
            f"{names}, or a folder with it, among the deps of {stage.name}",
            f"deps: {fixes.join(dep.path for dep in stage.deps) or 'none'}",
            edit_and_run(repository, snapshot, stage, Change(deps=tuple(undeclared))),
            tuple(Evidence(snapshot.revision, path) for path in undeclared),
            severity="advice",
        )
    return _unread_finding(repository, snapshot)


def _unread_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """One advice on all stages that run scripts of a shell, or notebooks."""
    programs = {
        stage.name: unread
        for stage in snapshot.project.stages
        if stage.cmd and (unread := find_unread(repository, stage))
    }
    if not programs:
        return None
    paths = list(dict.fromkeys(path for unread in programs.values() for path in unread))
    return Finding(
        "dep-undeclared",
        f"What {fixes.join(paths)} reads could not be judged: no script of a shell and no notebook"
        f" is read here. Whether {fixes.join(programs)} declares it all, you alone can tell.",
        "each file that it reads among deps, each param among params",
        "not judged",
        (fixes.note(f"look into {fixes.join(paths)}: what it reads belongs to deps and params"),),
        tuple(Evidence(snapshot.revision, path) for path in paths),
        severity="advice",
    )


@check("others.params", "param-unknown", "dep-absent", requires=("preprocess.declared",))
def params_and_deps_of_other_stages_exist(
    repository: Repository, snapshot: Snapshot
) -> Finding | None:
    """Every param that a stage of your own declares is in its file, and every dep is there.

    dvc repro stops at what is not there, and runs none of the lessons' stages either.
    """
    for stage in own_stages(snapshot):
        finding = undeclared.unknown_params(
            repository, snapshot, stage
        ) or undeclared.absent_deps_finding(repository, snapshot, stage)
        if finding:
            return finding
    return None
