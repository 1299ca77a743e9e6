"""Raw data that was moved, by ``dvc move`` perhaps, while the pipeline reads it where it was."""

import re
from collections.abc import Iterator

from dvcstate import ProjectError, Stage
from dvcstate.model import Out
from grader import fixes
from grader.facts.repository import Repository
from grader.finding import Evidence, Finding
from grader.stages.paths import command_paths, covers, gitignore_beside, paths_overlap
from grader.stages.recorded_data import misread_outs
from grader.step import Step
from workshop.stages import STAGES, StageSpec

# "- md5: 2c1a….dir"
_MD5 = re.compile(rb"\bmd5: ([0-9a-f]{32}(?:\.dir)?)")


def moved_data_finding(repository: Repository) -> Finding | None:
    """The finding on data that the pipeline reads where nothing is, and that is somewhere else.

    Where command and deps followed the data, all is right, whatever the folder is called.
    """
    try:
        found = next(_all(repository), None)
    except ProjectError:  # other checks report it
        return None
    if found is None:
        return None
    reader, path, stage, out = found
    return Finding(
        "out-missing",
        f"{out.path}, which {stage.file} tracks, is the data that {reader} reads from {path}:"
        " moved, and dvc.yaml did not follow. dvc repro stops there.",
        f"the data in {path}, as dvc.yaml says",
        f"nothing in {path}",
        tuple(_move_back(repository, stage, out, path)),
        (Evidence("worktree", path, value="absent"), Evidence("worktree", stage.file)),
    )


def _all(repository: Repository) -> Iterator[tuple[str, str, Stage, Out]]:
    """Each stage that reads what was moved, where from, and what tracks the data now."""
    here = repository.worktree
    stages = here.project.stages
    made = [out.path for stage in stages for out in stage.outs]
    misread = [stage for stage, *_ in misread_outs(repository, here.project)]
    added = [
        (stage, stage.outs[0])
        for stage in stages
        if not stage.cmd and len(stage.outs) == 1 and stage not in misread
    ]
    for spec in STAGES:
        stage = here.stage(spec)
        for path in _paths_read(repository, spec) if stage else ():
            is_there = (repository.root / path).exists()
            if is_there or any(paths_overlap(path, other) for other in made):
                continue
            hashes = _recorded(repository, path)
            for owner, out in added:
                if stage and out.recorded.md5 in hashes and not owner.is_import:
                    yield stage.name, path, owner, out


def _paths_read(repository: Repository, spec: StageSpec) -> list[str]:
    """What the stage reads by its command."""
    here = repository.worktree
    stage = here.stage(spec)
    return [*command_paths(repository, stage, here.code(spec), spec.reads)] if stage else []


def _recorded(repository: Repository, path: str) -> set[str]:
    """The hashes that the lock, a .dvc file at HEAD, or a deleted one has of what was there."""
    lock = repository.worktree.lock
    deps = [dep for stage in lock.values() for dep in stage.get("deps") or ()]
    md5s = {dep.get("md5") for dep in deps if dep.get("path") == path}
    committed = repository.head.project.stages if repository.commit else ()
    md5s |= {out.recorded.md5 for s in committed for out in s.outs if out.path == path}
    return {md5 for md5 in md5s if md5} | _recorded_before(repository, f"{path}.dvc")


def _recorded_before(repository: Repository, file: str) -> set[str]:
    """The hashes in a .dvc file as it was before the commit that deleted it."""
    git, name = repository.git, f"{repository.prefix}{file}"
    if git is None or file in repository.committed_files:
        return set()
    versions = git.versions([f"{commit}~1" for commit in git.commits(name, 1)], name)
    return {md5.decode() for version in versions for md5 in _MD5.findall(version)}


def _move_back(repository: Repository, stage: Stage, out: Out, path: str) -> Iterator[Step]:
    """Move it with its .dvc file, and commit where a move was committed or staged."""
    if folder := _renamed_folder(repository, stage, out, path):
        yield from _rename_folder(repository, folder, path.rpartition("/")[0])
        return
    above = path.rpartition("/")[0]
    if above and not (repository.root / above).exists():  # where dvc move stops
        yield fixes.python(f"import os; os.makedirs({fixes.literal(above)})")
    yield fixes.command("dvc", "move", out.path, path)
    known = {*repository.tracked_files, *repository.committed_files}
    file = f"{path}.dvc"
    if stage.file not in known and file in repository.committed_files:
        return  # git knows the data in its old place alone
    edited = [gitignore_beside(one) for one in (path, out.path)]
    gone = [stage.file] if stage.file in repository.tracked_files else []
    yield from fixes.commit(dict.fromkeys([file, *gone, *edited]), "Move the data back")


def _renamed_folder(repository: Repository, stage: Stage, out: Out, path: str) -> str:
    """The folder that was renamed with all that is in it; dvc move makes no folder anew."""
    folder, _, name = out.path.rpartition("/")
    above, _, old_name = path.rpartition("/")
    is_gone = bool(above) and not (repository.root / above).exists()
    return folder if is_gone and name == old_name and stage.file == f"{out.path}.dvc" else ""


def _rename_folder(repository: Repository, folder: str, name: str) -> Iterator[Step]:
    """Give the folder its name again, with what git does not know in it."""
    if not any(covers(folder, file) for file in repository.tracked_files):
        old, new = fixes.literal(folder), fixes.literal(name)
        yield fixes.python(f"import os; os.rename({old}, {new})")
        return
    yield fixes.command("git", "mv", folder, name)
    if any(covers(folder, file) for file in repository.committed_files):
        yield fixes.commit_staged(f"Rename {folder} back to {name}")
