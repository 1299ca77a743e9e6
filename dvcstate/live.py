"""The state of a project for a program that stays, looked at only where a watcher saw a change.

Four things keep it right. A change that the watcher reports is looked at, and no more than it. A
watcher that is not there (yet, or any more) or that reports a flood, in which the kernel may have
lost events, leads to a look at everything. And a look at everything every half minute finds what
was missed without a word: what links lead to, what a network file system does not report.
"""

import json
import logging
import math
import os
import threading
import time
from pathlib import Path
from types import TracebackType

from dvcstate import state_json, watching
from dvcstate.errors import ProjectError
from dvcstate.hashes.changed_paths import Everything, Touched
from dvcstate.model import ProjectState
from dvcstate.watching import Watch
from dvcstate.workspace import Workspace

Answer = ProjectState | ProjectError

PATIENCE_S = 20.0
"""Who asks is not kept waiting longer; the look goes on, and its answer is there the next time."""
RESCAN_S = 25.0
"""So that what was missed is found within 30 s."""
FLOOD = 1000
"""So many changes at once may have been more: inotify's queue holds 16,384 events."""

_RESTART_S = 2.0
_LONGEST_S = 1e6
_PAUSE_S = 0.2
"""Between two looks in the background, and ten times what the last one took."""

_log = logging.getLogger(__name__)


class LiveProject:
    """The project whose root is ``root``, watched from ``open`` to ``close``; it may come and go.

    ``state`` costs next to nothing while nothing changes. ``version`` grows with every change, and
    ``wait`` sleeps until it does.
    """

    def __init__(
        self, root: Path, *, watch: Watch | None = None, rescan_s: float = RESCAN_S
    ) -> None:
        self.workspace = Workspace(root)
        self._real_root = os.path.realpath(self.workspace.root)
        self._watch = watch or watching.watchfiles_watch
        self._rescan_s = rescan_s
        self._news = threading.Condition()
        self._touched: set[str] = set()
        self._everything = True
        self._watching = False
        self._version = 0
        self._answer: Answer | None = None
        self._running: _Look | None = None
        self._written: tuple[ProjectState, bytes] | None = None
        self._cache_dir: Path | None = None
        self._wanted = threading.Event()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def open(self) -> "LiveProject":
        """Begin to watch."""
        for target in (self._follow, self._look_behind):
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
            thread.join(5)

    def __enter__(self) -> "LiveProject":
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def watching(self) -> bool:
        """Whether changes are reported at this moment."""
        return self._watching

    @property
    def version(self) -> int:
        """A number that grows when something may have changed."""
        return self._version

    def wait(self, version: int, timeout: float) -> int:
        """The version as soon as it is not ``version`` any more, or after ``timeout`` seconds."""
        with self._news:
            self._news.wait_for(lambda: self._version != version or self._stop.is_set(), timeout)
            return self._version

    def state(self) -> ProjectState:
        """The state of every stage, or the ProjectError that says why there is none."""
        answer = self._answer
        if answer is None or self._is_old():
            answer = self._look()
        if isinstance(answer, ProjectError):
            raise answer.with_traceback(None)  # each raise would add to the last one's
        return answer

    def latest(self) -> Answer | None:
        """What the last look found, without a look; None before the first.

        Where something may have changed since, a look begins in the background.
        """
        if self._answer is None or self._is_old():
            self._wanted.set()
        return self._answer

    def json(self) -> bytes:
        """What ``GET /pipeline`` answers, written once for each state; raises as ``state`` does.

        Half a surrogate pair, of a name that is no UTF-8, stays an escape.
        """
        state = self.state()
        known = self._written
        if known is None or known[0] is not state:
            text = json.dumps(state_json.as_json(state), ensure_ascii=False)
            known = self._written = (state, text.encode("utf-8", "backslashreplace"))
        return known[1]

    def _is_old(self) -> bool:
        return self._everything or bool(self._touched) or not self._watching

    def _look(self, rescan: bool = False, patience: float | None = None) -> Answer:
        """What a look from now on finds: it has a thread of its own, for it may never come back."""
        end = time.monotonic() + (PATIENCE_S if patience is None else patience)
        while True:
            with self._news:
                running = self._running
                if running is None:
                    if self._answer is not None and not self._is_old() and not rescan:
                        return self._answer  # another thread has just looked
                    mine = self._running = self._started(rescan)
            look = running or mine
            self._wait_for(look, end)
            if running is None:
                if look.failure is not None:
                    raise look.failure
                return look.answer

    def _wait_for(self, look: "_Look", end: float) -> None:
        with self._news:
            self._news.wait_for(
                lambda: look.done or self._stop.is_set(), min(end - time.monotonic(), _LONGEST_S)
            )
        if look.done:
            return
        if self._stop.is_set():
            raise ProjectError("the project is not watched any more", "start the program again")
        raise ProjectError(
            "the look at the project is not done yet: much data that is hashed for the first time, "
            "or a disk that does not answer",
            "ask again in a while",
        )

    def _started(self, rescan: bool) -> "_Look":
        # An error kept us from looking at the rest.
        everything = rescan or self._everything or not self._watching
        everything = everything or isinstance(self._answer, ProjectError)
        touched = Everything() if everything else Touched(self._touched)
        self._everything, self._touched = False, set()
        look = _Look()
        threading.Thread(
            target=self._run, args=(look, touched), name="live-look", daemon=True
        ).start()
        return look

    def _run(self, look: "_Look", touched: Touched) -> None:
        failed: BaseException | None = None
        answer: Answer | None = None
        try:
            answer = self.workspace.state(touched)
        except ProjectError as error:
            answer = error
        except BaseException as error:  # noqa: BLE001 - who waits for the look raises it
            failed = error
        with self._news:
            if answer is None:
                self._everything = True  # what was reported has not been looked at
            else:
                self._answer = look.answer = answer
            if isinstance(answer, ProjectState):
                self._cache_dir = answer.project.cache_dir
            look.failure, look.done, self._running = failed, True, None
            self._news.notify_all()

    def _mark(self, touched: set[str], everything: bool = False) -> None:
        with self._news:
            self._everything = self._everything or everything or len(touched) >= FLOOD
            self._touched |= touched
            self._version += 1
            self._news.notify_all()

    def _follow(self) -> None:
        """Hand on what the watcher reports; start another when it ends."""
        while not self._stop.is_set():
            try:
                folders = self._watched()
                for changes in self._watch([*folders], self._stop) if folders else ():
                    self._reported(changes)
                    if self._watched() != folders:
                        break
            except Exception:  # noqa: BLE001, S110 - whatever ended it, it is not watching now
                pass
            was_watching, self._watching = self._watching, False
            if was_watching and not self._stop.is_set():
                self._mark(set(), everything=True)
            self._stop.wait(_RESTART_S)

    def _watched(self) -> dict[Path, int]:
        """The folders to watch and the inode of each, for another may take its place.

        None while there is no repository: it may be anybody's home folder.
        """
        root, cache = self.workspace.root, self._cache_dir
        if not (root / ".dvc").is_dir():
            return {}
        folders = [root]
        if cache and cache.is_dir() and not cache.is_relative_to(root):
            folders.append(cache)
        return {folder: os.stat(folder).st_ino for folder in folders}

    def _reported(self, changes: set[str]) -> None:
        if not self._watching:
            # What changed before it was watched is not going to be reported.
            self._mark(set(), everything=True)
            self._watching = True
        relevant = set(watching.relevant(changes, str(self.workspace.root), self._real_root))
        if relevant:
            self._mark(relevant)

    def _look_behind(self) -> None:
        """Look when ``latest`` wants it, and at everything now and then.

        A change that only a look at everything has found makes a new version.
        """
        due = time.monotonic() + self._rescan_s
        while not self._stop.is_set():
            self._wanted.wait(due - time.monotonic())
            self._wanted.clear()
            started, before = time.monotonic(), self._answer
            rescan = started >= due
            if rescan:
                due = started + self._rescan_s
            try:
                if not _same(before, self._look(rescan, math.inf)) and rescan:
                    self._mark(set())
            except ProjectError:  # only when it is told to stop; all other answers are returned
                return
            except Exception:  # noqa: BLE001 - a bug of one look must not end all looks to come
                _log.exception("a look at the project failed")
            now = time.monotonic()
            self._stop.wait(max(_PAUSE_S, min(10 * (now - started), due - now)))


class _Look:
    """One look at the project: ``answer`` or ``failure`` is there when it is ``done``."""

    answer: Answer
    failure: BaseException | None = None
    done = False


def _same(before: Answer | None, after: Answer) -> bool:
    if isinstance(before, ProjectState) and isinstance(after, ProjectState):
        return before.stages == after.stages and before.lock_md5 == after.lock_md5
    return type(before) is type(after) and str(before) == str(after)
