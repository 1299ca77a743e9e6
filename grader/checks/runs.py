"""What dvc.lock says of each stage: that it ran, on what is there now, and left what is there."""

from collections.abc import Iterable

from dvcstate import Stage
from grader import fixes
from grader.engine.registry import stage_check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding, UnknownError
from grader.fixes.git_files import keep_files
from grader.fixes.stage_runs import restore_out, run_stage
from grader.stages.lookup import LOCK, recorded_stage, stage_evidence, stage_of
from grader.stages.paths import command_paths, paths_overlap
from grader.stages.run_state import (
    LockChange,
    changed_out,
    changes,
    is_worktree,
    newer_deps,
    state_of,
)
from grader.stages.storage import uncached_outs, unversioned_deps
from workshop import endpoints
from workshop.stages import STAGES, StageSpec


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
    return never_run_finding(repository, snapshot, stage)


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


@stage_check("current", "lock-stale", requires=("{stage}.run", "{stage}.params_exist"))
def stage_is_current(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> Finding | None:
    """{stage} ran on the code, data, params and command that are there now.

    Its outs are of what was there before, and whoever pulls them gets those.
    """
    stage = recorded_stage(snapshot, spec)
    if stage.frozen:
        return None
    changed = list(changes(repository, snapshot, stage))
    if not changed:
        _refuse_unanswered(repository, snapshot, stage)
        return _unversioned_finding(repository, snapshot, stage, spec)
    evidence = tuple(change.evidence for change in changed)
    steps = run_stage(repository, stage)
    if snapshot.revision == "HEAD":
        paths = [place.path for place in evidence]
        uncommitted = [path for path in paths if path in repository.uncommitted_files]
        if uncommitted and not list(changes(repository, repository.worktree, stage)):
            steps = fixes.commit(uncommitted, f"Commit what {stage.name} ran on")
    return Finding(
        "lock-stale",
        f"{stage.name} has not run since {names_of(changed)} changed: its outs are of before that.",
        f"what {LOCK} records of {stage.name}",
        "; ".join(" ".join(filter(None, (item.path, item.value))) for item in evidence[:4]),
        steps,
        evidence,
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


def _unversioned_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> Finding | None:
    """The finding on what the stage ran on, where neither git nor DVC has it."""
    if snapshot.revision != "HEAD":
        return None
    modules = repository.worktree.code(spec).imported
    deps = unversioned_deps(repository, snapshot, stage, modules)
    # What a lesson's stage writes, declared or not, the check of its outs reports.
    written = [
        path
        for other in STAGES
        if deps and (maker := snapshot.stage(other))
        for path in command_paths(repository, maker.cmd, other, other.writes)
    ]
    deps = [path for path in deps if not any(paths_overlap(path, out) for out in written)]
    if not deps:
        return None
    are_ignored = all(map(repository.ignores, deps))
    on_purpose = are_ignored and not set(modules()).intersection(deps)
    paths = fixes.join(deps)
    return Finding(
        "lock-stale",
        f"{stage.name} ran on {paths}, which is in your folder alone: whoever clones"
        f" cannot run {stage.name}, and dvc status there says that it changed.",
        f"{paths} in git or in DVC",
        "git ignores it" if are_ignored else "it is in neither",
        keep_files(repository, deps, f"Commit what {stage.name} ran on"),
        tuple(Evidence("worktree", path, value="not at HEAD") for path in deps),
        severity="advice" if on_purpose else "fail",
    )


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
    )


@stage_check("present", "out-missing", requires=("{stage}.run", "data.not_hidden"))
def outs_are_there(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> Finding | None:
    """The outs of {stage} lie in the folder.

    They are declared and recorded; the next stage needs them, and so does whoever looks at them.
    """
    stage = recorded_stage(snapshot, spec)
    root = repository.root
    gone = [out for out in stage.outs if out.inside and not (root / out.path).exists()]
    if not gone:
        return None
    paths = [out.path for out in gone]
    md5 = next((out.recorded.md5 for out in gone if out.cache), None)
    if not any(out.cache for out in gone):
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
    return Finding(
        "lock-stale",
        f"{reason.path} is not what {stage.name} wrote: it changed after the run.",
        f"the {reason.path} that {LOCK} records",
        "something else",
        restore_out(repository, stage, reason.path),
        (Evidence("worktree", reason.path, value="modified"), Evidence(snapshot.revision, LOCK)),
    )
