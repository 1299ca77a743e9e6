"""Lesson ``data``: the raw data is tracked, committed and in its place."""

import contextlib
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial

from dvcstate import ProjectError, Stage
from dvcstate.errors import ConfigError
from grader import fixes
from grader.checks import code, missing, others, overlap, stages
from grader.checks.stages import LOCK, uncached
from grader.engine.finding import Evidence, Finding, NotThereYetError
from grader.engine.registry import check
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.unignore import unignoring
from workshop.shell import command_line
from workshop.stages import STAGES

_RAW = "data/raw"
_PARTS = (f"{_RAW}/Images", f"{_RAW}/train.csv")
"""What the pipeline reads of it."""
_READ_BY_DVC = (".dvc", "dvc.yaml")


class _Difference(StrEnum):
    """How a file in the folder differs from HEAD, as a sentence goes on."""

    DELETED = "is deleted"
    IGNORED = "is ignored by git"
    CHANGED = "has changed"
    NEW = "is new"


@check("data.tracked", "dvc-file-uncommitted", requires=("init.readable",))
def raw_data_is_tracked(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """A .dvc file tracks the raw data.

    The .dvc file is what git keeps in place of the data: small, and with the data's hash in it.
    """
    if left_out := _left_out(repository, snapshot):
        return _tracked_in_part(repository, left_out)
    if any(stage.cmd is None for stage in snapshot.project.stages):
        return None
    if repository.worktree.content(f"{_RAW}.dvc") and repository.ignores(f"{_RAW}.dvc"):
        raise NotThereYetError("data.committed")
    in_git = _is_in_git(repository)
    commit = fixes.commit([f"{_RAW}.dvc", "data/.gitignore"], "Track the raw data")
    return Finding(
        "dvc-file-uncommitted",
        f"Git has {_RAW} itself, after a git add . perhaps, and DVC refuses to take it then."
        if in_git
        else "No .dvc file is committed: git knows nothing of your raw data.",
        f"{_RAW}.dvc at HEAD",
        "no .dvc file",
        (*_out_of_git(in_git), fixes.command("dvc", "add", _RAW), *commit),
        (Evidence(snapshot.source, f"{_RAW}.dvc"),),
    )


def _left_out(repository: Repository, snapshot: Snapshot) -> list[str]:
    """What the pipeline reads of the raw data and nobody keeps, where DVC or git keeps a part."""
    in_dvc = [out.path for stage in _both_stages(repository, snapshot) for out in stage.outs]
    if any(stages.covers(out, _RAW) for out in in_dvc):
        return []
    kept = [path for path in (*in_dvc, *repository.tracked) if stages.covers(_RAW, path)]
    there = [path for path in _PARTS if (repository.root / path).exists()] if kept else []
    return [path for path in there if not any(stages.covers(path, one) for one in kept)]


def _is_in_git(repository: Repository) -> bool:
    return any(stages.covers(_RAW, path) for path in repository.tracked)


def _out_of_git(is_there: bool) -> list[Step]:
    return [fixes.command("git", "rm", "-r", "--quiet", "--cached", _RAW)] * is_there


def _both_stages(repository: Repository, snapshot: Snapshot) -> list[Stage]:
    """Those of HEAD and those of the folder, for what is not committed yet is there too."""
    return [*snapshot.project.stages, *repository.worktree.project.stages]


def _tracked_in_part(repository: Repository, left_out: list[str]) -> Finding:
    files = {stage.file for stage in repository.worktree.project.stages if stage.cmd is None}
    parts = sorted(file for file in files if stages.covers(_RAW, file))
    commit = fixes.commit([f"{_RAW}.dvc", "data/.gitignore"], "Track all of the raw data")
    return Finding(
        "dvc-file-uncommitted",
        f"A part of {_RAW} is tracked; {fixes.listed(left_out)} is not: a clone lacks it.",
        f"{_RAW}.dvc, which tracks the whole folder",
        f"{fixes.listed(parts) or 'git'} tracks a part of it",
        (
            *(fixes.command("dvc", "remove", file) for file in parts),
            *_out_of_git(_is_in_git(repository)),
            fixes.command("dvc", "add", _RAW),
            *commit,
        ),
        tuple(Evidence("worktree", path) for path in left_out),
    )


@check(
    "data.committed",
    "dvc-file-uncommitted",
    requires=("init.config",),
    committed_only=True,
)
def dvc_files_are_committed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every .dvc file, dvc.yaml and params.yaml is committed as it lies there.

    Others get what is committed. A file that git ignores is never committed at all.
    """
    paths = [
        path
        for path in repository.uncommitted
        if path.endswith(_READ_BY_DVC) or path in repository.params_files
    ]
    paths += [path for path in _ignored(repository) if path not in paths]
    if not paths:
        if not any(path.endswith((".dvc", "dvc.yaml")) for path in repository.committed):
            raise NotThereYetError("data.tracked")
        return None
    stages.wait_until_readable(repository)
    missing.wait_until_restored(repository)
    is_there = not any(_is_out_of_place(repository, path) for path in paths)
    has_to_run = is_there and stages.have_to_run(repository)
    first = _to_mend_first(repository, snapshot, is_there=is_there)
    is_done = False
    if first:
        steps = first.steps
    elif has_to_run:
        steps = _running(repository, paths)
    else:
        steps, is_done = _committing(repository, snapshot, paths)
    return Finding(
        "dvc-file-uncommitted",
        f"{first.rationale} Mend that first; the rest is to be committed then."
        if first
        else _told(repository, paths, has_to_run),
        "the same at HEAD as in your folder",
        "; ".join(f"{path} {_difference(repository, path)}" for path in paths[:4]),
        steps,
        tuple(Evidence("worktree", path, value=_difference(repository, path)) for path in paths),
        awaits_commit=is_done,
    )


def _to_mend_first(repository: Repository, snapshot: Snapshot, *, is_there: bool) -> Finding | None:
    """What lies in the folder and is not to be committed: DVC would stop at it, or a part is."""
    here = repository.worktree
    if left_out := _left_out(repository, snapshot):
        return _tracked_in_part(repository, left_out)
    if not is_there:
        return None
    judged: list[Callable[[], Finding | None]] = [
        lambda: overlap.outs_do_not_overlap(repository, here),
        *(partial(code.declared_params_exist, repository, here, spec) for spec in STAGES),
        lambda: others.params_of_other_stages_exist(repository, here),
    ]
    for judge in judged:
        with contextlib.suppress(NotThereYetError, ProjectError):  # which other checks tell
            if found := judge():
                return found
    return None


def _ignored(repository: Repository) -> list[str]:
    """What is committed and yet out of DVC's sight."""
    own = [path for path in repository.committed if path.endswith(".dvc") or path == "dvc.yaml"]
    try:
        return [path for path in own if repository.ignores(path)]
    except ConfigError:  # what is wrong with the config, its own checks tell
        return []


def _is_out_of_place(repository: Repository, path: str) -> bool:
    return _difference(repository, path) in (_Difference.DELETED, _Difference.IGNORED)


def _told(repository: Repository, paths: list[str], has_to_run: bool) -> str:
    are = "is" if len(paths) == 1 else "are"
    if has_to_run:
        return (
            f"The pipeline has not run on {fixes.listed(paths)}, which {are} not committed as in"
            " your folder: run it, then commit both."
        )
    if all(path in repository.committed and repository.ignores(path) for path in paths):
        return f"{fixes.listed(paths)} {are} ignored by git: DVC refuses to work with it."
    return (
        f"{fixes.listed(paths)} {are} not committed as in your folder: a clone gets another"
        " pipeline than you have."
    )


def _difference(repository: Repository, path: str) -> _Difference:
    if repository.worktree.content(path) is None:
        return _Difference.DELETED
    if repository.ignores(path):
        return _Difference.IGNORED
    return _Difference.CHANGED if path in repository.committed else _Difference.NEW


def _running(repository: Repository, paths: list[str]) -> tuple[Step, ...]:
    """What was changed is run first: what came of it is part of the same commit."""
    beside = [LOCK, *uncached(*repository.worktree.project.stages)]
    commit = fixes.commit(dict.fromkeys([*paths, *beside]), "Change the pipeline and run it")
    return fixes.command("dvc", "repro"), *commit


def _committing(
    repository: Repository, snapshot: Snapshot, paths: list[str]
) -> tuple[tuple[Step, ...], bool]:
    """The steps to a commit of ``paths``, and whether nothing has to be mended before it."""
    deleted = [path for path in paths if _difference(repository, path) is _Difference.DELETED]
    there = [path for path in paths if path not in deleted]
    replaced = [path for path in deleted if _is_replaced(repository, snapshot, path)]
    lost = [path for path in deleted if path not in replaced]
    steps: list[Step] = [fixes.command("git", "checkout", "HEAD", "--", *lost)] if lost else []
    if replaced:  # what is staged as deleted already is no error
        steps.append(fixes.command("git", "rm", "--cached", "--ignore-unmatch", "--", *replaced))
        steps += [
            fixes.command("git", "add", path) for path in _edited_gitignores(repository, replaced)
        ]
        if not there:
            steps.append(fixes.commit_staged("Leave the data to its other .dvc file"))
    edits: list[Step] = []
    if there:
        edits, edited = unignoring(repository, filter(repository.ignores, there))
        message = "Commit what describes the pipeline"
        if edits:
            steps += [*edits, *fixes.commit([*edited, *there], message, force=True)]
        else:
            steps += stages.committing(repository, there, message)
    return tuple(steps), not lost and (bool(replaced) or not edits)


def _edited_gitignores(repository: Repository, paths: list[str]) -> list[str]:
    """The .gitignore beside each path that lost its line by dvc remove, and is not committed."""
    beside = dict.fromkeys("/".join([*path.split("/")[:-1], ".gitignore"]) for path in paths)
    changed = (path for path in beside if path in repository.uncommitted)
    return [path for path in changed if repository.worktree.content(path) is not None]


def _is_replaced(repository: Repository, snapshot: Snapshot, path: str) -> bool:
    """Whether another .dvc file in the folder tracks what a deleted one did, or a part of it."""
    try:
        there = [one for one in repository.worktree.project.stages if one.cmd is None]
    except ConfigError:  # what is wrong with the config, its own checks tell
        return False
    gone = [out.path for one in snapshot.project.stages if one.file == path for out in one.outs]
    return any(
        stages.covers(was, out.path) or stages.covers(out.path, was)
        for one in there
        if one.file != path and one.file.endswith(".dvc")
        for out in one.outs
        for was in gone
    )


@check(
    "data.in_place",
    "out-missing",
    "lock-stale",
    requires=("data.tracked", "data.not_hidden", "data.no_overlap"),
    committed_only=True,
)
def raw_data_is_as_recorded(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The raw data lies there as its .dvc file records it.

    Data that changed after dvc add is new data: DVC has to be told, or nobody else gets it.
    """
    beside = uncached(*snapshot.project.stages)
    for state in repository.state.stages:
        if state.stage.cmd is not None:
            continue
        if state.state == "missing":
            return _not_in_place(state.stage, state.stage.outs[0].path, "deleted", beside)
        for reason in state.reasons:
            if reason.kind == "out" and reason.change == "modified":
                return _not_in_place(state.stage, reason.path, "modified", beside)
    return None


def _not_in_place(stage: Stage, path: str, change: str, beside: Iterable[str]) -> Finding:
    evidence = (Evidence("worktree", path, value=change), Evidence("HEAD", stage.file))
    if change == "deleted":
        return Finding(
            "out-missing",
            f"{path} is not in your folder, though {stage.file} tracks it: no stage can read it.",
            f"{path} in your folder",
            "it is absent",
            (fixes.command("dvc", "pull", stage.file),),
            evidence,
        )
    return Finding(
        "lock-stale",
        f"{path} changed after dvc add: {stage.file} still records the data that was.",
        "the data that the .dvc file records",
        "other data",
        (
            fixes.command("dvc", "diff"),  # which of the two it is, is seen there
            fixes.note(
                f"by accident? {command_line(('dvc', 'checkout', '--force', stage.file))} brings"
                f" back what {stage.file} records, and nothing below is to be typed"
            ),
            fixes.command("dvc", "add", path),
            fixes.command("dvc", "repro"),
            *fixes.commit([stage.file, "dvc.lock", *beside], "Take up the new data"),
        ),
        evidence,
    )
