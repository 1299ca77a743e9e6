"""Grades again at each change, and shows what turned green and what to do next.

The remote is asked when somebody presses Enter, in a thread of its own: a static grade costs less
than 100 ms of CPU, an answer over a bad network may take ten seconds.
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

from grader.engine.report import Report
from grader.facts.rwlock import running_command
from grader.facts.snapshot_cache import SnapshotCache
from grader.grading import grade
from grader.watch import view
from grader.watch.changes import Changes
from grader.watch.report_diff import ReportDiff, complete_lessons, diff_reports
from grader.watch.screen import Screen, size_of
from workshop import output
from workshop.output import OutputError
from workshop.terminal import Style, style_of

# A grade begins when nothing has changed for so long: `dvc repro` writes many files in a row.
QUIET_S = 0.25
# What is shown is never older, however many changes come.
BUSY_S = 2.0
# The watcher may miss changes, as on a network's file system.
RESCAN_S = 30.0
# How late a resize on Windows and the end of a dvc repro are seen; a tick takes 0.02 ms of CPU.
_TICK_S = 0.5

# A report is the remote's answer; an exception a bug that ended the thread which asked.
Event = Literal["change", "resize", "ask"] | Report | Exception | None


class EndedError(BaseException):
    """A signal ended the program. No ``Exception``: no handler on the way may stop it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def watch(repo: Path, stream: TextIO) -> int:
    """Watch until Ctrl-C or a signal; the exit code."""
    repo = Path(os.path.abspath(repo))  # noqa: PTH100 - links stay; the current folder may go away
    is_screen = stream.isatty() and os.environ.get("TERM") != "dumb"
    # Standard input by its number: sys.stdin is not read, see _read_keys.
    keyboard = 0 if is_screen and _has_keyboard() else None
    session = _Session(repo, stream, Screen(stream, keyboard) if is_screen else None, keyboard)
    try:
        session.run()
    except KeyboardInterrupt:
        return 0
    except EndedError as ended:
        return ended.exit_code
    return 0


class _Session:
    """``keyboard`` is the number of the file that keys come from, None where none come."""

    def __init__(
        self, repo: Path, stream: TextIO, screen: Screen | None, keyboard: int | None
    ) -> None:
        self._repo = repo
        self._stream = stream
        self._screen = screen
        self._keyboard = keyboard
        self._style: Style = style_of(stream)
        # Signal handlers put events too, which only a SimpleQueue allows while it is in a call.
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._cache = SnapshotCache()
        self._report: Report | None = None
        self._static: Report | None = None
        self._diff = ReportDiff()
        self._completed: set[str] = set()
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
                self._handle_events()
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C would cut it short
                if self._screen:
                    self._screen.leave()
                    self._print_report(ReportDiff())
                self._cache.close()
                changes.stop()

    def _handle_events(self) -> None:
        due, size = time.monotonic() + RESCAN_S, size_of(self._stream)
        while True:
            event: Event
            try:
                event = self._events.get(timeout=_TICK_S)
            except queue.Empty:
                # Windows sends no signal at a resize.
                event = "resize" if size_of(self._stream) != size else None
            if event == "change" or time.monotonic() > due:
                self._wait_for_quiet()
                self._grade()
                due = time.monotonic() + RESCAN_S
            elif event == "ask":
                self._ask_remote()
            elif isinstance(event, Report):
                self._is_asking = False
                self._show_report(event, self._report)
            elif isinstance(event, Exception):
                raise event
            self._update_running()
            if event is not None:
                size = size_of(self._stream)
                self._redraw()

    def _wait_for_quiet(self) -> None:
        end = time.monotonic() + BUSY_S
        later: list[Event] = []
        while (left := end - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=min(QUIET_S, left))
            except queue.Empty:
                break
            if event == "resize":
                self._redraw()
            elif event != "change":
                later.append(event)
        for event in later:
            self._events.put(event)

    def _grade(self) -> None:
        self._running = running_command(self._repo)
        report = grade(self._repo, offline=True, cache=self._cache)
        if report != self._static:
            before, self._static = self._static, report
            self._show_report(report, before)

    def _update_running(self) -> None:
        """Asked at each tick: DVC's notes of what it runs are in a folder that is not watched."""
        before, self._running = self._running, running_command(self._repo)
        if before != self._running and self._report:
            self._show_or_print()

    def _ask_remote(self) -> None:
        """In a thread: what changes meanwhile is graded as ever."""
        if not self._is_asking:
            self._is_asking = True
            threading.Thread(target=self._grade_with_remote, name="remote", daemon=True).start()

    def _grade_with_remote(self) -> None:
        try:
            self._events.put(grade(self._repo))
        except Exception as error:  # noqa: BLE001 - raised again by _handle_events
            self._events.put(error)

    def _show_report(self, report: Report, before: Report | None) -> None:
        """A lesson is complete once: that its files change and are committed again is no news."""
        diff = diff_reports(before, report)
        lessons = tuple(lesson for lesson in diff.lessons if lesson not in self._completed)
        self._diff = dataclasses.replace(diff, lessons=lessons) or self._diff
        self._completed.update(complete_lessons(report))
        self._report = report
        self._show_or_print()

    def _show_or_print(self) -> None:
        if self._screen:
            self._redraw()
        else:
            self._print_report(self._diff)

    def _redraw(self) -> None:
        if self._screen and self._report:
            columns, rows = size_of(self._stream)
            viewport = view.Viewport(columns, rows, self._footer(), self._keyboard is not None)
            self._screen.show(
                view.render_screen(self._report, self._diff, viewport, self._style, self._running)
            )

    def _footer(self) -> str:
        if self._is_asking:
            return "The remote is being asked. Ctrl-C ends."
        return "Ctrl-C ends." if self._keyboard is None else "Enter asks the remote, Ctrl-C ends."

    def _print_report(self, diff: ReportDiff) -> None:
        """In a line; in a terminal, which can be too narrow for it, in several."""
        if self._report is None:
            text = "nothing was graded"
        elif self._stream.isatty():
            columns = min(size_of(self._stream).columns, view.WIDEST)
            text = "\n".join(view.report_lines(self._report, diff, columns, self._running))
        else:
            text = view.report_line(self._report, diff, self._running)
        # After a screen the window may be closed: then nobody reads it.
        with contextlib.suppress(*([OutputError] if self._screen else [])):
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
    """Handle signals so that the terminal is given back; at the end restore their handlers.

    Windows has neither SIGWINCH nor SIGTSTP.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        raise EndedError(number)

    def pause(number: int, _frame: FrameType | None) -> None:
        if screen:
            screen.leave()
        signal.signal(number, signal.SIG_DFL)  # what stops a program is the default action
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
    numbers = {getattr(signal, name): do for name, do in handlers.items() if hasattr(signal, name)}
    before = {number: signal.signal(number, do) for number, do in numbers.items()}
    before[signal.SIGINT] = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
