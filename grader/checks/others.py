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
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.own_stages import mend_own_stage
from grader.fixes.stage_runs import lock_of, run_stage
from grader.stages.lookup import LOCK, own_stages, stage_evidence
from grader.stages.own_stage import OwnStage
from grader.stages.unread import find_unread

_REQUIRES = ("pipeline.place", "lock.committed")


@check("others.run", "stage-never-run", requires=("pipeline.place",), committed_only=True)
def other_stages_have_run(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every stage of your own has run.

    No lesson asks for it, and it costs no points; but whoever runs dvc repro runs it too. Where
    there are stages of your own alone, and none ever ran, there is nothing to share.
    """
    unrun = [one for one in own_stages(snapshot) if not one.recorded and not one.runs_always]
    for stage in unrun:
        if lock_of(stage) in repository.uncommitted_files:
            raise BlockedError("lock.committed")
        finding = runs.never_run_finding(repository, snapshot, stage, ", a stage of your own,")
        # Of a pipeline of which nothing ever ran, nobody can pull anything.
        is_first = repository.is_foreign and not any(
            path.endswith(LOCK) for path in repository.committed_files
        )
        return finding if is_first else replace(finding, severity="advice")
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
        is_run = snapshot.revision == "HEAD" and not runs.changes_of_run(
            repository, repository.worktree, stage
        )
        steps = runs.commit_inputs(repository, stage, evidence) if is_run else ()
        names = runs.names_of(changed)
        return Finding(
            "lock-stale",
            f"{stage.name}, a stage of your own, has not run since {names} changed.",
            f"what {LOCK} records of {stage.name}",
            fixes.join(place.path for place in evidence),
            steps or run_stage(repository, stage),
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
def deps_of_other_stages_are_declared(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every module of yours that a stage of your own runs is one of its deps, and its data too.

    DVC runs a stage again when a dep changes; a file that is none may change unseen. Python code
    is read and never run: of its data are seen the files that the code opens by a name, and what
    other stages or .dvc files make and the command names.
    """
    for stage in own_stages(snapshot):
        own = OwnStage(repository, snapshot, stage)
        modules, data = own.undeclared_modules, own.undeclared_data
        if not modules and not data:
            continue
        names = fixes.join([*modules, *data])
        verb = "reads" if data else "runs"
        return Finding(
            "dep-undeclared",
            f"{stage.name} {verb} {names}, and does not say so: a change there does not make it run"
            " again.",
            f"{names}, or a folder with it, among the deps of {stage.name}",
            f"deps: {fixes.join(dep.path for dep in stage.deps) or 'none'}",
            mend_own_stage(repository, snapshot, own),
            tuple(Evidence(snapshot.revision, path) for path in (*modules, *data)),
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


@check("others.outs", "out-undeclared", requires=("pipeline.place",))
def outs_of_other_stages_are_declared(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every file that the code of a stage of your own writes is one of its outs.

    DVC neither keeps what is no out, nor brings it back; and no other stage can wait for it. What
    a .gitignore names is left out, such as a log.
    """
    for stage in own_stages(snapshot):
        own = OwnStage(repository, snapshot, stage)
        paths = [out.path for out in own.undeclared_outs]
        if paths:
            return Finding(
                "out-undeclared",
                f"{stage.name} writes {fixes.join(paths)}, and does not declare it: DVC does not"
                " keep it.",
                f"{fixes.join(paths)} among the outs of {stage.name}",
                f"outs: {fixes.join((out.path for out in stage.outs), 5) or 'none'}",
                mend_own_stage(repository, snapshot, own),
                tuple(Evidence("worktree", path) for path in paths),
                severity="advice",
            )
    return None


@check("others.metrics", "metrics-as-outs", requires=("pipeline.place",))
def metrics_of_other_stages_are_metrics(
    repository: Repository, snapshot: Snapshot
) -> Finding | None:
    """Metrics of a stage of your own are declared as metrics.

    As a plain out, DVC compares no numbers: dvc metrics show finds nothing.
    """
    for stage in own_stages(snapshot):
        own = OwnStage(repository, snapshot, stage)
        for out in own.plain_metrics:
            return Finding(
                "metrics-as-outs",
                f"{out.path} is a plain out of {stage.name}: dvc metrics show does not find it.",
                f"-M {out.path}",
                f"-o {out.path}",
                mend_own_stage(repository, snapshot, own),
                (stage_evidence(snapshot, stage, out.path, value=out.path),),
                severity="advice",
            )
    return None


@check("others.keys", "param-undeclared", requires=("pipeline.place",))
def params_of_other_stages_are_declared(
    repository: Repository, snapshot: Snapshot
) -> Finding | None:
    """Every param that the code of a stage of your own reads is declared.

    DVC compares the declared keys of params.yaml with those of the last run, and no others.
    """
    for stage in own_stages(snapshot):
        own = OwnStage(repository, snapshot, stage)
        if own.undeclared_params and not own.unknown_params:
            keys = fixes.join(own.undeclared_params)
            return Finding(
                "param-undeclared",
                f"{stage.name} reads {keys} from params.yaml, and does not say so: another value"
                " does not make it run again.",
                f"{keys} among the params of {stage.name}",
                f"params: {fixes.join(k for f in stage.params for k in f.keys) or 'none'}",
                mend_own_stage(repository, snapshot, own),
                (stage_evidence(snapshot, stage, "cmd:"),),
                severity="advice",
            )
    return None


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
