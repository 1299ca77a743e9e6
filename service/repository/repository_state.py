"""When two looks at a repository are sure to give the same: nothing was reported in between."""

from pathlib import Path
from typing import NamedTuple

from service.repository.file_stamp import Stamp, stamp
from service.repository.project_watch import ProjectWatch

_GIT_FILES = ("HEAD", "index", "logs/HEAD", "packed-refs", "config")


class RepositoryState(NamedTuple):
    """What a report depends on; says nothing where ``is_watched`` is False."""

    version: int
    is_watched: bool
    git_files: tuple[Stamp | None, ...]
    """The watcher leaves out what git does inside of .git."""


def repository_state(repo_dir: Path, project: ProjectWatch) -> RepositoryState:
    """The state of the repository at this moment."""
    git_dir = next(
        (path / ".git" for path in (repo_dir, *repo_dir.parents) if (path / ".git").exists()),
        repo_dir / ".git",
    )
    stamps = tuple(stamp(git_dir / name) for name in _GIT_FILES)
    live = project.live()
    # In a git worktree .git is a file, and no stamp exists: nobody reports a commit there.
    return RepositoryState(live.version, live.watching and git_dir.is_dir(), stamps)
