"""The grader's report of the repository, made again only when something has changed."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from service.protocol import as_json
from service.repository.project_watch import ProjectWatch
from service.repository.repository_state import RepositoryState, repository_state

if TYPE_CHECKING:
    from grader.engine.report import Report
    from grader.facts.snapshot_cache import SnapshotCache

REUSED_S = 1.0
"""How long a report is reused where no watcher reports changes; one of a remote never longer."""


@dataclass
class _CachedReport:
    """A report, the state that it is of, and when it was made; its JSON once somebody wants it."""

    state: RepositoryState
    made_at: float
    report: "Report"
    document: bytes | None = None


class ReportCache:
    """Reports on the repository ``repo_dir``, which ``project`` watches; for any thread."""

    def __init__(self, repo_dir: Path, project: ProjectWatch) -> None:
        self._repo_dir = repo_dir
        self._project = project
        self._locks = {False: threading.Lock(), True: threading.Lock()}
        self._reports: dict[bool, _CachedReport] = {}
        self._snapshots: SnapshotCache | None = None

    def document(self, *, remote: bool) -> bytes:
        """The report as JSON; with ``remote``, the remote is asked for each object."""
        from grader.output import report_json

        with self._locks[remote]:
            cached = self._latest(remote)
            if cached.document is None:
                cached.document = as_json(report_json.document(cached.report))
            return cached.document

    def report(self, *, remote: bool = False) -> "Report":
        """The report itself."""
        with self._locks[remote]:
            return self._latest(remote).report

    def close(self) -> None:
        """End what stays between two reports."""
        if self._snapshots is not None:
            self._snapshots.close()

    def _latest(self, remote: bool) -> _CachedReport:
        """Called by the holder of the lock: of many requests at once, one runs the grader."""
        state = repository_state(self._repo_dir, self._project)
        cached = self._reports.get(remote)
        if cached is None or not self._is_current(cached, state, remote):
            report = self._grade(remote)
            cached = self._reports[remote] = _CachedReport(state, time.monotonic(), report)
        return cached

    def _grade(self, remote: bool) -> "Report":
        # Imported here: 0.2 s, for the first request of a report alone.
        from grader import grading
        from grader.facts.snapshot_cache import SnapshotCache

        if remote:  # may take seconds, and shares nothing with a report that is made meanwhile
            return grading.grade(self._repo_dir)
        if self._snapshots is None:
            self._snapshots = SnapshotCache()
        return grading.grade(self._repo_dir, offline=True, cache=self._snapshots)

    def _is_current(self, cached: _CachedReport, state: RepositoryState, remote: bool) -> bool:
        if cached.state != state:
            return False
        is_watched = state.is_watched and not remote
        return is_watched or time.monotonic() - cached.made_at < REUSED_S
