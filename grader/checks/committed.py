"""Lesson ``data``: what describes the pipeline is committed as it is in the folder."""

import contextlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial

from dvcstate import ProjectError
from dvcstate.errors import ConfigError
from dvcstate.model import Out
from grader import fixes
from grader.checks import in_place, others, overlap, undeclared, whole_data
from grader.checks.data import partly_tracked_finding, parts_left_out
from grader.checks.moved_data import moved_data_finding
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.git_files import commit_unstaged, unignore
from grader.stages.lookup import LOCK
from grader.stages.paths import gitignore_beside, paths_overlap
from grader.stages.recorded_data import RAW, are_cached, records_other_data
from grader.stages.run_state import has_to_run, require_finished_work
from grader.stages.storage import uncached_outs
from grader.step import Step
from workshop.shell import command_line
from workshop.stages import STAGES

_READ_BY_DVC = (".dvc", "dvc.yaml")
"""How the names of DVC's files end; ``lock.committed`` reports dvc.lock."""


class _Difference(StrEnum):
    """How a file in the folder differs from HEAD, as a sentence goes on."""

    DELETED = "is deleted"
    IGNORED = "is ignored by git"
    CHANGED = "has changed"
    NEW = "is new"


@check("data.committed", "dvc-file-uncommitted", requires=("init.config",), committed_only=True)
def dvc_files_are_committed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every .dvc file, dvc.yaml and params.yaml is committed as it is in the worktree.

    Others get what is committed. A file that git ignores is never committed at all.
    """
    if snapshot.revision == "HEAD" and repository.lost_vars_files:
        return _lost_vars_finding(repository, repository.lost_vars_files)
    paths = [
        path
        for path in repository.uncommitted_files
        if path.endswith(_READ_BY_DVC) or path in repository.params_files
    ]
    paths += [path for path in _ignored_finding(repository) if path not in paths]
    if not paths:
        if not any(path.endswith((".dvc", "dvc.yaml")) for path in repository.committed_files):
            raise BlockedError("data.tracked")
        return None
    require_finished_work(repository)
    differences = {path: _difference(repository, path) for path in paths}
    is_there = not {_Difference.DELETED, _Difference.IGNORED}.intersection(differences.values())
    has_run = not (is_there and has_to_run(repository))
    first = _find_first(repository, snapshot, paths, is_there=is_there)
    is_done = False
    if first:
        steps = first.steps
    elif not has_run:
        steps = _run_first(repository, paths)
    else:
        steps, is_done = _commit(repository, snapshot, differences)
    new_data = {} if first else _new_data(repository, snapshot, differences)
    if new_data:
        steps = (*_ways_back(repository, new_data), *steps)
    return Finding(
        "dvc-file-uncommitted",
        f"{first.rationale} Mend that first; the rest is to be committed then."
        if first
        else _rationale(repository, paths, has_run) + _rationale_of_data(new_data),
        "the same at HEAD as in your folder",
        "; ".join(f"{path} {difference}" for path, difference in [*differences.items()][:4]),
        steps,
        tuple(Evidence("worktree", path, value=how) for path, how in differences.items()),
        awaits_commit=is_done,
    )


def _lost_vars_finding(repository: Repository, paths: list[str]) -> Finding:
    """The finding on files that ``vars`` names and HEAD lacks: nobody else can read dvc.yaml."""
    edits, edited = unignore(repository, filter(repository.ignores, paths))
    message = "Commit what describes the pipeline"
    commit = (
        fixes.commit([*edited, *paths], message, force=True)
        if edits
        else commit_unstaged(repository, paths, message)
    )
    return Finding(
        "dvc-file-uncommitted",
        f"dvc.yaml reads {fixes.join(paths)} for its vars, and the last commit does not have it:"
        " every dvc command stops in a clone.",
        f"{fixes.join(paths)} at HEAD",
        "; ".join(f"{path} {_difference(repository, path)}" for path in paths[:4]),
        (*edits, *commit),
        tuple(Evidence("worktree", path, value="not at HEAD") for path in paths),
        awaits_commit=not edits,
    )


def _new_data(
    repository: Repository, snapshot: Snapshot, differences: Mapping[str, _Difference]
) -> dict[str, Out]:
    """The outs that .dvc files have with other data than at HEAD, as HEAD has them, by the file.

    dvc repro records changed data without a word, as dvc add does.
    """
    changed = [
        path
        for path, how in differences.items()
        if how is _Difference.CHANGED and not records_other_data(repository, snapshot, path)
    ]
    here = repository.worktree.project.stages if changed else ()
    md5s = {out.path: out.recorded.md5 for s in here if s.file in changed for out in s.outs}
    committed = snapshot.project.stages if md5s else ()
    return {
        stage.file: out
        for stage in committed
        if stage.cmd is None and stage.file in changed
        for out in stage.outs
        if out.recorded.md5 and out.recorded.md5 != md5s.get(out.path, out.recorded.md5)
    }


def _rationale_of_data(new_data: Mapping[str, Out]) -> str:
    outs = fixes.join(out.path for out in new_data.values())
    return f" {outs} is other data than that of the last commit." if new_data else ""


def _ways_back(repository: Repository, new_data: Mapping[str, Out]) -> tuple[Step, ...]:
    """What shows the difference, and how the committed data comes back; the new stays cached."""
    written = [LOCK, *uncached_outs(*repository.worktree.project.stages)]
    changed = [path for path in written if path in repository.uncommitted_files]
    checkout = command_line(("git", "checkout", "HEAD", "--", *new_data, *changed))
    md5s = [out.recorded.md5 or "" for out in new_data.values()]
    back = command_line(("dvc", "checkout" if are_cached(repository, md5s) else "pull", "--force"))
    return (
        fixes.command("dvc", "diff"),
        fixes.note(
            f"by accident? {checkout} and then {back} bring back the data of the last commit, and"
            " nothing below is to be typed"
        ),
    )


def _find_first(
    repository: Repository, snapshot: Snapshot, paths: list[str], *, is_there: bool
) -> Finding | None:
    """What is in the folder and not to be committed: DVC would stop at it, or a part is absent."""
    here = repository.worktree
    if left_out := parts_left_out(repository, snapshot):
        return partly_tracked_finding(repository, left_out)
    if removal := overlap.removal_to_finish(repository):
        return removal
    if moved := moved_data_finding(repository):
        return moved
    if not is_there:
        return None
    # In the order in which DVC stops: it refuses outs that overlap before it looks at any param.
    judged: list[Callable[[], Finding | None]] = [
        lambda: overlap.outs_do_not_overlap(repository, here),
        lambda: in_place.misread_path_finding(repository, here),
        lambda: _partial_data(repository, paths),
        *(partial(undeclared.declared_params_exist, repository, here, spec) for spec in STAGES),
        lambda: others.params_and_deps_of_other_stages_exist(repository, here),
    ]
    for judge in judged:
        with contextlib.suppress(BlockedError, ProjectError):  # which other checks report
            if finding := judge():
                return finding
    return None


def _partial_data(repository: Repository, paths: list[str]) -> Finding | None:
    """The finding on raw data that lost most of its posters, where that is to be committed."""
    return whole_data.partial_data_finding(repository) if f"{RAW}.dvc" in paths else None


def _ignored_finding(repository: Repository) -> list[str]:
    """What is committed and yet out of DVC's sight."""
    committed = repository.committed_files
    own = [path for path in committed if path.endswith(".dvc") or path == "dvc.yaml"]
    try:
        return [path for path in own if repository.ignores(path)]
    except ConfigError:  # what is wrong with the config, its own checks report
        return []


def _rationale(repository: Repository, paths: list[str], has_run: bool) -> str:
    these, are = fixes.join(paths), "is" if len(paths) == 1 else "are"
    if not has_run:
        return (
            f"The pipeline has not run on {these}, which {are} not committed as in your folder:"
            " run it, then commit both."
        )
    if all(path in repository.committed_files and repository.ignores(path) for path in paths):
        return f"{these} {are} ignored by git: DVC refuses to work with it."
    if all(repository.worktree.content(path) is None for path in paths):
        return (
            f"{these} {are} committed, and gone from your folder: here DVC does not know what"
            f" {'it names' if len(paths) == 1 else 'they name'}."
        )
    return (
        f"{these} {are} not committed as in your folder: a clone gets another pipeline than you"
        " have."
    )


def _difference(repository: Repository, path: str) -> _Difference:
    if repository.worktree.content(path) is None:
        return _Difference.DELETED
    if repository.ignores(path):
        return _Difference.IGNORED
    return _Difference.CHANGED if path in repository.committed_files else _Difference.NEW


def _run_first(repository: Repository, paths: list[str]) -> tuple[Step, ...]:
    """What was changed is run first: what came of it is part of the same commit."""
    beside = [LOCK, *uncached_outs(*repository.worktree.project.stages)]
    commit = fixes.commit(dict.fromkeys([*paths, *beside]), "Change the pipeline and run it")
    return fixes.command("dvc", "repro"), *commit


def _commit(
    repository: Repository, snapshot: Snapshot, differences: Mapping[str, _Difference]
) -> tuple[tuple[Step, ...], bool]:
    """The steps to a commit of what differs, and whether nothing has to be mended before it."""
    deleted = [
        path
        for path, how in differences.items()
        if how is _Difference.DELETED or records_other_data(repository, snapshot, path)
    ]
    there = [path for path in differences if path not in deleted]
    replaced = [path for path in deleted if _is_replaced(repository, snapshot, path)]
    lost = [path for path in deleted if path not in replaced]
    steps: list[Step] = [fixes.command("git", "checkout", "HEAD", "--", *lost)] if lost else []
    if replaced:  # what is staged as deleted already is no error
        steps.append(fixes.command("git", "rm", "--cached", "--ignore-unmatch", "--", *replaced))
        # dvc remove takes the line of the data out of the .gitignore beside it.
        beside = dict.fromkeys(map(gitignore_beside, replaced))
        edited = [path for path in beside if path in repository.uncommitted_files]
        edited = [path for path in edited if repository.worktree.content(path) is not None]
        steps += [fixes.command("git", "add", path) for path in edited]
        if not there:
            steps.append(fixes.commit_staged("Leave the data to its other .dvc file"))
    edits: list[Step] = []
    if there:
        edits, edited = unignore(repository, filter(repository.ignores, there))
        message = "Commit what describes the pipeline"
        if edits:
            steps += [*edits, *fixes.commit([*edited, *there], message, force=True)]
        else:
            steps += commit_unstaged(repository, [*there, *_record_of_run(repository)], message)
    return tuple(steps), not lost and (bool(replaced) or not edits)


def _record_of_run(repository: Repository) -> list[str]:
    """The lock and the outs of a run that git keeps, where they wait for the same commit."""
    if LOCK not in repository.uncommitted_files or repository.ignores(LOCK):
        return []
    outs = uncached_outs(*repository.worktree.project.stages)
    here = [LOCK, *(out for out in outs if not repository.ignores(out))]
    return [path for path in here if (repository.root / path).is_file()]


def _is_replaced(repository: Repository, snapshot: Snapshot, path: str) -> bool:
    """Whether another .dvc file in the folder tracks what a deleted one did, or a part of it."""
    try:
        stages = repository.worktree.project.stages
    except ConfigError:  # what is wrong with the config, its own checks report
        return False
    there = [stage for stage in stages if stage.cmd is None and stage.file.endswith(".dvc")]
    known = [stage for stage in snapshot.project.stages if stage.file == path]
    gone = [out.path for stage in known for out in stage.outs]
    return any(
        paths_overlap(was, out.path)
        for stage in there
        if stage.file != path
        for out in stage.outs
        for was in gone
    )
