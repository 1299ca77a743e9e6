"""Lesson ``data``: the data that .dvc files record is in its place."""

from collections.abc import Iterable

from dvcstate import Stage
from dvcstate.model import Out
from grader import fixes
from grader.checks.forgotten_checkout import forgotten_checkout_finding
from grader.checks.moved_data import moved_data_finding
from grader.checks.whole_data import data_fault, fewer_files_finding, partial_data_finding
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.added_data import restore_added
from grader.stages.lookup import LOCK
from grader.stages.paths import covers
from grader.stages.recorded_data import RAW, are_cached, misread_outs
from grader.stages.run_state import out_reasons
from grader.stages.storage import uncached_outs
from grader.step import Command
from workshop.shell import command_line


@check(
    "data.in_place",
    "out-missing",
    "lock-stale",
    "out-wrong",
    requires=("data.tracked", "data.not_hidden", "data.no_overlap"),
    committed_only=True,
)
def raw_data_is_as_recorded(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The raw data is what its .dvc file records, and there is enough of it.

    Data that changed after dvc add is new data: DVC has to be told, or nobody else gets it.
    """
    if finding := misread_path_finding(repository, snapshot):
        return finding
    if finding := moved_data_finding(repository):
        return finding
    if finding := forgotten_checkout_finding(repository, "data.in_place"):
        return finding
    beside = uncached_outs(*snapshot.project.stages)
    for state in repository.state.stages:
        if state.stage.cmd is not None:
            continue
        if state.state == "missing":
            return _absent(repository, state.stage, state.stage.outs[0])
        for reason in out_reasons(repository, state):
            if reason.change == "modified":
                fault = data_fault(repository)
                if fault and covers(reason.path, RAW):
                    return _incomplete_finding(repository, state.stage, fault)
                return _modified_finding(repository, state.stage, reason.path, beside)
    return partial_data_finding(repository) or fewer_files_finding(repository, snapshot)


def misread_path_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a .dvc file with a path from the root: it tracks another folder."""
    for stage, out, meant in misread_outs(repository, snapshot.project):
        folder = stage.file.rpartition("/")[0]
        right = meant[len(folder) + 1 :]
        here = repository.worktree if repository.worktree.text(stage.file) else snapshot
        line = here.line(stage.file, f"path: {meant}")
        text = f"write  path: {right}  in place of  path: {meant}"
        # Where HEAD is right, the edit leaves nothing to commit.
        is_committed = repository.head.line(stage.file, f"path: {meant}") is not None
        commit = fixes.commit([stage.file], f"Track {meant}") if is_committed else ()
        return Finding(
            "out-missing",
            f"{stage.file} tracks {out.path}, and not {meant}: DVC reads the path in a .dvc file"
            " from the folder of that file.",
            f"path: {right} in {stage.file}",
            f"path: {meant}",
            (fixes.change(stage.file, text, line=line), *commit),
            (Evidence(snapshot.revision, stage.file, line, f"path: {meant}"),),
        )
    return None


def _absent(repository: Repository, stage: Stage, out: Out) -> Finding:
    return Finding(
        "out-missing",
        f"{out.path} is not in your folder, though {stage.file} tracks it: no stage can read it.",
        f"{out.path} in your folder",
        "it is absent",
        # dvc pull asks for a remote, which the first lessons do not have yet.
        restore_added(repository, stage),
        (Evidence("worktree", out.path, value="deleted"), Evidence("HEAD", stage.file)),
    )


def _incomplete_finding(repository: Repository, stage: Stage, fault: str) -> Finding:
    """The finding on raw data that lost what the pipeline cannot do without."""
    return Finding(
        "lock-stale",
        f"{RAW} {fault}: preprocess cannot run on that.",
        f"the data that {stage.file} records",
        fault,
        restore_added(repository, stage, "--force"),
        (Evidence("worktree", RAW, value=fault),),
    )


def _modified_finding(
    repository: Repository, stage: Stage, path: str, beside: Iterable[str]
) -> Finding:
    md5 = next((out.recorded.md5 for out in stage.outs if out.path == path), None) or ""
    is_cached = bool(md5) and are_cached(repository, [md5])
    # Where the cache has lost it, only the remote may have what was recorded.
    first, *more = restore_added(repository, stage, "--force")
    is_command = isinstance(first, Command) and not more
    words = command_line(first.words) if isinstance(first, Command) else ""
    back = f"{words} brings back what {stage.file} records, and nothing below is to be typed"
    evidence = Evidence("worktree", path, value="modified"), Evidence("HEAD", stage.file)
    if not is_cached and _is_as_last_run(repository, path):
        what = (
            f"records other data than {path} is, and the cache has none of that hash"
            if md5
            else f"has no hash of {path}, and DVC finds no data by it"
        )
        return Finding(
            "lock-stale",
            f"{stage.file} {what}; {path} is what the last run read.",
            f"the hash of {path} in {stage.file}",
            "the hash of other data" if md5 else "no hash",
            (
                *[fixes.note(f"the data of a colleague? {back}")] * (bool(md5) and is_command),
                fixes.command("dvc", "add", path),
                *fixes.commit([stage.file], f"Track {path} as it is"),
            ),
            evidence,
        )
    return Finding(
        "lock-stale",
        f"{path} changed after dvc add: {stage.file} still records the data that was.",
        "the data that the .dvc file records",
        "other data",
        (
            fixes.command("dvc", "diff"),  # which of the two it is, is seen there
            *[fixes.note(f"by accident? {back}")] * is_command,
            fixes.command("dvc", "add", path),
            fixes.command("dvc", "repro"),
            *fixes.commit([stage.file, LOCK, *beside], "Take up the new data"),
        ),
        evidence,
    )


def _is_as_last_run(repository: Repository, path: str) -> bool:
    """Whether dvc.lock records of ``path``, as a dep, what is in the folder."""
    md5 = repository.md5_of(repository.root / path)
    stages = repository.worktree.project.stages
    recorded = [dep.recorded.md5 for stage in stages for dep in stage.deps if dep.path == path]
    return bool(recorded) and {*recorded} == {md5}
