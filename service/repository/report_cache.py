"""The grader's report of the repository, made anew only when something has changed."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from service.app import late
from service.app.json_answer import as_json
from service.inference.file_stamp import Stamp, stamp
from service.repository.project import Project

REUSED_S = 1.0
"""How long a report stands where no watcher tells of changes, and one of a remote at any time."""
_OF_GIT = ("HEAD", "index", "logs/HEAD", "packed-refs", "config")

State = tuple[int, bool, tuple[Stamp | None, ...]]


@dataclass(frozen=True)
class _Known:
    """A report, of which state it is, and when it was done."""

    state: State
    made: float
    document: bytes


class Grades:
    """Reports on the repository ``repo_dir``, which ``project`` watches; for any thread."""

    def __init__(self, repo_dir: Path, project: Project) -> None:
        self._repo_dir = repo_dir
        self._project = project
        self._locks = {False: threading.Lock(), True: threading.Lock()}
        self._known: dict[bool, _Known] = {}

    def report(self, *, remote: bool) -> bytes:
        """The report as JSON; with ``remote``, the remote is asked for each object."""
        with self._locks[remote]:  # of many who ask at once, one waits for the grader
            state = self._state()
            known = self._known.get(remote)
            if known is None or not self._stands(known, state, remote):
                document = as_json(late.grade(self._repo_dir, remote=remote))
                known = self._known[remote] = _Known(state, time.monotonic(), document)
            return known.document

    def _stands(self, known: _Known, state: State, remote: bool) -> bool:
        if known.state != state:
            return False
        is_watched = state[1] and not remote
        return is_watched or time.monotonic() - known.made < REUSED_S

    def _state(self) -> State:
        """What a report depends on; the watcher leaves out what git does inside of .git."""
        git_dir = next(
            (path / ".git" for path in (self._repo_dir, *self._repo_dir.parents)
             if (path / ".git").exists()),
            self._repo_dir / ".git",
        )  # fmt: skip
        stamps = tuple(stamp(git_dir / name) for name in _OF_GIT)
        live = self._project.live()
        return live.version, live.watching and git_dir.is_dir(), stamps
