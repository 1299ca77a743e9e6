"""Lesson ``data``: the raw data is tracked, all of it."""

from grader import fixes
from grader.checks.hidden import is_hidden
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.git_files import bring_back
from grader.stages.paths import covers
from grader.stages.recorded_data import RAW, RAW_PARTS
from grader.step import Step


@check("data.tracked", "dvc-file-uncommitted", requires=("init.readable",), of_workshop=True)
def raw_data_is_tracked(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """A .dvc file tracks the raw data.

    The .dvc file is what git keeps in place of the data: small, and with the data's hash in it.
    """
    if left_out := parts_left_out(repository, snapshot):
        return partly_tracked_finding(repository, left_out)
    stages = snapshot.project.stages
    if any(stage.cmd is None and stage.outs for stage in stages):
        return None
    if any(covers(out.path, RAW) for stage in stages for out in stage.outs):
        return None  # a stage makes the data, and dvc.lock has its hash
    file = f"{RAW}.dvc"
    if is_hidden(repository, file):
        raise BlockedError("data.not_hidden")
    is_empty = snapshot.content(file) is not None
    if not is_empty and snapshot.revision == "worktree" and repository.head.content(file):
        raise BlockedError("data.committed")  # it is only deleted
    if repository.worktree.content(file) and repository.ignores(file):
        raise BlockedError("data.committed")
    is_new = False
    if _is_in_git(repository):
        what = f"Git has {RAW} itself, after a git add . perhaps, and DVC refuses to take it then."
    elif is_empty:
        what = f"{file} names no data: DVC keeps nothing, and a clone has no {RAW}."
    else:
        what = "No .dvc file is committed: git knows nothing of your raw data."
        is_new = (repository.root / RAW).exists()
    return Finding(
        "dvc-file-uncommitted",
        what,
        f"{file} at HEAD",
        "no outs" if is_empty else "no .dvc file",
        _track_raw_data(repository, "Track the raw data"),
        (Evidence(snapshot.revision, file),),
        is_lesson_task=is_new,
    )


def parts_left_out(repository: Repository, snapshot: Snapshot) -> list[str]:
    """What the pipeline reads of the raw data and nobody keeps, where DVC or git keeps a part."""
    if repository.is_foreign:
        return []
    # What is not committed yet is there too.
    stages = (*snapshot.project.stages, *repository.worktree.project.stages)
    in_dvc = [out.path for stage in stages for out in stage.outs]
    if any(covers(out, RAW) for out in in_dvc):
        return []
    kept = [path for path in (*in_dvc, *repository.tracked_files) if covers(RAW, path)]
    there = [path for path in RAW_PARTS if (repository.root / path).exists()] if kept else []
    return [path for path in there if not any(covers(path, part) for part in kept)]


def _is_in_git(repository: Repository) -> bool:
    return any(covers(RAW, path) for path in repository.tracked_files)


def _track_raw_data(repository: Repository, message: str) -> tuple[Step, ...]:
    """Give all of the raw data to DVC, which refuses what git has.

    Where it is gone, and was tracked once, the commit that deleted its .dvc file has one before it.
    """
    file = f"{RAW}.dvc"
    is_gone = not (repository.root / RAW).exists()
    if is_gone and (steps := bring_back(repository, file, fixes.command("dvc", "pull", file))):
        return steps
    removal = fixes.command("git", "rm", "-r", "--quiet", "--cached", RAW)
    return (
        *[removal] * _is_in_git(repository),
        fixes.command("dvc", "add", RAW),
        *fixes.commit([f"{RAW}.dvc", "data/.gitignore"], message),
    )


def partly_tracked_finding(repository: Repository, left_out: list[str]) -> Finding:
    """The finding on raw data of which a part is tracked: what is ``left_out``, a clone lacks."""
    files = {stage.file for stage in repository.worktree.project.stages if stage.cmd is None}
    parts = sorted(file for file in files if covers(RAW, file))
    return Finding(
        "dvc-file-uncommitted",
        f"A part of {RAW} is tracked; {fixes.join(left_out)} is not: a clone lacks it.",
        f"{RAW}.dvc, which tracks the whole folder",
        f"{fixes.join(parts) or 'git'} tracks a part of it",
        (
            *(fixes.command("dvc", "remove", file) for file in parts),
            *_track_raw_data(repository, "Track all of the raw data"),
        ),
        tuple(Evidence("worktree", path) for path in left_out),
    )
