"""The steps that make a stage of an exercise what it was when the project was whole."""

from collections.abc import Iterable, Iterator, Sequence

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.fixes.stage_runs import lock_of
from grader.stages.lookup import LOCK
from grader.stages.storage import gitignores
from grader.step import Step
from workshop.exercises.whole_project import ProjectStage, project_stages

PIPELINE = "dvc.yaml"


def mend_stage(
    repository: Repository, right: ProjectStage, others: Sequence[Stage] = ()
) -> tuple[Step, ...]:
    """Write the stage ``right`` anew, run it, commit both; ``others`` make its outs, and go.

    DVC refuses an out that git tracks: git lets go of it first, and it stays in the folder.
    """
    tracked = [path for path in right.outs if path in repository.tracked_files]
    files = [path for other in others for path in (other.file, lock_of(other))]
    theirs = [path for path in dict.fromkeys(files) if path in repository.tracked_files]
    message = f"Make the stage {right.name} whole again"
    return (
        *(step for other in others for step in _remove(other)),
        *([fixes.command("git", "rm", "--cached", *tracked)] if tracked else []),
        fixes.command(*_stage_add(repository, right)),
        *_run_and_commit(repository, right, message, theirs),
    )


def thaw_stage(repository: Repository, right: ProjectStage) -> tuple[Step, ...]:
    """Let a frozen stage run again, run it, commit both."""
    message = f"Let the stage {right.name} run again"
    return (
        fixes.command("dvc", "unfreeze", right.name),
        *_run_and_commit(repository, right, message),
    )


def _run_and_commit(
    repository: Repository, right: ProjectStage, message: str, others: Iterable[str] = ()
) -> Iterator[Step]:
    """Run what has changed, and commit it with the stage, and with the files of ``others``."""
    # An out without cache was perhaps one with cache before, and .gitignore still names it.
    are_ignored = any(map(repository.ignores, right.metrics))
    metrics = [path for stage in project_stages() for path in stage.metrics]
    paths = [PIPELINE, LOCK, *metrics, *gitignores(repository, right.outs), *others]
    yield fixes.command("dvc", "repro")
    yield from fixes.commit(dict.fromkeys(paths), message, force=are_ignored)


def _remove(other: Stage) -> Iterator[Step]:
    if "@" in other.name:  # of a template: dvc remove takes whole ones alone
        template = other.name.partition("@")[0].rpartition(":")[2]
        yield fixes.change(other.file, f"delete the stage {template}")
    else:
        yield fixes.command("dvc", "remove", other.name)


def _stage_add(repository: Repository, right: ProjectStage) -> Iterator[str]:
    """The command; with --force where there is a stage of that name, which it replaces."""
    names = {stage.name for stage in repository.worktree.project.stages}
    yield from ("dvc", "stage", "add", *["--force"] * (right.name in names), "-n", right.name)
    for path in right.deps:
        yield from ("-d", path)
    if right.params:
        yield from ("-p", ",".join(right.params))
    for flag, paths in (("-o", right.outs), ("-M", right.metrics)):
        for path in paths:
            yield from (flag, path)
    yield from ("python", right.script)
