"""Deps that differ from what the lock records by the ends of their lines, and by nothing else."""

from dvcstate import Stage
from dvcstate.dvcignore import DvcIgnore
from dvcstate.model import Dep
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.stages.storage import files_at_head, md5s_by_line_ends

_LARGEST = 2**20
"""A larger file is no code: in bytes."""


def files_of(repository: Repository, dep: Dep) -> list[str]:
    """The files that DVC hashes of a dep in the folder."""
    if (repository.root / dep.path).is_file():
        return [dep.path]
    ignore = DvcIgnore(str(repository.root))
    return [
        path
        for path in repository.files_in(dep.path)
        if not ignore.ignores(str(repository.root / path), False) and "__pycache__" not in path
    ]


def recorded_line_ends(repository: Repository, dep: Dep) -> str | None:
    """``LF`` or ``CRLF``: the line ends with which ``dep`` is as recorded, where it is not now."""
    contents: dict[str, bytes] = {}
    for path in files_of(repository, dep):
        place = repository.root / path
        if not place.is_file() or place.stat().st_size > _LARGEST:
            return None
        contents[path] = place.read_bytes()
    if not any(b"\n" in content for content in contents.values()):
        return None
    now, plain, windows = md5s_by_line_ends(repository, dep, contents)
    if dep.recorded.md5 == now:
        return None
    return {plain: "LF", windows: "CRLF"}.get(dep.recorded.md5 or "")


def _has_crlf(snapshot: Snapshot, path: str) -> bool:
    # Of the files that all stages share, each asks.
    return snapshot.recall(lambda: b"\r\n" in (snapshot.content(path) or b""), "has CRLF", path)


def files_of_git_with_lf(repository: Repository, stage: Stage) -> list[str]:
    """The files among the deps of ``stage`` with CRLF in the folder, and LF at HEAD.

    Git turned them as it took them in, and says that nothing changed: a clone has other bytes.
    """
    paths = [path for dep in stage.deps for path in files_at_head(repository, dep.path)]
    return [
        path
        for path in paths
        if _has_crlf(repository.worktree, path)
        and (head := repository.head.content(path))
        and b"\r\n" not in head
    ]


def files_with_crlf(repository: Repository, stages: list[Stage]) -> list[str]:
    """The files of git among the deps of ``stages`` that have the line ends of Windows."""
    tracked = set(repository.tracked_files)
    paths = {path for stage in stages for dep in stage.deps for path in files_of(repository, dep)}
    return sorted(
        path
        for path in paths & tracked
        if b"\r\n" in (content := repository.worktree.content(path) or b"") and b"\0" not in content
    )
