"""A stage that dvc.yaml lacks: taken out since it was committed, or there under a misspelt name."""

import re
from difflib import get_close_matches

from dvcstate import ProjectError, Stage
from dvcstate.documents import reader
from dvcstate.errors import ConfigError
from grader import fixes
from grader.checks.stages import LOCK, covers, is_out_of_sight, kept_by_git, paths_of
from grader.engine.finding import Evidence, Finding, NotThereYetError
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from workshop.shell import command_line
from workshop.stages import STAGES, StageSpec

_FILE = "dvc.yaml"
_COMMENT = re.compile(r"#.*")
_ALIKE = 0.8
"""How near two names are of which one is a slip of the other."""


def wait_until_restored(repository: Repository) -> None:
    """Raise where dvc.yaml lost a stage of the lessons: its removal is not to be committed."""
    here = repository.worktree
    try:
        if is_out_of_sight(repository, _FILE):
            return
        gone = [one for one in STAGES if repository.head.stage(one) and not here.stage(one)]
    except (ConfigError, ProjectError):  # which other checks tell
        return
    if gone:
        raise NotThereYetError(f"{gone[0].name}.declared")


def removal(repository: Repository, stage: Stage, there: list[str]) -> Finding:
    """What is said of a ``stage`` that HEAD has, and dvc.yaml no more; it has those ``there``."""
    name = stage.name
    return Finding(
        "stage-missing",
        f"The stage {name} is committed, and your dvc.yaml has it no more: a dvc remove, perhaps.",
        f"the stage {name}, as it is committed",
        f"stages: {fixes.listed(there, 6) or 'none'}",
        _restoring(repository, stage),
        (
            Evidence("worktree", stage.file),
            Evidence("HEAD", stage.file, repository.head.line(stage.file, f"{name}:")),
        ),
    )


def _restoring(repository: Repository, stage: Stage) -> tuple[Step, ...]:
    """The committed files, where nothing else is lost by that; else the lines, by hand."""
    changed = [path for path in repository.uncommitted if _is_edited_by_removal(path)]
    if all(_only_lacks(repository, path) for path in changed):
        return (fixes.command("git", "checkout", "HEAD", "--", *changed),)
    show = command_line(("git", "show", f"HEAD:./{stage.file}"))
    beside = dict.fromkeys([stage.file, LOCK, *kept_by_git(repository, stage)])
    return (
        fixes.change(
            stage.file, f"put back the lines of the stage {stage.name}, which {show} prints"
        ),
        fixes.command("dvc", "repro", stage.name),
        *fixes.commit(beside, f"Put back the stage {stage.name}"),
    )


def _is_edited_by_removal(path: str) -> bool:
    return path.rpartition("/")[2] in (_FILE, LOCK, ".gitignore")


def _only_lacks(repository: Repository, path: str) -> bool:
    """Whether ``path`` is as committed, but for what it has no more.

    DVC indents and folds anew what it writes, so what the lines say is compared.
    """
    here, head = repository.worktree.text(path), repository.head.text(path)
    if here is None or head is None:
        return here is None
    if path.rpartition("/")[2] == ".gitignore":
        return {*here.split()} <= {*head.split()}
    written, committed = reader.parse(here, path), reader.parse(head, path)
    there = written.get("stages") or {}
    kept = {name: one for name, one in committed.get("stages", {}).items() if name in there}
    has_new_comment = {*_COMMENT.findall(here)} - {*_COMMENT.findall(head)}
    return {**committed, "stages": kept} == {**written, "stages": there} and not has_new_comment


def told(spec: StageSpec, other: str) -> str:
    """What dvc.yaml has in place of the stage: an ``other`` one, or none."""
    if other:  # while that one has the outs, DVC lets no second stage have them
        return f"a stage {other}: is that {spec.name}? It does not run {spec.module}."
    return f"no stage {spec.name}: dvc repro makes nothing of it."


def misspelt(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> str:
    """The stage that may be meant by ``spec``, and belongs to no other lesson.

    It has the lesson's outs, which DVC lets no second stage have, or runs the lessons' code under a
    name that is a slip of the lesson's. Empty where there is none.
    """
    known = {stage.name for one in STAGES if (stage := snapshot.stage(one))}
    own = [one for one in snapshot.project.stages if one.cmd and one.name not in known]
    model = Stage(spec.name, _FILE, spec.command)
    outs = list(paths_of(repository, model, spec, spec.writes))
    makers = [one.name for one in own if any(covers(o.path, out) for o in one.outs for out in outs)]
    ours = [one.name for one in own if "pipeline." in str(one.cmd)]
    alike = get_close_matches(spec.name, ours, 1, _ALIKE)
    return next(iter(alike or makers), "")
