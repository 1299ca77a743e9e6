"""The state of a project for a program that stays, computed anew only where a watcher saw a change.

Four things keep it right. After a change that the watcher reports, what it concerns is read again,
and no more. A watcher that is not there (yet, or any more) or that reports a flood, in which the
kernel may have lost events, leads to a rescan: everything is read again. And a rescan every half
minute finds what nobody reports: changes behind links, or on a network file system.
"""

import json
import logging
import math
import os
import threading
import time
from pathlib import Path

from dvcstate import file_watch, state_json
from dvcstate.errors import ProjectError
from dvcstate.file_watch import Watch
from dvcstate.hashes.changed_paths import AllPaths, ChangedPaths
from dvcstate.model import ProjectState
from dvcstate.workspace import Workspace

Outcome = ProjectState | ProjectError

# A caller does not wait longer; the refresh goes on, and its outcome is there the next time.
PATIENCE_S = 20.0
# So that what nobody reports is found within 30 s.
RESCAN_S = 25.0
# So many changes at once may have been more: inotify's queue holds 16,384 events.
FLOOD = 1000

_RESTART_S = 2.0
# Condition.wait raises an OverflowError for the infinite patience of the background.
_MAX_WAIT_S = 1e6
# The least time between two refreshes in the background; else ten times what the last one took.
_PAUSE_S = 0.2

_log = logging.getLogger(__name__)


class LiveProject:
    """The project whose root is ``root``, watched from ``open`` to ``close``; it may come and go.

    ``state`` costs next to nothing while nothing changes. ``version`` grows when something may have
    changed, and ``wait`` sleeps until it does. ``watching``: changes are reported at this moment.
    """

    def __init__(
        self, root: Path, *, watch: Watch | None = None, rescan_s: float = RESCAN_S
    ) -> None:
        self.workspace = Workspace(root)
        self._watch = watch or file_watch.watchfiles_watch
        self._rescan_s = rescan_s
        self._news = threading.Condition()
        self._changed: set[str] = set()
        self._needs_rescan = True
        self.watching = False
        self.version = 0
        self._outcome: Outcome | None = None
        self._running: _Refresh | None = None
        self._json: tuple[ProjectState, bytes] | None = None
        self._cache_dir: Path | None = None
        self._wanted = threading.Event()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def open(self) -> "LiveProject":
        """Begin to watch."""
        for target in (self._follow_watcher, self._refresh_in_background):
            thread = threading.Thread(target=target, name=f"live-{target.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._wanted.set()
        with self._news:
            self._news.notify_all()
        for thread in self._threads:
            thread.join(5)  # a watcher that hangs does not keep the program

    def __enter__(self) -> "LiveProject":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self, version: int, timeout: float) -> int:
        """The version as soon as it is not ``version`` any more, or after ``timeout`` seconds."""
        with self._news:
            self._news.wait_for(lambda: self.version != version or self._stop.is_set(), timeout)
            return self.version

    def state(self) -> ProjectState:
        """The state of every stage, or the ProjectError that says why there is none."""
        outcome = self._outcome
        if outcome is None or self._is_old():
            outcome = self._refresh()
        if isinstance(outcome, ProjectError):
            raise outcome.with_traceback(None)  # each raise would add to the last one's
        return outcome

    def latest(self) -> Outcome | None:
        """The outcome of the last refresh, at once; None before the first.

        Where something may have changed since, a refresh begins in the background.
        """
        if self._outcome is None or self._is_old():
            self._wanted.set()
        return self._outcome

    def json(self) -> bytes:
        """What ``GET /pipeline`` answers, written once for each state; raises as ``state`` does.

        Half a surrogate pair, of a name that is no UTF-8, stays an escape.
        """
        state = self.state()
        written = self._json
        if written is None or written[0] is not state:
            text = json.dumps(state_json.as_json(state), ensure_ascii=False)
            written = self._json = (state, text.encode("utf-8", "backslashreplace"))
        return written[1]

    def _is_old(self) -> bool:
        return self._needs_rescan or bool(self._changed) or not self.watching

    def _refresh(self, rescan: bool = False, patience: float | None = None) -> Outcome:
        """The outcome of a refresh that begins now: one that runs may have missed a change."""
        end = time.monotonic() + (PATIENCE_S if patience is None else patience)
        while True:
            with self._news:
                running = self._running
                if running is None:
                    if self._outcome is not None and not self._is_old() and not rescan:
                        return self._outcome  # another thread has just refreshed it
                    own = self._running = self._start_refresh(rescan)
            refresh = running or own
            self._wait_for(refresh, end)
            if running is None:
                if refresh.failure is not None:
                    raise refresh.failure
                return refresh.outcome

    def _wait_for(self, refresh: "_Refresh", end: float) -> None:
        with self._news:
            self._news.wait_for(
                lambda: refresh.done or self._stop.is_set(),
                min(end - time.monotonic(), _MAX_WAIT_S),
            )
        if refresh.done:
            return
        if self._stop.is_set():
            raise ProjectError("the project is not watched any more", "start the program again")
        raise ProjectError(
            "the look at the project is not done yet: much data that is hashed for the first time, "
            "or a disk that does not answer",
            "ask again in a while",
        )

    def _start_refresh(self, rescan: bool) -> "_Refresh":
        """It has a thread of its own, for it may never come back from a disk."""
        # After an error the rest has not been read.
        rescan = rescan or self._needs_rescan or isinstance(self._outcome, ProjectError)
        changed = AllPaths() if rescan or not self.watching else ChangedPaths(self._changed)
        self._needs_rescan, self._changed = False, set()
        refresh = _Refresh()
        threading.Thread(
            target=self._run, args=(refresh, changed), name="live-refresh", daemon=True
        ).start()
        return refresh

    def _run(self, refresh: "_Refresh", changed: ChangedPaths) -> None:
        failure: BaseException | None = None
        outcome: Outcome | None = None
        try:
            outcome = self.workspace.state(changed)
        except ProjectError as error:
            outcome = error
        except BaseException as error:  # noqa: BLE001 - the thread that waits for it raises it
            failure = error
        with self._news:
            if outcome is None:
                self._needs_rescan = True  # what was reported has not been read
            else:
                self._outcome = refresh.outcome = outcome
            if isinstance(outcome, ProjectState):
                self._cache_dir = outcome.project.cache_dir
            refresh.failure, refresh.done, self._running = failure, True, None
            self._news.notify_all()

    def _mark(self, changed: set[str], rescan: bool = False) -> None:
        with self._news:
            self._needs_rescan = self._needs_rescan or rescan or len(changed) >= FLOOD
            self._changed |= changed
            self.version += 1
            self._news.notify_all()

    def _follow_watcher(self) -> None:
        """Hand on what the watcher reports; start another when it ends."""
        while not self._stop.is_set():
            try:
                folders = self._folders()
                for changes in self._watch([*folders], self._stop) if folders else ():
                    self._handle_report(changes)
                    if self._folders() != folders:
                        break
            except Exception:  # noqa: BLE001, S110 - whatever ended it, it is not watching now
                pass
            was_watching, self.watching = self.watching, False
            if was_watching and not self._stop.is_set():
                self._mark(set(), rescan=True)
            self._stop.wait(_RESTART_S)

    def _folders(self) -> dict[Path, int]:
        """The folders to watch and the inode of each, for another may take its place.

        None while there is no repository: it may be anybody's home folder.
        """
        root, cache = self.workspace.physical_root, self._cache_dir
        if not (root / ".dvc").is_dir():
            return {}
        folders = [root]
        if cache and cache.is_dir() and not cache.is_relative_to(root):
            folders.append(cache)
        return {folder: os.stat(folder).st_ino for folder in folders}

    def _handle_report(self, changes: set[str]) -> None:
        if not self.watching:
            # What changed before it was watched is not going to be reported.
            self._mark(set(), rescan=True)
            self.watching = True
        root = str(self.workspace.physical_root)
        relevant = set(file_watch.relevant(changes, root, os.path.realpath(root)))
        if relevant:
            self._mark(relevant)

    def _refresh_in_background(self) -> None:
        """Refresh when ``latest`` wants it, and rescan now and then.

        A change that only a rescan has found makes a new version.
        """
        due = time.monotonic() + self._rescan_s
        while not self._stop.is_set():
            self._wanted.wait(due - time.monotonic())
            if self._stop.is_set():  # `close` wakes this thread to end it, not to refresh
                return
            self._wanted.clear()
            started, before = time.monotonic(), self._outcome
            rescan = started >= due
            if rescan:
                due = started + self._rescan_s
            try:
                if not _is_same(before, self._refresh(rescan, math.inf)) and rescan:
                    self._mark(set())
            except ProjectError:  # raised only on `close`; all others are outcomes
                return
            except Exception:  # noqa: BLE001 - a bug must not end all refreshes to come
                _log.exception("a look at the project failed")
            now = time.monotonic()
            self._stop.wait(max(_PAUSE_S, min(10 * (now - started), due - now)))


class _Refresh:
    """One run of ``Workspace.state``: ``outcome`` or ``failure`` is there when it is ``done``."""

    outcome: Outcome
    failure: BaseException | None = None
    done = False


def _is_same(before: Outcome | None, after: Outcome) -> bool:
    if isinstance(before, ProjectState) and isinstance(after, ProjectState):
        return before.stages == after.stages and before.lock_md5 == after.lock_md5
    return type(before) is type(after) and str(before) == str(after)
