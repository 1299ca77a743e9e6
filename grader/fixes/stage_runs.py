"""Steps that run a stage, or bring back what its last run left, and the commit of what comes of it.

What is committed with a run: the lock, the outs that git keeps, and the .gitignore files in which
DVC has listed the others.
"""

import re
from collections.abc import Iterable, Sequence

from dvcstate import Stage
from dvcstate.documents import reader
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.stage_edits import dedent_sections, edit_stage
from grader.stages.commands import has_sections
from grader.stages.lookup import LOCK, name_in_file
from grader.stages.paths import covers
from grader.stages.right_stage import RightStage
from grader.stages.run_state import is_as_recorded
from grader.stages.stage_change import Change
from grader.stages.storage import files_beside_lock, gitignores
from grader.step import Step
from workshop.shell import command_line
from workshop.stages import STAGES, StageSpec

_COMMENT = re.compile(r"#.*")


def run_stage(repository: Repository, stage: Stage) -> tuple[Step, ...]:
    """Run a stage, with all that follows from it, and commit what came of it."""
    run, beside = _run(repository, stage)
    return run, *fixes.commit([lock_of(stage), *beside], f"Run {name_in_file(stage)}")


def _run(repository: Repository, stage: Stage) -> tuple[Step, list[str]]:
    """The command that runs a stage and those below it, and what is committed beside the lock.

    ``dvc repro STAGE`` leaves those below as they were: each of them is stale then.
    """
    project = repository.worktree.project
    users = [user for maker, user in project.edges if maker == stage.name]
    if not users and not _later_lessons(repository, stage):
        run = fixes.command("dvc", "repro", stage.name)
        return run, files_beside_lock(repository, stage)
    others = [other for other in project.stages if other.cmd and other.name != stage.name]
    beside = [path for each in (stage, *others) for path in files_beside_lock(repository, each)]
    return fixes.command("dvc", "repro"), list(dict.fromkeys(beside))


def _later_lessons(repository: Repository, stage: Stage) -> list[str]:
    """The declared stages of the lessons behind that of ``stage``: all follow from it.

    The edges say so only where its outs are declared already.
    """
    stages = {spec.name: repository.worktree.stage(spec) for spec in STAGES}
    names = [name for name, own in stages.items() if own and own.name == stage.name]
    behind = [*stages][[*stages].index(names[0]) + 1 :] if names else []
    return [name for name in behind if stages[name]]


def run_again(stages: Sequence[Stage], beside: Iterable[str]) -> tuple[Step, ...]:
    """The same of stages that DVC takes for done: without the option, all above them run too."""
    names = [stage.name for stage in stages]
    run = fixes.command("dvc", "repro", "--force", "--single-item", *names)
    paths = dict.fromkeys([*map(lock_of, stages), *beside])
    return run, *fixes.commit(paths, f"Run {fixes.join(map(name_in_file, stages))} again")


def mend_stage(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    spec: StageSpec,
    names: Iterable[str] = (),
) -> tuple[Step, ...]:
    """Make all of a lesson's stage right, run it, commit both: one fix for whatever is wrong.

    What the lesson in progress has the attendee find stays, but for ``names``, which the finding is
    about. Of what is not committed yet, the folder has the newer stage.
    """
    here = repository.worktree.stage(spec)
    if here:
        snapshot, stage = repository.worktree, here
    if has_sections(stage.cmd) and (edits := dedent_sections(repository, snapshot, stage)):
        return *edits, *run_edited(repository, stage, Change())
    change = RightStage.of(repository, snapshot, stage, spec).change_about(names)
    if not change and stage.file not in repository.uncommitted_files:
        return run_stage(repository, stage)
    return edit_and_run(repository, snapshot, stage, change)


def edit_and_run(
    repository: Repository, snapshot: Snapshot, stage: Stage, change: Change
) -> tuple[Step, ...]:
    """Change a stage in dvc.yaml, run it, commit both."""
    edits = edit_stage(repository, snapshot, stage, change) if change else []
    return *edits, *run_edited(repository, stage, change)


def run_edited(
    repository: Repository, stage: Stage, change: Change, *edited: str
) -> tuple[Step, ...]:
    """Run a stage after ``change``, and commit it with the other files that were ``edited``."""
    gone = {path for entries in change.remove.values() for path in entries}
    kept = tuple(out for out in stage.outs if out.path not in gone)
    run, beside = _run(repository, stage._replace(outs=kept))
    cached = sorted((out for out in change.outs if out.cache), key=lambda out: out.section)
    uncached = [out.path for out in change.outs if not out.cache]
    ignoring = gitignores(repository, [out.path for out in cached])
    paths = dict.fromkeys([*edited, stage.file, lock_of(stage), *beside, *uncached, *ignoring])
    # The .gitignore of an out that becomes a metric without cache still has the line of it.
    are_ignored = any(map(repository.ignores, uncached))
    return run, *fixes.commit(paths, f"Mend the stage {name_in_file(stage)}", force=are_ignored)


def lock_of(stage: Stage) -> str:
    """The dvc.lock beside the stage's dvc.yaml."""
    return stage.file.removesuffix("dvc.yaml") + LOCK


def restore_out(repository: Repository, stage: Stage, path: str) -> tuple[Step, ...]:
    """Make ``path`` as the run of ``stage`` left it: from the cache, or by another run."""
    out = next((out for out in stage.outs if covers(out.path, path)), None)
    is_cached = out is not None and out.cache and out.recorded.algorithm == "md5"
    if is_cached and out and out.recorded.md5 and not is_as_recorded(repository, stage):
        objects = repository.objects
        names = objects.names(out.recorded.md5)
        # dvc checkout of a damaged object restores the damage: DVC trusts its cache.
        if all(objects.path(name).exists() for name in names) and not objects.find_corrupt(names):
            return (fixes.command("dvc", "checkout", "--force", stage.name),)
    return run_again([stage], files_beside_lock(repository, stage))


def restore_stage(repository: Repository, stage: Stage) -> tuple[Step, ...]:
    """Bring back a stage that HEAD has and dvc.yaml lost: from git where nothing else is lost."""
    changed = [path for path in repository.uncommitted_files if _is_edited_by_removal(path)]
    if all(_only_lacks(repository, path) for path in changed):
        return (fixes.command("git", "checkout", "HEAD", "--", *changed),)
    show = command_line(("git", "show", f"HEAD:./{stage.file}"))
    lines = f"put back the lines of the stage {stage.name}, which {show} prints"
    beside = dict.fromkeys([stage.file, LOCK, *files_beside_lock(repository, stage)])
    return (
        fixes.change(stage.file, lines),
        fixes.command("dvc", "repro", stage.name),
        *fixes.commit(beside, f"Put back the stage {stage.name}"),
    )


def _is_edited_by_removal(path: str) -> bool:
    """Whether ``dvc remove`` edits such a file."""
    return path.rpartition("/")[2] in ("dvc.yaml", LOCK, ".gitignore")


def _only_lacks(repository: Repository, path: str) -> bool:
    """Whether ``path`` is as committed, but for what it has no more.

    DVC indents and folds anew what it writes, so what the lines say is compared.
    """
    here, head = repository.worktree.text(path), repository.head.text(path)
    if here is None or head is None:
        return here is None
    if path.endswith(".gitignore"):
        return {*here.split()} <= {*head.split()}
    written, committed = reader.parse(here, path), reader.parse(head, path)
    there = written.get("stages") or {}
    kept = {name: one for name, one in committed.get("stages", {}).items() if name in there}
    has_new_comment = {*_COMMENT.findall(here)} - {*_COMMENT.findall(head)}
    return {**committed, "stages": kept} == {**written, "stages": there} and not has_new_comment
