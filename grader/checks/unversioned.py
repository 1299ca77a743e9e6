"""What a stage ran on, and what neither git nor DVC has: it is on this laptop alone."""

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.git_files import keep_files, unignore
from grader.stages.paths import command_paths, covers, paths_overlap
from grader.stages.recorded_data import misread_outs
from grader.stages.storage import unversioned_deps
from workshop.stages import STAGES, StageSpec


def unversioned_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> Finding | None:
    """The finding on what the stage ran on, where neither git nor DVC has it.

    Its fix keeps what the other stages ran on too, and git does not ignore: all is one commit.
    """
    if snapshot.revision != "HEAD":
        return None
    deps = _unversioned(repository, snapshot, stage, spec)
    if not deps:
        return None
    code = [dep for dep in deps if _is_any_code(repository, dep)]
    are_ignored = all(map(repository.ignores, deps))
    # The data that a lesson's stage reads is DVC's: that git ignores it was dvc add's doing.
    read = {*command_paths(repository, stage, snapshot.code(spec), spec.reads)}
    on_purpose = are_ignored and not code and not read.intersection(deps)
    paths = fixes.join(deps)
    kept = [*deps, *(path for path in _of_others(repository, snapshot) if path not in deps)]
    kept = [path for path in kept if not any(covers(o, path) for o in kept if o != path)]
    hidden = [path for path in kept if repository.ignores(path) and _is_any_code(repository, path)]
    edits, edited = unignore(repository, hidden)
    added = dict.fromkeys(_top(repository, path) for path in hidden)
    return Finding(
        "lock-stale",
        f"{stage.name} ran on {paths}, which is in your folder alone: whoever clones"
        f" cannot run {stage.name}, and dvc status there says that it changed.",
        f"{paths} in git or in DVC",
        "git ignores it" if are_ignored else "it is in neither",
        (
            *edits,
            *[fixes.command("git", "add", *edited, *added)] * bool(hidden),
            *keep_files(
                repository,
                [path for path in kept if path not in hidden],
                f"Commit what {stage.name} ran on",
            ),
        ),
        tuple(Evidence("worktree", path, value="not at HEAD") for path in deps),
        severity="advice" if on_purpose else "fail",
    )


def unversioned_finding_of_own_stage(
    repository: Repository, snapshot: Snapshot, stage: Stage
) -> Finding | None:
    """The advice on what a stage of the attendee's own ran on, where neither git nor DVC has it."""
    if snapshot.revision != "HEAD":
        return None
    deps = unversioned_deps(repository, snapshot, stage, lambda: snapshot.modules_of(stage))
    meant = [out.meant for out in misread_outs(repository, snapshot.project)] if deps else []
    deps = [path for path in deps if not any(paths_overlap(path, other) for other in meant)]
    if not deps:
        return None
    paths = fixes.join(deps)
    return Finding(
        "lock-stale",
        f"{stage.name}, a stage of your own, ran on {paths}, which is in your folder alone: whoever"
        f" clones cannot run {stage.name}, and dvc repro stops there.",
        f"{paths} in git or in DVC",
        "git ignores it" if all(map(repository.ignores, deps)) else "it is in neither",
        keep_files(repository, deps, f"Commit what {stage.name} ran on"),
        tuple(Evidence("worktree", path, value="not at HEAD") for path in deps),
        severity="advice",
    )


def _of_others(repository: Repository, snapshot: Snapshot) -> list[str]:
    """What the other stages ran on: code too that git ignores, which no stage can do without."""
    return [
        path
        for spec in STAGES
        if (stage := snapshot.stage(spec)) and stage.recorded
        for path in _unversioned(repository, snapshot, stage, spec)
        if not repository.ignores(path) or _is_any_code(repository, path)
    ]


def _top(repository: Repository, path: str) -> str:
    """The folder of all code, where git has nothing of it: also what no stage imports is there."""
    top = path.split("/")[0]
    return path if any(covers(top, file) for file in repository.tracked_files) else top


def _is_any_code(repository: Repository, path: str) -> bool:
    """Whether some lesson's stage imports what is at ``path``, or in it."""
    codes = map(repository.worktree.code, STAGES)
    return any(covers(path, module) for code in codes for module in code.imported())


def _unversioned(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> list[str]:
    modules = repository.worktree.code(spec).imported
    deps = unversioned_deps(repository, snapshot, stage, modules)
    meant = [out.meant for out in misread_outs(repository, snapshot.project)] if deps else []
    # What a lesson's stage writes, declared or not, the check of its outs reports.
    written = [
        path
        for other in STAGES
        if deps and (maker := snapshot.stage(other))
        for path in command_paths(repository, maker, snapshot.code(other), other.writes)
    ]
    known = [*written, *meant]  # which data.in_place reports
    return [path for path in deps if not any(paths_overlap(path, other) for other in known)]
