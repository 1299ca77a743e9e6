"""Grades again whenever something changes, and shows what turned green and what to do next.

What the remote has is asked for when somebody presses Enter, in a thread of its own: a static grade
costs less than 100 ms of CPU, an answer over a bad network may take ten seconds.
"""

import contextlib
import dataclasses
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Literal, TextIO

from grader.engine.grading import grade
from grader.engine.report import Report
from grader.facts.running import running
from grader.facts.snapshot_cache import SnapshotCache
from grader.watch import live
from grader.watch.changes import Changes
from grader.watch.screen import Screen, size_of
from workshop import output
from workshop.output import OutputError
from workshop.status_table import Style, style_of

QUIET_S = 0.25
"""So long nothing has changed when a grade begins; `dvc repro` writes many files in a row."""
BUSY_S = 2.0
"""Whatever goes on, what is shown is not older."""
RESCAN_S = 30.0
"""The watcher may miss something, as on a network's file system."""
_TICK_S = 0.5

Event = Literal["change", "resize", "ask"] | Report | Exception | None
"""A report is the remote's answer; an exception a bug that ended the thread which asked."""


class EndedError(BaseException):
    """A signal ended the program: no ``Exception``, for nobody is to handle it on the way."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def watch(repo: Path, stream: TextIO) -> int:
    """Watch until Ctrl-C or a signal; the exit code."""
    repo = Path(os.path.abspath(repo))  # noqa: PTH100 - links stay; the current folder may go away
    is_screen = stream.isatty() and os.environ.get("TERM") != "dumb"
    keyboard = 0 if is_screen and _has_keyboard() else None
    watching = _Watching(repo, stream, Screen(stream, keyboard) if is_screen else None, keyboard)
    try:
        watching.run()
    except KeyboardInterrupt:
        return 0
    except EndedError as ended:
        return ended.exit_code
    return 0


class _Watching:
    def __init__(
        self, repo: Path, stream: TextIO, screen: Screen | None, keyboard: int | None
    ) -> None:
        self._repo = repo
        self._stream = stream
        self._screen = screen
        self._keyboard = keyboard
        self._style: Style = style_of(stream)
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()  # signal handlers may put
        self._cache = SnapshotCache()
        self._report: Report | None = None
        self._static: Report | None = None
        self._news = live.News()
        self._complete: set[str] = set()
        self._is_asking = False
        self._running: str | None = None

    def run(self) -> None:
        changes = Changes(self._repo, lambda: self._events.put("change"))
        with _signals(self._events, self._screen):
            if self._screen:
                self._screen.enter()
                self._screen.show(["Looking at your repository."])
            try:
                self._grade()
                changes.start()
                self._listen()
                self._follow()
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C would cut it short
                if self._screen:
                    self._screen.leave()
                    self._print_report(live.News())
                self._cache.close()
                changes.stop()

    def _follow(self) -> None:
        due, size = time.monotonic() + RESCAN_S, self._size()
        while True:
            event: Event
            try:
                event = self._events.get(timeout=_TICK_S)
            except queue.Empty:
                # Windows tells nobody of a resize.
                event = "resize" if self._size() != size else None
            if event == "change" or time.monotonic() > due:
                self._wait_for_quiet()
                self._grade()
                due = time.monotonic() + RESCAN_S
            elif event == "ask":
                self._ask()
            elif isinstance(event, Report):
                self._take(event)
            elif isinstance(event, Exception):
                raise event
            self._look_at_dvc()
            if event is not None:
                size = self._size()
                self._show()

    def _wait_for_quiet(self) -> None:
        end = time.monotonic() + BUSY_S
        others: list[Event] = []
        while (left := end - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=min(QUIET_S, left))
            except queue.Empty:
                break
            if event == "resize":
                self._show()
            elif event != "change":
                others.append(event)
        for event in others:
            self._events.put(event)

    def _grade(self) -> None:
        self._running = running(self._repo)
        report = grade(self._repo, offline=True, cache=self._cache)
        if report == self._static:
            return
        self._take_in(live.news(self._static, report), report)
        self._static = self._report = report
        self._tell()

    def _look_at_dvc(self) -> None:
        """No change tells of it: DVC's notes of what it does are no part of a grade."""
        before, self._running = self._running, running(self._repo)
        if before != self._running and self._report:
            self._tell()

    def _ask(self) -> None:
        """Have the remote asked; what changes meanwhile is graded as ever."""
        if not self._is_asking:
            self._is_asking = True
            threading.Thread(target=self._asked, name="remote", daemon=True).start()

    def _asked(self) -> None:
        try:
            self._events.put(grade(self._repo))
        except Exception as error:  # noqa: BLE001 - raised where the terminal is given back
            self._events.put(error)

    def _take(self, answer: Report) -> None:
        self._is_asking = False
        self._take_in(live.news(self._report, answer), answer)
        self._report = answer
        self._tell()

    def _take_in(self, news: live.News, report: Report) -> None:
        """A lesson is complete once: that its files changed and were committed again is no news."""
        told = tuple(one for one in news.lessons if one not in self._complete)
        self._news = dataclasses.replace(news, lessons=told) or self._news
        self._complete.update(live.complete(report))

    def _tell(self) -> None:
        if self._screen:
            self._show()
        else:
            self._print_report(self._news)

    def _show(self) -> None:
        if self._screen and self._report:
            columns, rows = self._size()
            room = live.Room(columns, rows, self._footer(), self._keyboard is not None)
            lines = live.screen(self._report, self._news, room, self._style, self._running)
            self._screen.show(lines)

    def _size(self) -> tuple[int, int]:
        size = size_of(self._stream)
        return size.columns, size.lines

    def _footer(self) -> str:
        if self._is_asking:
            return "The remote is being asked. Ctrl-C ends."
        return "Ctrl-C ends." if self._keyboard is None else "Enter asks the remote, Ctrl-C ends."

    def _print_report(self, news: live.News) -> None:
        """In a line; in a terminal, which can be too narrow for it, in several."""
        if self._report is None:
            self._print("nothing was graded")
        elif self._stream.isatty():
            columns = min(self._size()[0], live.WIDEST)
            self._print("\n".join(live.lines(self._report, news, columns, self._running)))
        else:
            self._print(live.line(self._report, news, self._running))

    def _print(self, text: str) -> None:
        with contextlib.nullcontext() if self._screen is None else contextlib.suppress(OutputError):
            output.write(text + "\n")

    def _listen(self) -> None:
        if self._keyboard is not None:
            threading.Thread(target=self._read_keys, name="keys", daemon=True).start()

    def _read_keys(self) -> None:
        """Not through sys.stdin, whose lock the end of the program would wait for."""
        with contextlib.suppress(OSError):
            while self._keyboard is not None and os.read(self._keyboard, 1024):
                self._events.put("ask")


def _has_keyboard() -> bool:
    """Whether keys reach this program: one in the background is stopped when it reads them."""
    if not sys.stdin or not os.isatty(0):
        return False
    return sys.platform == "win32" or os.tcgetpgrp(0) == os.getpgrp()


@contextlib.contextmanager
def _signals(events: "queue.SimpleQueue[Event]", screen: Screen | None) -> Iterator[None]:
    """Signals end the program in order, so that the terminal is given back; what was is restored.

    Windows has neither SIGWINCH nor SIGTSTP.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        raise EndedError(number)

    def pause(number: int, _frame: FrameType | None) -> None:
        if screen:
            screen.leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def go_on(_number: int, _frame: FrameType | None) -> None:
        if screen:
            signal.signal(signal.SIGTSTP, pause)
            screen.enter()
            events.put("resize")

    handlers = {
        "SIGTERM": end,
        "SIGHUP": end,
        "SIGWINCH": lambda _number, _frame: events.put("resize"),
        **({"SIGTSTP": pause, "SIGCONT": go_on} if screen else {}),
    }
    known = {getattr(signal, name): do for name, do in handlers.items() if hasattr(signal, name)}
    before = {number: signal.signal(number, do) for number, do in known.items()}
    before[signal.SIGINT] = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
