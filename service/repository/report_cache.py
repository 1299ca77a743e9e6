"""The grader's report of the repository, made again only when something has changed."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from service.protocol import as_json
from service.repository.file_stamp import Stamp, stamp
from service.repository.project_watch import ProjectWatch

REUSED_S = 1.0
"""How long a report is reused where no watcher reports changes; one of a remote never longer."""
_GIT_FILES = ("HEAD", "index", "logs/HEAD", "packed-refs", "config")


class _RepositoryState(NamedTuple):
    """What a report depends on."""

    version: int
    is_watched: bool
    git_files: tuple[Stamp | None, ...]
    """The watcher leaves out what git does inside of .git."""


@dataclass(frozen=True)
class _CachedReport:
    """A report, the state that it is of, and when it was made."""

    state: _RepositoryState
    made_at: float
    document: bytes


class ReportCache:
    """Reports on the repository ``repo_dir``, which ``project`` watches; for any thread."""

    def __init__(self, repo_dir: Path, project: ProjectWatch) -> None:
        self._repo_dir = repo_dir
        self._project = project
        self._locks = {False: threading.Lock(), True: threading.Lock()}
        self._reports: dict[bool, _CachedReport] = {}

    def report(self, *, remote: bool) -> bytes:
        """The report as JSON; with ``remote``, the remote is asked for each object."""
        with self._locks[remote]:  # of many requests at once, one runs the grader
            state = self._state()
            cached = self._reports.get(remote)
            if cached is None or not self._is_current(cached, state, remote):
                document = as_json(self._grade(remote))
                cached = self._reports[remote] = _CachedReport(state, time.monotonic(), document)
            return cached.document

    def _grade(self, remote: bool) -> dict[str, object]:
        # Imported here: 0.2 s, for the first request of a report alone.
        from grader import grading
        from grader.output import report_json

        return report_json.document(grading.grade(self._repo_dir, offline=not remote))

    def _is_current(self, cached: _CachedReport, state: _RepositoryState, remote: bool) -> bool:
        if cached.state != state:
            return False
        is_watched = state.is_watched and not remote
        return is_watched or time.monotonic() - cached.made_at < REUSED_S

    def _state(self) -> _RepositoryState:
        git_dir = next(
            (path / ".git" for path in (self._repo_dir, *self._repo_dir.parents)
             if (path / ".git").exists()),
            self._repo_dir / ".git",
        )  # fmt: skip
        stamps = tuple(stamp(git_dir / name) for name in _GIT_FILES)
        live = self._project.live()
        # In a git worktree .git is a file and no stamp exists: a report stands for REUSED_S there.
        return _RepositoryState(live.version, live.watching and git_dir.is_dir(), stamps)
