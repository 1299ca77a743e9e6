"""What dvc.lock says of each stage: that it ran, on what is there now, and left what is there."""

from collections.abc import Iterator

from dvcstate import ProjectError, Reason, Stage, StageState
from dvcstate.errors import ErrorKind
from dvcstate.params import params_file as params_files
from grader import fixes
from grader.checks import stages
from grader.checks.stages import LOCK, covers, paths_of, recorded_stage, stage_of
from grader.engine.finding import Evidence, Finding, NotThereYetError, UnknownError
from grader.engine.registry import stage_check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes import keeping
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
    if repository.worktree.content(LOCK) is None and LOCK in repository.committed:
        raise NotThereYetError("lock.committed")
    return Finding(
        "stage-never-run",
        f"{stage.name} is in {stage.file}, and {LOCK} has no record of it: it never ran.",
        f"a record of {stage.name} in {LOCK}",
        "none",
        fixes.rerun(stage.name, stages.kept_by_git(repository, stage)),
        (stages.in_file(snapshot, stage), Evidence(snapshot.source, LOCK)),
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
        return _apart(repository, snapshot, stage, spec)
    fix = fixes.rerun(stage.name, stages.kept_by_git(repository, stage))
    if snapshot.source == "HEAD":
        uncommitted = [e.path for e in changed if e.path in repository.uncommitted]
        if uncommitted and not list(changes(repository, repository.worktree, stage)):
            fix = fixes.commit(uncommitted, f"Commit what {stage.name} ran on")
    return Finding(
        "lock-stale",
        f"{stage.name} has not run since {what(changed)} changed: its outs are of before that.",
        f"what {LOCK} records of {stage.name}",
        "; ".join(f"{one.path}{f' {one.value}' if one.value else ''}" for one in changed[:4]),
        fix,
        tuple(changed),
    )


def _refuse_unanswered(repository: Repository, snapshot: Snapshot, stage: Stage) -> None:
    """Where a dep in a cloud was asked about and nothing is known, nobody can say."""
    if not repository.ask_s or not _is_worktree_told(repository, snapshot):
        return
    for one in _state(repository, stage).unanswered:
        is_down = one.silent_server is not None
        command = endpoints.bucket_command(one.silent_server or "")
        start = f"in a terminal of its own, and left running: {command}"
        raise UnknownError(
            f"{stage.name} reads {one.path}, of which nothing is known: {one.why}. Whether it"
            " changed since the last run cannot be told.",
            fixes.note(start) if is_down else fixes.command("dvc", "status", stage.name),
            fixes.command("grader", "check", "--offline"),
            code="remote-unreachable",
        )


def _apart(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> Finding | None:
    """What the stage ran on is in the folder, and neither git nor DVC has it."""
    if snapshot.source != "HEAD":
        return None
    modules = repository.worktree.code(spec).imported
    found = keeping.nowhere(repository, snapshot, stage, modules)
    written = (
        [path for one in STAGES for path in _written(repository, snapshot, one)] if found else []
    )
    bare = [path for path in found if not any(_overlap(path, one) for one in written)]
    if not bare:
        return None
    ignored = [path for path in bare if repository.ignores(path)]
    on_purpose = bare == ignored and not {spec.code_path, *modules()}.intersection(bare)
    return Finding(
        "lock-stale",
        f"{stage.name} ran on {fixes.listed(bare)}, which is in your folder alone: whoever clones"
        f" cannot run {stage.name}, and dvc status there says that it changed.",
        f"{fixes.listed(bare)} in git or in DVC",
        "git ignores it" if bare == ignored else "it is in neither",
        keeping.kept(repository, bare, f"Commit what {stage.name} ran on"),
        tuple(Evidence("worktree", path, value="not at HEAD") for path in bare),
        severity="advice" if on_purpose else "fail",
    )


def _written(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> Iterator[str]:
    """What a lesson's stage writes, declared or not: the check of its outs tells of the latter."""
    stage = snapshot.stage(spec)
    return paths_of(repository, stage, spec, spec.writes) if stage else iter(())


def what(changed: list[Evidence]) -> str:
    """The names of what changed, for a sentence."""
    names = [
        "its command"
        if one.value == "the command"
        else (one.value or "").partition(" ")[0]
        if " -> " in (one.value or "")
        else one.path
        for one in changed
    ]
    return fixes.listed(dict.fromkeys(names))


def changes(repository: Repository, snapshot: Snapshot, stage: Stage) -> Iterator[Evidence]:
    """What is not as the lock recorded it; of outs of other stages ``lock.consistent`` tells."""
    if stage.command_changed:
        yield stages.in_file(snapshot, stage, "cmd:", value="the command")
    yield from _changed_params(snapshot, stage)
    for dep in stage.deps:
        if dep.recorded.md5 is None and not dep.recorded.files and dep.place:
            yield Evidence(snapshot.source, dep.path, value="not recorded")
            continue
        if not dep.inside or _maker(snapshot, dep.path):
            continue
        now = snapshot.md5(dep.path) or _added(snapshot, dep.path)
        if now and dep.recorded.algorithm == "md5" and now != dep.recorded.md5:
            yield Evidence(snapshot.source, dep.path)
    if _is_worktree_told(repository, snapshot):
        yield from _changed_elsewhere(repository, snapshot, stage)


def _is_worktree_told(repository: Repository, snapshot: Snapshot) -> bool:
    return snapshot.source == "worktree" or not repository.uncommitted


def _changed_params(snapshot: Snapshot, stage: Stage) -> Iterator[Evidence]:
    for file in stage.params:
        if snapshot.content(file.path) is None:
            continue
        recorded = file.recorded or {}
        values = params_files.read(snapshot.root / file.path, file.path)
        now = params_files.values(values, file.keys, file.path)
        for key in file.keys or dict.fromkeys([*now, *recorded]):
            if key in now and now[key] != recorded.get(key):
                line = snapshot.line(file.path, *(f"{part}:" for part in key.split(".")))
                then = recorded.get(key, "not recorded")
                yield Evidence(snapshot.source, file.path, line, f"{key} {then} -> {now[key]}")


def _maker(snapshot: Snapshot, path: str) -> Stage | None:
    """The stage with a command that makes ``path``."""
    for stage in snapshot.project.stages:
        if stage.cmd and any(_overlap(out.path, path) for out in stage.outs):
            return stage
    return None


def _added(snapshot: Snapshot, path: str) -> str | None:
    """The hash that a .dvc file records for exactly ``path``."""
    for stage in snapshot.project.stages:
        for out in stage.outs if stage.cmd is None else ():
            if out.path == path:
                return out.recorded.md5
    return None


def _changed_elsewhere(
    repository: Repository, snapshot: Snapshot, stage: Stage
) -> Iterator[Evidence]:
    """Changes that only a look at the data shows: folders of code, files that git does not have.

    And a folder around outs, or a file in an out, which no line of the lock tells of.
    """
    recorded = {dep.path for dep in stage.deps if dep.recorded.md5 or dep.place is None}
    for reason in _reasons(repository, stage):
        if reason.kind != "dep" or reason.path not in recorded:
            continue
        if reason.path in stage.external:
            yield Evidence("remote", reason.path, value=reason.change)
            continue
        told = snapshot.md5(reason.path) or _added(snapshot, reason.path)
        if not (
            _is_told_of_outs(repository, snapshot, reason.path)
            if _maker(snapshot, reason.path)
            else told
        ):
            yield Evidence("worktree", reason.path, value=reason.change)


def _is_told_of_outs(repository: Repository, snapshot: Snapshot, path: str) -> bool:
    """Whether ``path`` is an out, or takes in one that is itself not as it was recorded."""
    return any(
        out.path == path or _out_reason(repository, stage)
        for stage in snapshot.project.stages
        if stage.cmd
        for out in stage.outs
        if _overlap(out.path, path)
    )


def _overlap(one: str, other: str) -> bool:
    return covers(one, other) or covers(other, one)


def _reasons(repository: Repository, stage: Stage) -> tuple[Reason, ...]:
    return _state(repository, stage).reasons


def _state(repository: Repository, stage: Stage) -> StageState:
    """The state of a stage, which is none where the worktree does not have it."""
    try:
        states = repository.state.stages
    except ProjectError as error:
        if error.kind is ErrorKind.OUT_IN_DVCIGNORE:
            raise NotThereYetError("data.not_hidden") from None
        raise
    none = StageState(stage, "never_run", ())
    return next((one for one in states if one.stage.name == stage.name), none)


@stage_check("thawed", "stage-frozen", requires=("{stage}.declared",))
def stage_is_not_frozen(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """{stage} is not frozen, or nothing is hidden by it.

    DVC does not look at the deps of a frozen stage: dvc status stays clean whatever changes.
    """
    stage = stage_of(snapshot, spec)
    return frozen(repository, snapshot, stage) if stage.frozen else None


def frozen(repository: Repository, snapshot: Snapshot, stage: Stage) -> Finding:
    """The finding on a frozen stage: advice where it hides nothing yet."""
    changed = list(changes(repository, snapshot, stage)) + list(_newer_deps(snapshot, stage))
    hidden = what(changed) if changed else "nothing yet"
    return Finding(
        "stage-frozen",
        f"{stage.name} is frozen: it does not run again, and it hides {hidden}.",
        "a stage that runs when a dep changes",
        f"frozen: true in {stage.file}",
        (
            fixes.command("dvc", "unfreeze", stage.name),
            fixes.command("dvc", "repro", stage.name),
            *fixes.commit([stage.file, LOCK, *stages.uncached(stage)], f"Unfreeze {stage.name}"),
        ),
        (stages.in_file(snapshot, stage, "frozen:"), *changed),
        severity="fail" if changed else "advice",
    )


def _newer_deps(snapshot: Snapshot, stage: Stage) -> Iterator[Evidence]:
    """Deps that another stage has made anew since."""
    for dep in stage.deps:
        maker = _maker(snapshot, dep.path)
        for out in maker.outs if maker else ():
            if out.path == dep.path and out.recorded.md5 != dep.recorded.md5:
                yield Evidence(snapshot.source, dep.path)


def _out_reason(repository: Repository, stage: Stage, *kinds: str) -> Reason | None:
    for reason in _reasons(repository, stage):
        if reason.kind == "out" and (reason.change in kinds or not kinds):
            return reason
    return None


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
    kept = [out for out in gone if out.cache]
    if not kept:
        steps = [fixes.command("git", "checkout", "HEAD", "--", paths[0])]
    elif _is_cached(repository, kept[0].recorded.md5):
        steps = [fixes.command("dvc", "checkout", stage.name)]
    else:
        steps = [fixes.command("dvc", name, stage.name) for name in ("pull", "repro")]
    return Finding(
        "out-missing",
        f"{fixes.listed(paths)} of {stage.name} is gone from your folder; {LOCK} has it.",
        f"{fixes.listed(paths)} in your folder",
        "absent",
        tuple(steps),
        tuple(Evidence("worktree", path) for path in paths),
    )


def _is_cached(repository: Repository, md5: str | None) -> bool:
    return md5 is not None and repository.objects.path(md5).exists()


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
    if repository.uncommitted and snapshot.source == "HEAD":
        return None
    reason = _out_reason(repository, stage, "modified")
    if reason is None:
        return None
    return Finding(
        "lock-stale",
        f"{reason.path} is not what {stage.name} wrote: it changed after the run.",
        f"the {reason.path} that {LOCK} records",
        "something else",
        stages.restored(repository, stage, reason.path),
        (Evidence("worktree", reason.path, value="modified"), Evidence(snapshot.source, LOCK)),
    )
