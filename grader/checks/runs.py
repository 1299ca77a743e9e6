"""What dvc.lock says of each stage: that it ran, on what is there now, and left what is there."""

from collections.abc import Iterable
from dataclasses import replace

from dvcstate import Stage
from grader import fixes
from grader.checks.absent_code import gone_code_finding
from grader.checks.always_changed import always_changed_finding
from grader.checks.clones import clone_finding
from grader.checks.forgotten_checkout import forgotten_checkout_finding
from grader.checks.hidden import is_hidden
from grader.checks.unversioned import unversioned_finding
from grader.engine.registry import stage_check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding, UnknownError
from grader.fixes.line_ends import normalize_line_ends
from grader.fixes.stage_runs import mend_stage, restore_out, run_stage
from grader.stages import absent_deps, broken_code, line_ends
from grader.stages.gone_code import gone_code
from grader.stages.lookup import LOCK, recorded_stage, stage_evidence, stage_of
from grader.stages.paths import paths_overlap
from grader.stages.right_stage import RightStage
from grader.stages.run_state import (
    LockChange,
    changed_out,
    changes,
    is_worktree,
    newer_deps,
    state_of,
)
from grader.stages.storage import files_at_head, outs_with_code, uncached_outs
from grader.step import Step
from workshop import endpoints
from workshop.stages import StageSpec


@stage_check("run", "stage-never-run", requires=("{stage}.declared",))
def stage_has_run(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> Finding | None:
    """{stage} has run.

    dvc.yaml says how a stage is run, dvc.lock that it was.
    """
    stage = stage_of(snapshot, spec)
    if stage.recorded:
        return None
    if repository.worktree.content(LOCK) is None and LOCK in repository.committed_files:
        raise BlockedError("lock.committed")
    if is_hidden(repository, LOCK):
        raise BlockedError("data.not_hidden")
    _refuse_to_run_broken_code(repository, spec)
    return replace(
        never_run_finding(repository, snapshot, stage),
        steps=mend_stage(repository, snapshot, stage, spec),
    )


def never_run_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, what: str = ""
) -> Finding:
    """The finding on a stage that is not in the lock; ``what`` it is, for the sentence."""
    return Finding(
        "stage-never-run",
        f"{stage.name}{what} is in {stage.file}, and {LOCK} has no record of it: it never ran.",
        f"a record of {stage.name} in {LOCK}",
        "none",
        run_stage(repository, stage),
        (stage_evidence(snapshot, stage), Evidence(snapshot.revision, LOCK)),
    )


@stage_check(
    "current", "lock-stale", "line-endings", requires=("{stage}.run", "{stage}.params_exist")
)
def stage_is_current(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> Finding | None:
    """{stage} ran on the code, data, params and command that are there now.

    Its outs are of what was there before, and whoever pulls them gets those.
    """
    stage = recorded_stage(snapshot, spec)
    if stage.frozen:
        return None
    if finding := always_changed_finding(repository, snapshot, stage):
        return finding
    if gone := gone_code(repository, spec):
        if any(
            paths_overlap(out, path) for out in outs_with_code(repository, stage) for path in gone
        ):
            raise BlockedError("data.only_dvc")  # a run deleted it, as one of its outs
        return gone_code_finding(stage, gone)
    changed = changes_of_run(repository, snapshot, stage)
    is_head = snapshot.revision == "HEAD"
    is_run = not (changes_of_run(repository, repository.worktree, stage) if is_head else changed)
    if is_run and (finding := clone_finding(repository, stage)):
        return finding
    if not changed:
        _refuse_unanswered(repository, snapshot, stage)
        return _other_in_clones_finding(repository, snapshot, stage, spec)
    if finding := _line_ends_finding(repository, snapshot, stage, changed):
        return finding
    _refuse_to_run_broken_code(repository, spec)
    evidence = tuple(change.evidence for change in changed)
    steps = commit_inputs(repository, stage, evidence) if is_head and is_run else ()
    return Finding(
        "lock-stale",
        f"{stage.name} has not run since {names_of(changed)} changed: its outs are of before that.",
        f"what {LOCK} records of {stage.name}",
        "; ".join(" ".join(filter(None, (item.path, item.value))) for item in evidence[:4]),
        steps or mend_stage(repository, snapshot, stage, spec),
        evidence,
    )


def commit_inputs(
    repository: Repository, stage: Stage, evidence: Iterable[Evidence]
) -> tuple[Step, ...]:
    """The commit of what the stage ran on; empty where HEAD has all of it."""
    paths = dict.fromkeys(place.path for place in evidence)
    uncommitted = [path for path in paths if path in repository.uncommitted_files]
    return fixes.commit(uncommitted, f"Commit what {stage.name} ran on") if uncommitted else ()


def _other_in_clones_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> Finding | None:
    """The finding on what a stage ran on, and a clone has otherwise, or not at all."""
    if turned := line_ends.files_of_git_with_lf(repository, stage):
        return _turned_finding(repository, stage, turned)
    return unversioned_finding(repository, snapshot, stage, spec)


def changes_of_run(repository: Repository, snapshot: Snapshot, stage: Stage) -> list[LockChange]:
    """What changed since the last run; of deps that are nowhere, other checks report."""
    absent = absent_deps.find(repository, snapshot, stage)
    found = changes(repository, snapshot, stage)
    return [change for change in found if change.evidence.path not in absent]


def _line_ends_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, changed: list[LockChange]
) -> Finding | None:
    """The finding where deps differ from the last run in nothing but the ends of their lines."""
    paths = {change.evidence.path for change in changed}
    deps = [dep for dep in stage.deps if any(paths_overlap(dep.path, path) for path in paths)]
    if not deps or any(change.name not in paths for change in changed):
        return None  # a param or the command changed, too
    ends = [line_ends.recorded_line_ends(repository, dep) for dep in deps]
    if None in ends:
        return None
    recorded = "LF" if "LF" in ends else "CRLF"
    return Finding(
        "line-endings",
        f"{fixes.join(dep.path for dep in deps)} differ from the last run of {stage.name} in the"
        f" ends of their lines alone: {LOCK} has {recorded}. On Windows git may write CRLF, and DVC"
        " takes that for a change.",
        "LF on every system, by a line in .gitattributes",
        f"other line ends than {recorded}",
        normalize_line_ends(repository),
        tuple(change.evidence for change in changed),
    )


def _turned_finding(repository: Repository, stage: Stage, turned: list[str]) -> Finding:
    """The finding on a run on CRLF, where git has LF."""
    paths = fixes.join(turned)
    return Finding(
        "line-endings",
        f"{stage.name} ran on {paths} with CRLF at the ends of lines, and git has LF: to DVC it is"
        " another file in every clone.",
        "LF on every system, by a line in .gitattributes",
        "CRLF in your folder, LF at HEAD",
        normalize_line_ends(repository),
        tuple(Evidence("worktree", path, value="CRLF") for path in turned),
    )


def _refuse_unanswered(repository: Repository, snapshot: Snapshot, stage: Stage) -> None:
    """Where a dep in a cloud was asked about and nothing is known, nobody can say."""
    if not repository.ask_s or not is_worktree(repository, snapshot):
        return
    for dep in state_of(repository, stage).unanswered:
        command = endpoints.bucket_command(dep.silent_server or "")
        start = f"in a terminal of its own, and left running: {command}"
        raise UnknownError(
            f"{stage.name} reads {dep.path}, of which nothing is known: {dep.why}. Whether it"
            " changed since the last run cannot be checked.",
            fixes.note(start) if dep.silent_server else fixes.command("dvc", "status", stage.name),
            fixes.command("grader", "check", "--offline"),
            code="remote-unreachable",
        )


def _refuse_to_run_broken_code(repository: Repository, spec: StageSpec) -> None:
    """Whatever is to be run stops there: nothing is to be run before it is mended."""
    if broken_code.find(repository, spec):
        raise BlockedError(f"{spec.name}.command")


def names_of(changed: Iterable[LockChange]) -> str:
    """The names of what changed, for a sentence."""
    return fixes.join(dict.fromkeys(change.name for change in changed))


@stage_check("thawed", "stage-frozen", requires=("{stage}.declared",))
def stage_is_not_frozen(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """{stage} is not frozen, or nothing is hidden by it.

    DVC does not look at the deps of a frozen stage: dvc status stays clean whatever changes.
    """
    stage = stage_of(snapshot, spec)
    return frozen_finding(repository, snapshot, stage) if stage.frozen else None


def frozen_finding(repository: Repository, snapshot: Snapshot, stage: Stage) -> Finding:
    """The finding on a frozen stage: advice where it hides nothing yet."""
    changed = [*changes(repository, snapshot, stage), *newer_deps(snapshot, stage)]
    hidden = names_of(changed) if changed else "nothing yet"
    return Finding(
        "stage-frozen",
        f"{stage.name} is frozen: it does not run again, and it hides {hidden}.",
        "a stage that runs when a dep changes",
        f"frozen: true in {stage.file}",
        (
            fixes.command("dvc", "unfreeze", stage.name),
            fixes.command("dvc", "repro", stage.name),
            *fixes.commit([stage.file, LOCK, *uncached_outs(stage)], f"Unfreeze {stage.name}"),
        ),
        (stage_evidence(snapshot, stage, "frozen:"), *(change.evidence for change in changed)),
        severity="fail" if changed else "advice",
        names=(stage.name,),
    )


@stage_check("present", "out-missing", requires=("{stage}.run", "data.not_hidden"))
def outs_are_there(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> Finding | None:
    """The outs of {stage} lie in the folder.

    They are declared and recorded; the next stage needs them, and so does whoever looks at them.
    """
    stage = recorded_stage(snapshot, spec)
    outs = RightStage.of(repository, snapshot, stage, spec).outs
    if {*outs.unwritten}.difference(outs.with_code):
        raise BlockedError(f"{spec.name}.outs")
    if {*outs.unwritten}.intersection(outs_with_code(repository, stage)):
        raise BlockedError("data.only_dvc")
    root = repository.root
    gone = [out for out in stage.outs if out.inside and not (root / out.path).exists()]
    if not gone:
        return None
    if finding := forgotten_checkout_finding(repository, f"{spec.name}.present"):
        return finding
    paths = [out.path for out in gone]
    # What DVC 2 recorded, DVC 3 looks for in another layout of the cache.
    cached = [out.recorded for out in gone if out.cache]
    md5 = next((record.md5 for record in cached if record.algorithm == "md5"), None)
    if any(not out.cache and not files_at_head(repository, out.path) for out in gone):
        steps = [*run_stage(repository, stage)]  # git has none to bring back
    elif not any(out.cache for out in gone):
        steps = [fixes.command("git", "checkout", "HEAD", "--", paths[0])]
    elif md5 and repository.objects.path(md5).exists():
        steps = [fixes.command("dvc", "checkout", stage.name)]
    else:
        steps = [fixes.command("dvc", name, stage.name) for name in ("pull", "repro")]
    return Finding(
        "out-missing",
        f"{fixes.join(paths)} of {stage.name} is gone from your folder; {LOCK} has it.",
        f"{fixes.join(paths)} in your folder",
        "absent",
        tuple(steps),
        tuple(Evidence("worktree", path) for path in paths),
    )


@stage_check(
    "unchanged",
    "lock-stale",
    requires=("{stage}.present", "{stage}.result", "data.no_overlap", "lock.consistent"),
)
def outs_are_as_recorded(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """The outs of {stage} are what its run left.

    An out that was changed by hand is of no run: nobody can make it again.
    """
    stage = recorded_stage(snapshot, spec)
    if repository.uncommitted_files and snapshot.revision == "HEAD":
        return None
    reason = changed_out(repository, stage, "modified")
    if reason is None:
        return None
    if reason.path in outs_with_code(repository, stage):
        raise BlockedError("data.only_dvc")
    if finding := forgotten_checkout_finding(repository, f"{spec.name}.unchanged"):
        return finding
    return Finding(
        "lock-stale",
        f"{reason.path} is not what {stage.name} wrote: it changed after the run.",
        f"the {reason.path} that {LOCK} records",
        "something else",
        restore_out(repository, stage, reason.path),
        (Evidence("worktree", reason.path, value="modified"), Evidence(snapshot.revision, LOCK)),
    )
