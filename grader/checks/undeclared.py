"""What the code of a stage reads is declared: its modules, its data, its params."""

from dvcstate import Stage
from dvcstate.model import ParamsFile
from grader import fixes
from grader.checks.absent_code import absent_modules_steps
from grader.checks.gone_params import gone_file_finding
from grader.checks.param_types import param_type_finding
from grader.code.stage_code import StageCode
from grader.engine.registry import stage_check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.git_files import bring_back
from grader.fixes.own_stages import mend_own_stage
from grader.fixes.params_edits import restore_params
from grader.fixes.stage_runs import edit_and_run, mend_stage, run_stage
from grader.stages import absent_deps
from grader.stages.declared_params import undeclared_keys, unknown_keys
from grader.stages.lookup import code_deps, stage_evidence, stage_of
from grader.stages.lost_params import absent_keys, find_lost_params
from grader.stages.own_stage import OwnStage
from grader.stages.planted_faults import planted_names
from grader.stages.right_stage import RightStage
from grader.stages.stage_change import Change
from grader.step import Step
from workshop.stages import PARAMS_FILE, StageSpec


@stage_check("deps", "dep-undeclared", "dep-absent", "dep-too-wide", requires=("{stage}.command",))
def deps_are_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every module and every file that {stage} reads is one of its deps, and each dep is there.

    DVC runs a stage again when a dep changes. What is no dep may change unseen, and the outs
    are then of code or data that is gone. At a dep that is not there, dvc repro stops.
    """
    stage = stage_of(snapshot, spec)
    right = RightStage.of(repository, snapshot, stage, spec)
    if right.absent_deps:
        steps = absent_modules_steps(repository, snapshot.code(spec), right.absent_deps)
        steps = steps or mend_stage(repository, snapshot, stage, spec)
        keys = [*right.params_among_deps.values()]
        return _absent_deps_finding(snapshot, stage, right.absent_deps, keys, steps)
    # What another stage makes, and nothing ties to this one, is `connected`'s to report.
    disconnected = [path for paths in right.disconnected.values() for path in paths]
    modules, own = right.undeclared_modules, snapshot.code(spec).own()
    severe = [path for path in modules if path in own or path in right.unread]
    severe += [path for path in right.undeclared_data if path not in disconnected]
    if not severe and not modules:
        return _too_wide_finding(repository, snapshot, right)
    undeclared = code_deps(stage, severe or modules)
    return Finding(
        "dep-undeclared",
        f"{stage.name} reads {fixes.join(undeclared)}, and does not say so: a change there does"
        " not make it run again.",
        f"{fixes.join(undeclared)} among the deps of {stage.name}",
        f"deps: {fixes.join(dep.path for dep in stage.deps) or 'none'}",
        mend_stage(repository, snapshot, stage, spec),
        (
            stage_evidence(snapshot, stage, "deps:"),
            *(Evidence(snapshot.revision, p) for p in modules if p in severe or not severe),
        ),
        severity="fail" if severe else "advice",
    )


def _absent_deps_finding(
    snapshot: Snapshot,
    stage: Stage,
    absent: list[str],
    keys: list[str],
    steps: tuple[Step, ...],
) -> Finding:
    """The finding on deps of any stage that are nowhere; ``keys`` of them are params."""
    why = f" {fixes.join(keys)} is a param: it belongs below params." if keys else ""
    if any(" - " in path for path in absent):
        why += " A line of the list has too few spaces in front, so that it goes on the one above."
    return Finding(
        "dep-absent",
        f"{stage.name} depends on {fixes.join(absent)}, and there is no such file: dvc repro stops"
        f" there.{why}",
        "deps that are files of yours, or outs of a stage",
        f"{fixes.join(absent)} is nowhere",
        steps,
        tuple(stage_evidence(snapshot, stage, "deps:", path, value=path) for path in absent),
    )


def absent_deps_finding(repository: Repository, snapshot: Snapshot, stage: Stage) -> Finding | None:
    """The finding on the deps of a stage of the attendee's own that are nowhere.

    What its code opens, and git once had, comes back: after a ``git rm`` without --cached.
    """
    absent = absent_deps.find(repository, snapshot, stage)
    if not absent:
        return None
    own = OwnStage(repository, snapshot, stage)
    back = [step for path in absent if path in own.opened for step in bring_back(repository, path)]
    if back:
        steps = (*back, *run_stage(repository, stage))
        return _absent_deps_finding(snapshot, stage, absent, [], steps)
    meant = [absent_deps.meant_path(repository, snapshot, path) for path in absent]
    named = [absent_deps.key_of(snapshot, path) for path in absent]
    keys = [key for key in named if "." in key]
    deps = tuple(path for path in meant if path and path not in [dep.path for dep in stage.deps])
    change = Change(deps=deps, params=tuple(keys), remove={"deps": tuple(absent)})
    steps = edit_and_run(repository, snapshot, stage, change)
    return _absent_deps_finding(snapshot, stage, absent, keys, steps)


def _too_wide_finding(
    repository: Repository, snapshot: Snapshot, right: RightStage
) -> Finding | None:
    """Advice on deps, or params, that have more in them than the stage reads.

    The pipeline is right: it runs at more changes than it has to.
    """
    stage, spec = right.stage, right.spec
    all_wide = [*right.wide_deps, *right.wide_params]
    if not all_wide:
        return None
    planted = planted_names(repository, spec.name)
    wide = [path for path in all_wide if path not in planted] or all_wide
    change = right.change_about(wide)
    needless = {path: right.wide_deps.get(path, []) for path in wide if path != PARAMS_FILE}
    others = [other for paths in needless.values() for other in paths]
    others += ["the params of other stages"] * (PARAMS_FILE in wide)
    instead = fixes.join([*change.deps, *change.params])
    return Finding(
        "dep-too-wide",
        f"{stage.name} depends on {fixes.join(wide)} as a whole: it runs again at any change of"
        f" {fixes.join(others)}, which it does not read.",
        f"{instead} in place of {fixes.join(wide)}"
        if instead
        else f"{fixes.join(wide)} is none of what {stage.name} reads",
        f"deps: {fixes.join(dep.path for dep in stage.deps)}"
        + "".join(f"; params: all of {path}" for path in right.wide_params),
        mend_stage(repository, snapshot, stage, spec, wide),
        tuple(
            stage_evidence(snapshot, stage, "deps:" if path in right.wide_deps else "params:", path)
            for path in wide
        ),
        severity="advice",
        names=tuple(wide),
    )


@stage_check("params", "param-undeclared", requires=("{stage}.command",))
def params_are_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every param that {stage} reads is declared.

    DVC compares the declared keys of params.yaml with those of the last run, and no others.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    right = RightStage.of(repository, snapshot, stage, spec)
    severe = right.undeclared_params
    undeclared = severe or right.undeclared_params_below
    # What the file lacks belongs there before it is declared: declared_params_exist reports it.
    reported = [*absent_keys(snapshot, stage, undeclared), *right.params_among_deps.values()]
    undeclared = [key for key in undeclared if key not in reported]
    if not undeclared:
        return None
    planted = planted_names(repository, spec.name)
    undeclared = [key for key in undeclared if key not in planted] or undeclared
    return Finding(
        "param-undeclared",
        f"{stage.name} reads {fixes.join(undeclared)} from params.yaml, and does not say so:"
        " another value does not make it run again.",
        f"{fixes.join(undeclared)} among the params of {stage.name}",
        f"params: {fixes.join(k for f in stage.params for k in f.keys) or 'none'}",
        mend_stage(repository, snapshot, stage, spec, undeclared),
        (
            stage_evidence(snapshot, stage, "cmd:"),
            *(_line_of_param(snapshot, code, key) for key in undeclared if severe),
        ),
        severity="fail" if severe else "advice",
        names=tuple(undeclared),
    )


def _line_of_param(snapshot: Snapshot, code: StageCode, key: str) -> Evidence:
    """Where the code of a stage names a param."""
    word = f"{key.partition('.')[2]}:"
    lines = ((path, snapshot.line(path, word)) for path in code.own())
    path, line = next(((path, line) for path, line in lines if line), (code.entry, None))
    return Evidence(snapshot.revision, path, line, key)


@stage_check("params_exist", "param-unknown", "param-type", requires=("{stage}.declared",))
def declared_params_exist(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every param that {stage} declares is in its file, and of the type that its code takes.

    DVC says nothing of a key that is not there until dvc repro stops at it. What the code of
    {stage} reads belongs in the file; any other key is one too many in dvc.yaml. A value with
    quotes is text to YAML, whatever is between them.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    if finding := gone_file_finding(repository, snapshot, stage):
        return finding
    read = [*code.params(), *code.params_below()]
    absent = absent_keys(snapshot, stage, code.params())
    right = RightStage.of(repository, snapshot, stage, spec)
    lost = _lost_params(repository, snapshot, stage, read, absent, right)
    return (
        lost or _misspelt_params(repository, snapshot, right) or param_type_finding(snapshot, stage)
    )


def unknown_params(repository: Repository, snapshot: Snapshot, stage: Stage) -> Finding | None:
    """The finding on what a stage of the attendee's own declares, and its file does not have."""
    lost = _lost_params(repository, snapshot, stage, None, [], None)
    return lost or _needless_params(repository, snapshot, stage)


def _lost_params(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    read: list[str] | None,
    absent: list[str],
    right: RightStage | None,
) -> Finding | None:
    """The finding on params that belong in their file.

    ``read`` are those that its code reads, None where nobody can tell; ``absent`` those of them
    that it cannot run without, and that its file lacks.
    """
    lost = find_lost_params(repository, snapshot, stage, read, absent)
    if lost is None:
        return None
    path, keys = lost.file.path, fixes.join(gone.key for gone in lost.keys)
    alike = "".join(
        f" {gone.renamed}, which nothing reads, looks like another spelling of"
        f" {gone.key.rpartition('.')[2]}."
        for gone in lost.keys
        if gone.renamed
    )
    new_names = [gone.renamed for gone in lost.keys if gone.renamed]
    undeclared = tuple(undeclared_keys(snapshot, stage, absent))
    change = right.change if right else Change()
    return Finding(
        "param-unknown",
        f"{stage.name} reads {keys}, which {path} does not have: dvc repro stops there.{alike}",
        f"{keys} in {path}",
        f"{fixes.join(new_names)} in place of it" if new_names else "no such key",
        restore_params(repository, snapshot, stage, lost, undeclared, change),
        (
            *(stage_evidence(snapshot, stage, gone.key, value=gone.key) for gone in lost.keys),
            *(
                Evidence(snapshot.revision, path, snapshot.line(path, f"{name}:"), name)
                for name in new_names
            ),
        ),
    )


def _misspelt_params(
    repository: Repository, snapshot: Snapshot, right: RightStage
) -> Finding | None:
    """The finding on params that a lesson's stage declares, no file has, and no code reads."""
    for file in right.stage.params:
        unknown = [key for key in unknown_keys(snapshot, file) if key in right.needless_keys]
        if unknown:
            meant = right.keys_meant(unknown, file)
            steps = mend_stage(repository, snapshot, right.stage, right.spec)
            return _unknown_finding(snapshot, right.stage, file, unknown, meant, steps)
    return None


def _needless_params(repository: Repository, snapshot: Snapshot, stage: Stage) -> Finding | None:
    """The same of a stage of the attendee's own: meant are those that its code reads."""
    own = OwnStage(repository, snapshot, stage)
    for file in stage.params:
        if unknown := unknown_keys(snapshot, file):
            steps = mend_own_stage(repository, snapshot, own)
            meant = own.undeclared_params
            return _unknown_finding(snapshot, stage, file, unknown, meant, steps)
    return None


def _unknown_finding(
    snapshot: Snapshot,
    stage: Stage,
    file: ParamsFile,
    unknown: list[str],
    meant: list[str],
    steps: tuple[Step, ...],
) -> Finding:
    question = f" Is that {fixes.join(meant)}?" if meant else ""
    return Finding(
        "param-unknown",
        f"{stage.name} declares {fixes.join(unknown)}, which {file.path} does not have:"
        f" dvc repro stops there.{question}",
        f"keys of {file.path}",
        fixes.join(unknown),
        steps,
        tuple(stage_evidence(snapshot, stage, key, value=key) for key in unknown),
    )
