"""What dvc.yaml says: each lesson's stage, its command, its outs, its producers."""

from dvcstate import Stage
from grader import fixes
from grader.checks.absent_code import absent_code_finding
from grader.checks.code import broken_code_finding, recorded_code_finding
from grader.checks.hidden import is_hidden
from grader.checks.misplaced import misplaced_finding
from grader.engine.registry import check, stage_check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.new_stages import add_stage, split_stage
from grader.fixes.stage_runs import mend_stage, restore_stage
from grader.stages.commands import command_fault, has_sections
from grader.stages.lookup import (
    LOCK,
    every_stage,
    find_misspelt,
    stage_evidence,
    stage_of,
)
from grader.stages.paths import covers, lesson_outs
from grader.stages.planted_faults import planted_names
from grader.stages.right_stage import RightStage, new_outs
from grader.stages.stage_outs import flag_of, kind_of
from grader.stages.storage import gitignores, is_hidden_from_dvc, outs_with_code
from workshop.stages import STAGES, StageSpec


@stage_check("declared", "stage-missing", requires=("init.readable",))
def stage_is_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """dvc.yaml has the stage {stage}.

    DVC runs what dvc.yaml says, and dvc status is content with a dvc.yaml that lacks a stage.
    """
    if snapshot.stage(spec):
        return None
    if is_hidden_from_dvc(repository, "dvc.yaml"):
        raise BlockedError("data.committed")
    if is_hidden(repository, "dvc.yaml"):
        raise BlockedError("data.not_hidden")
    there = [stage.name for stage in every_stage(snapshot) if stage.cmd]
    committed = snapshot.revision == "worktree" and repository.head.stage(spec)
    if committed:
        return _removed_finding(repository, committed, there)
    if joined := _stage_that_runs_it(snapshot, spec):
        return _joined_finding(repository, snapshot, spec, joined)
    other = find_misspelt(repository, snapshot, spec)
    # While the other one has the outs, DVC lets no second stage have them.
    what = (
        f"a stage {other}: is that {spec.name}? It does not run {spec.module}."
        if other
        else f"no stage {spec.name}: dvc repro makes nothing of it."
    )
    written = lesson_outs(spec)
    kept_by_git = [path for path, out in written.items() if not out.cached]
    ignoring = gitignores(repository, [path for path, out in written.items() if out.cached])
    return Finding(
        "stage-missing",
        f"dvc.yaml has {what}",
        f"a stage that runs python -m {spec.module}",
        f"stages: {fixes.join(there, 6) or 'none'}",
        (
            *[fixes.command("dvc", "remove", other)] * bool(other),
            add_stage(repository, snapshot, spec, new_outs(written)),
            fixes.command("dvc", "repro", spec.name),
            *fixes.commit(
                ["dvc.yaml", LOCK, *kept_by_git, *ignoring], f"Add the stage {spec.name}"
            ),
        ),
        (Evidence(snapshot.revision, "dvc.yaml"),),
        is_lesson_task=not other,
    )


def _stage_that_runs_it(snapshot: Snapshot, spec: StageSpec) -> StageSpec | None:
    """The lesson whose stage runs the module of ``spec`` too."""
    stages = ((other, snapshot.stage(other)) for other in STAGES)
    code = snapshot.code(spec)
    return next((other for other, stage in stages if stage and code.is_run_by(stage.cmd)), None)


def _joined_finding(
    repository: Repository, snapshot: Snapshot, spec: StageSpec, joined: StageSpec
) -> Finding:
    """The finding on a module that the stage of another lesson, ``joined``, runs too."""
    stage = stage_of(snapshot, joined)
    return Finding(
        "stage-missing",
        f"The stage {stage.name} runs {spec.module} too: DVC cannot run one of them without the"
        " other.",
        f"a stage that runs python -m {spec.module}, and nothing else",
        f"one stage runs {spec.module} and {joined.module}",
        split_stage(repository, snapshot, stage, joined),
        (stage_evidence(snapshot, stage, "cmd:", value=spec.module),),
    )


def _removed_finding(repository: Repository, stage: Stage, there: list[str]) -> Finding:
    """The finding on a ``stage`` that HEAD has, and dvc.yaml no more; it has those ``there``."""
    name, file = stage.name, stage.file
    return Finding(
        "stage-missing",
        f"The stage {name} is committed, and your dvc.yaml has it no more: a dvc remove, perhaps.",
        f"the stage {name}, as it is committed",
        f"stages: {fixes.join(there, 6) or 'none'}",
        restore_stage(repository, stage),
        (
            Evidence("worktree", file),
            Evidence("HEAD", file, repository.head.line(file, f"{name}:")),
        ),
    )


@stage_check(
    "command",
    "stage-wrong-command",
    "sections-in-command",
    "wrong-directory",
    "code-broken",
    requires=("{stage}.declared",),
)
def stage_runs_its_module(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """The command of {stage} runs its module, with all that it needs.

    DVC runs any command and takes it for the stage, as long as the outs are there afterwards.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    if any(covers(path, code.entry) for path in repository.nested_repositories):
        raise BlockedError("init.one_repository")
    if finding := misplaced_finding(repository, snapshot, stage):
        return finding
    right = RightStage.of(repository, snapshot, stage, spec)
    if right.unread:
        return None
    if code.is_absent and repository.worktree.code(spec).is_absent:
        if any(covers(out, code.entry) for out in outs_with_code(repository, stage)):
            raise BlockedError("data.only_dvc")  # a run deleted it, as one of its outs
        return absent_code_finding(repository, snapshot, stage, code)
    if finding := broken_code_finding(repository, stage, spec):
        return finding
    wrong = command_fault(snapshot, stage.cmd, spec)
    if not wrong and right.absent_reads:
        paths = fixes.join(right.absent_reads.values())
        wrong = f"reads {paths}, and nothing is there: dvc repro stops"
    as_file = not wrong and code.misses_its_package(stage.cmd)
    if not wrong and not as_file:
        return recorded_code_finding(repository, stage, spec)
    what = wrong or (
        f"runs {code.entry} as a file: Python then takes {spec.module.partition('.')[0]} "
        "from what is installed, and not from this folder"
    )
    cmd = stage.cmd if isinstance(stage.cmd, str) else " && ".join(stage.cmd or [])
    shown = " ".join(cmd.split())
    has_words = has_sections(stage.cmd)
    return Finding(
        "sections-in-command" if has_words else "stage-wrong-command",
        f"The command of {stage.name} {what}.",
        " ".join(str(right.command).split()),
        shown,
        split_stage(repository, snapshot, stage, spec)
        if right.other_modules and not has_words
        else mend_stage(repository, snapshot, stage, spec),
        (stage_evidence(snapshot, stage, "cmd:", value=shown),),
        severity="advice" if as_file else "fail",
    )


@stage_check("outs", "out-undeclared", "out-not-written", requires=("{stage}.command",))
def outs_are_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every file that {stage} writes is one of its outs, and nothing else is.

    What is not declared is neither kept, nor pushed, nor restored: only this laptop has it. At an
    out that the command does not write, dvc repro stops when the command has ended.
    """
    stage = stage_of(snapshot, spec)
    right = RightStage.of(repository, snapshot, stage, spec)
    # Code among the outs, and outs of other stages, are for the checks of all outs to report.
    unwritten = [path for path in right.outs.unwritten if path not in right.outs.with_code]
    undeclared = right.outs.undeclared_beside(stage.outs)
    if not undeclared and not unwritten:
        return None
    declared = [out.path for out in stage.outs]
    if unwritten:
        instead = f" It writes {fixes.join(undeclared)}." if undeclared else ""
        what = (
            f"declares {fixes.join(unwritten)}, which its command does not write: dvc repro stops"
            f" there.{instead}"
        )
    else:
        paths = fixes.join(undeclared)
        what = f"writes {paths}, and does not declare it: DVC does not keep it."
    return Finding(
        "out-not-written" if unwritten else "out-undeclared",
        f"{stage.name} {what}",
        f"{fixes.join(right.outs.written)} among the outs of {stage.name}",
        f"outs: {fixes.join(declared, 5) or 'none'}",
        mend_stage(repository, snapshot, stage, spec),
        (
            *(stage_evidence(snapshot, stage, path, value=path) for path in unwritten),
            *(stage_evidence(snapshot, stage, "cmd:", value=path) for path in undeclared),
        ),
    )


@stage_check("connected", "stage-disconnected", requires=("{stage}.command", "data.no_overlap"))
def stage_depends_on_its_producers(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """{stage} depends on the stages whose outs it reads.

    DVC runs stages in the order of their deps; without one, {stage} may run on what was before.
    """
    stage = stage_of(snapshot, spec)
    right = RightStage.of(repository, snapshot, stage, spec)
    if right.absent_deps:  # a slip of what it reads, perhaps
        raise BlockedError(f"{spec.name}.deps")
    planted = planted_names(repository, spec.name)
    # What the lesson has the attendee find comes last.
    for producer, read in sorted(
        right.disconnected.items(), key=lambda item: planted.issuperset(item[1])
    ):
        return Finding(
            "stage-disconnected",
            f"{stage.name} reads {fixes.join(read)}, {_made_by(producer, read)}: when {producer}"
            f" changes, {stage.name} stays as it is.",
            f"{fixes.join(read)} among the deps of {stage.name}",
            f"deps: {fixes.join(dep.path for dep in stage.deps)}",
            mend_stage(repository, snapshot, stage, spec, read),
            (stage_evidence(snapshot, stage, "cmd:", value=read[0]),),
            names=tuple(read),
        )
    return None


def _made_by(producer: str, read: list[str]) -> str:
    if len(read) == 1:
        return f"an out of {producer}, and does not depend on it"
    return f"outs of {producer}, and does not depend on them"


@check("evaluate.metrics", "metrics-as-outs", requires=("evaluate.outs",), of_workshop=True)
def metrics_are_declared_as_metrics(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Metrics are declared as metrics, and tables of curves as plots.

    Where they stand elsewhere, dvc metrics show and dvc plots show find nothing.
    """
    for spec in STAGES:
        stage = snapshot.stage(spec)
        if stage is None:
            continue
        misplaced = RightStage.of(repository, snapshot, stage, spec).outs.misplaced_results
        planted = planted_names(repository, spec.name) if misplaced else frozenset()
        for path, out in sorted(misplaced.items(), key=lambda item: item[0] in planted):
            new = new_outs({path: out})
            own = next(each for each in stage.outs if covers(each.path, path))
            return Finding(
                "metrics-as-outs",
                f"{path} is {kind_of(own)} of {stage.name}: dvc {out.kind}s show does not find it.",
                f"{new[0].flag} {path}",
                f"{flag_of(own)} {path}",
                mend_stage(repository, snapshot, stage, spec, [path]),
                tuple(
                    stage_evidence(snapshot, stage, each.rpartition("/")[2]) for each in misplaced
                ),
                severity="advice",
                names=(path,),
            )
    return None
