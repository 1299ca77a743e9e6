"""What dvc.lock says of each stage: that it ran, on what is there now, and left what is there."""

from collections.abc import Iterator

from dvcstate import ProjectError, Reason, Stage, StageState
from dvcstate.params import params_file as params_files
from grader import fixes
from grader.checks import stages
from grader.checks.stages import LOCK, covers, paths_of, recorded_stage, stage_of
from grader.engine.finding import Evidence, Finding, NotThereYetError, UnknownError
from grader.engine.registry import stage_check
from grader.facts.snapshot import View
from grader.fixes import keeping
from workshop import endpoints
from workshop.stages import STAGES, LessonStage


@stage_check("run", "stage-never-run", requires=("{stage}.declared",))
def stage_has_run(view: View, wanted: LessonStage) -> Finding | None:
    """{stage} has run.

    dvc.yaml says how a stage is run, dvc.lock that it was.
    """
    stage = stage_of(view, wanted)
    if stage.recorded:
        return None
    if view.facts.worktree.content(LOCK) is None and LOCK in view.facts.committed:
        raise NotThereYetError("lock.committed")
    return Finding(
        "stage-never-run",
        f"{stage.name} is in {stage.file}, and {LOCK} has no record of it: it never ran.",
        f"a record of {stage.name} in {LOCK}",
        "none",
        fixes.rerun(stage.name, stages.kept_by_git(view, stage)),
        (stages.in_file(view, stage), Evidence(view.source, LOCK)),
    )


@stage_check("current", "lock-stale", requires=("{stage}.run", "{stage}.params_exist"))
def stage_is_current(view: View, wanted: LessonStage) -> Finding | None:
    """{stage} ran on the code, data, params and command that are there now.

    Its outs are of what was there before, and whoever pulls them gets those.
    """
    stage = recorded_stage(view, wanted)
    if stage.frozen:
        return None
    changed = list(changes(view, stage))
    if not changed:
        _refuse_unanswered(view, stage)
        return _apart(view, stage, wanted)
    fix = fixes.rerun(stage.name, stages.kept_by_git(view, stage))
    if view.source == "HEAD":
        uncommitted = [e.path for e in changed if e.path in view.facts.uncommitted]
        if uncommitted and not list(changes(view.facts.worktree, stage)):
            fix = fixes.commit(uncommitted, f"Commit what {stage.name} ran on")
    return Finding(
        "lock-stale",
        f"{stage.name} has not run since {what(changed)} changed: its outs are of before that.",
        f"what {LOCK} records of {stage.name}",
        "; ".join(f"{one.path}{f' {one.value}' if one.value else ''}" for one in changed[:4]),
        fix,
        tuple(changed),
    )


def _refuse_unanswered(view: View, stage: Stage) -> None:
    """Where a dep in a cloud was asked about and nothing is known, nobody can say."""
    if not view.facts.ask_s or not _is_worktree_told(view):
        return
    for one in _state(view, stage).unanswered:
        is_down = one.silent_server is not None
        command = endpoints.bucket_command(one.silent_server or "")
        start = f"in a terminal of its own, and left running: {command}"
        raise UnknownError(
            f"{stage.name} reads {one.path}, of which nothing is known: {one.why}. Whether it"
            " changed since the last run cannot be told.",
            fixes.commands(
                fixes.by_hand(start) if is_down else f"dvc status {fixes.quoted(stage.name)}",
                "grader check --offline",
            ),
            code="remote-unreachable",
        )


def _apart(view: View, stage: Stage, wanted: LessonStage) -> Finding | None:
    """What the stage ran on is in the folder, and neither git nor DVC has it."""
    if view.source != "HEAD":
        return None
    modules = view.facts.worktree.code(wanted).imported
    found = keeping.nowhere(view, stage, modules)
    written = [path for one in STAGES for path in _written(view, one)] if found else []
    bare = [path for path in found if not any(_overlap(path, one) for one in written)]
    if not bare:
        return None
    ignored = [path for path in bare if view.facts.ignores(path)]
    on_purpose = bare == ignored and not {wanted.code_path, *modules()}.intersection(bare)
    return Finding(
        "lock-stale",
        f"{stage.name} ran on {fixes.listed(bare)}, which is in your folder alone: whoever clones"
        f" cannot run {stage.name}, and dvc status there says that it changed.",
        f"{fixes.listed(bare)} in git or in DVC",
        "git ignores it" if bare == ignored else "it is in neither",
        keeping.kept(view, bare, f"Commit what {stage.name} ran on"),
        tuple(Evidence("worktree", path, value="not at HEAD") for path in bare),
        severity="advice" if on_purpose else "fail",
    )


def _written(view: View, wanted: LessonStage) -> Iterator[str]:
    """What a lesson's stage writes, declared or not: the check of its outs tells of the latter."""
    stage = view.stage(wanted)
    return paths_of(view, stage, wanted, wanted.writes) if stage else iter(())


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


def changes(view: View, stage: Stage) -> Iterator[Evidence]:
    """What is not as the lock recorded it; of outs of other stages ``lock.consistent`` tells."""
    if stage.command_changed:
        yield stages.in_file(view, stage, "cmd:", value="the command")
    yield from _changed_params(view, stage)
    for dep in stage.deps:
        if dep.recorded.md5 is None and not dep.recorded.files and dep.place:
            yield Evidence(view.source, dep.path, value="not recorded")
            continue
        if not dep.inside or _maker(view, dep.path):
            continue
        now = view.md5(dep.path) or _added(view, dep.path)
        if now and dep.recorded.algorithm == "md5" and now != dep.recorded.md5:
            yield Evidence(view.source, dep.path)
    if _is_worktree_told(view):
        yield from _changed_elsewhere(view, stage)


def _is_worktree_told(view: View) -> bool:
    return view.source == "worktree" or not view.facts.uncommitted


def _changed_params(view: View, stage: Stage) -> Iterator[Evidence]:
    for file in stage.params:
        if view.content(file.path) is None:
            continue
        recorded = file.recorded or {}
        values = params_files.read(view.root / file.path, file.path)
        now = params_files.values(values, file.keys, file.path)
        for key in file.keys or dict.fromkeys([*now, *recorded]):
            if key in now and now[key] != recorded.get(key):
                line = view.line(file.path, *(f"{part}:" for part in key.split(".")))
                then = recorded.get(key, "not recorded")
                yield Evidence(view.source, file.path, line, f"{key} {then} -> {now[key]}")


def _maker(view: View, path: str) -> Stage | None:
    """The stage with a command that makes ``path``."""
    for stage in view.project.stages:
        if stage.cmd and any(_overlap(out.path, path) for out in stage.outs):
            return stage
    return None


def _added(view: View, path: str) -> str | None:
    """The hash that a .dvc file records for exactly ``path``."""
    for stage in view.project.stages:
        for out in stage.outs if stage.cmd is None else ():
            if out.path == path:
                return out.recorded.md5
    return None


def _changed_elsewhere(view: View, stage: Stage) -> Iterator[Evidence]:
    """Changes that only a look at the data shows: folders of code, files that git does not have.

    And a folder around outs, or a file in an out, which no line of the lock tells of.
    """
    recorded = {dep.path for dep in stage.deps if dep.recorded.md5 or dep.place is None}
    for reason in _reasons(view, stage):
        if reason.kind != "dep" or reason.path not in recorded:
            continue
        if reason.path in stage.external:
            yield Evidence("remote", reason.path, value=reason.change)
            continue
        told = view.md5(reason.path) or _added(view, reason.path)
        if not (_is_told_of_outs(view, reason.path) if _maker(view, reason.path) else told):
            yield Evidence("worktree", reason.path, value=reason.change)


def _is_told_of_outs(view: View, path: str) -> bool:
    """Whether ``path`` is an out, or takes in one that is itself not as it was recorded."""
    return any(
        out.path == path or _out_reason(view, stage)
        for stage in view.project.stages
        if stage.cmd
        for out in stage.outs
        if _overlap(out.path, path)
    )


def _overlap(one: str, other: str) -> bool:
    return covers(one, other) or covers(other, one)


def _reasons(view: View, stage: Stage) -> tuple[Reason, ...]:
    return _state(view, stage).reasons


def _state(view: View, stage: Stage) -> StageState:
    """The state of a stage, which is none where the worktree does not have it."""
    try:
        states = view.facts.state.stages
    except ProjectError as error:
        if "of a .dvcignore" in error.problem:
            raise NotThereYetError("data.not_hidden") from None
        raise
    none = StageState(stage, "never_run", ())
    return next((one for one in states if one.stage.name == stage.name), none)


@stage_check("thawed", "stage-frozen", requires=("{stage}.declared",))
def stage_is_not_frozen(view: View, wanted: LessonStage) -> Finding | None:
    """{stage} is not frozen, or nothing is hidden by it.

    DVC does not look at the deps of a frozen stage: dvc status stays clean whatever changes.
    """
    stage = stage_of(view, wanted)
    return frozen(view, stage) if stage.frozen else None


def frozen(view: View, stage: Stage) -> Finding:
    """The finding on a frozen stage: advice where it hides nothing yet."""
    changed = list(changes(view, stage)) + list(_newer_deps(view, stage))
    hidden = what(changed) if changed else "nothing yet"
    return Finding(
        "stage-frozen",
        f"{stage.name} is frozen: it does not run again, and it hides {hidden}.",
        "a stage that runs when a dep changes",
        f"frozen: true in {stage.file}",
        fixes.commands(
            f"dvc unfreeze {fixes.quoted(stage.name)}",
            f"dvc repro {fixes.quoted(stage.name)}",
            *fixes.commit(
                [stage.file, LOCK, *stages.uncached(stage)], f"Unfreeze {stage.name}"
            ).splitlines(),
        ),
        (stages.in_file(view, stage, "frozen:"), *changed),
        severity="fail" if changed else "advice",
    )


def _newer_deps(view: View, stage: Stage) -> Iterator[Evidence]:
    """Deps that another stage has made anew since."""
    for dep in stage.deps:
        maker = _maker(view, dep.path)
        for out in maker.outs if maker else ():
            if out.path == dep.path and out.recorded.md5 != dep.recorded.md5:
                yield Evidence(view.source, dep.path)


def _out_reason(view: View, stage: Stage, *kinds: str) -> Reason | None:
    for reason in _reasons(view, stage):
        if reason.kind == "out" and (reason.change in kinds or not kinds):
            return reason
    return None


@stage_check("present", "out-missing", requires=("{stage}.run", "data.not_hidden"))
def outs_are_there(view: View, wanted: LessonStage) -> Finding | None:
    """The outs of {stage} lie in the folder.

    They are declared and recorded; the next stage needs them, and so does whoever looks at them.
    """
    stage = recorded_stage(view, wanted)
    root = view.facts.root
    gone = [out for out in stage.outs if out.inside and not (root / out.path).exists()]
    if not gone:
        return None
    paths = [out.path for out in gone]
    kept = [out for out in gone if out.cache]
    target = fixes.quoted(stage.name)
    fix = f"dvc pull {target}" if kept else f"git checkout HEAD -- {fixes.quoted(paths[0])}"
    if kept and not _is_cached(view, kept[0].recorded.md5):
        fix = fixes.commands(fix, f"dvc repro {target}")
    elif kept:
        fix = f"dvc checkout {target}"
    return Finding(
        "out-missing",
        f"{fixes.listed(paths)} of {stage.name} is gone from your folder; {LOCK} has it.",
        f"{fixes.listed(paths)} in your folder",
        "absent",
        fix,
        tuple(Evidence("worktree", path) for path in paths),
    )


def _is_cached(view: View, md5: str | None) -> bool:
    return md5 is not None and view.facts.objects.path(md5).exists()


@stage_check(
    "unchanged",
    "lock-stale",
    requires=("{stage}.present", "{stage}.result", "data.no_overlap", "lock.consistent"),
)
def outs_are_as_recorded(view: View, wanted: LessonStage) -> Finding | None:
    """The outs of {stage} are what its run left.

    An out that was changed by hand is of no run: nobody can make it again.
    """
    stage = recorded_stage(view, wanted)
    if view.facts.uncommitted and view.source == "HEAD":
        return None
    reason = _out_reason(view, stage, "modified")
    if reason is None:
        return None
    return Finding(
        "lock-stale",
        f"{reason.path} is not what {stage.name} wrote: it changed after the run.",
        f"the {reason.path} that {LOCK} records",
        "something else",
        stages.restored(view, stage, reason.path),
        (Evidence("worktree", reason.path, value="modified"), Evidence(view.source, LOCK)),
    )
