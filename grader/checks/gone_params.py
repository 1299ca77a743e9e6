"""A file of params that is neither at HEAD nor in the folder."""

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Finding
from grader.fixes.git_files import bring_back
from grader.stages.lookup import stage_evidence
from grader.step import Step


def gone_file_finding(repository: Repository, snapshot: Snapshot, stage: Stage) -> Finding | None:
    """The finding on a file that ``stage`` declares params of, and that is nowhere."""
    path = next((file.path for file in stage.params if _is_gone(repository, file.path)), None)
    if path is None:
        return None
    return Finding(
        "param-unknown",
        f"{stage.name} declares params of {path}, which is neither committed nor in your folder:"
        " dvc repro stops there.",
        f"{path} in git",
        "absent",
        _bring_back(repository, path),
        (stage_evidence(snapshot, stage, "params:", value=path),),
    )


def _is_gone(repository: Repository, path: str) -> bool:
    return repository.worktree.content(path) is None and path not in repository.committed_files


def _bring_back(repository: Repository, path: str) -> tuple[Step, ...]:
    note = fixes.note(f"write {path}: dvc.lock has the values of the last run")
    return bring_back(repository, path) or (note,)
