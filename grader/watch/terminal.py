"""A full screen in a terminal that is given back as it was, and is drawn without flicker."""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
"""The alternate screen, no cursor, and no wrapping of what is too long after a resize."""
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""A terminal that knows this shows all in between at once; any other passes over it."""


def size_of(stream: TextIO) -> os.terminal_size:
    """Columns and lines at this moment, whatever COLUMNS and LINES were when it started."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except OSError:
        return os.terminal_size((80, 24))
    return size if size.columns and size.lines else os.terminal_size((80, 24))


class Screen:
    """The terminal behind ``stream``; what is typed stays unseen while it is entered."""

    def __init__(self, stream: TextIO, keyboard: int | None = None) -> None:
        self._stream = stream
        self._keyboard = keyboard
        self._settings: list[Any] | None = None
        self._is_entered = False

    def enter(self) -> None:
        """Take the terminal."""
        if not self._is_entered:
            self._is_entered = True
            self._silence()
            self._write(_ENTER)

    def leave(self) -> None:
        """Give it back, with all that was on it before."""
        if self._is_entered:
            self._is_entered = False
            with contextlib.suppress(OSError):  # the window is closed
                self._write(_LEAVE)
            self._restore()

    def show(self, lines: Sequence[str]) -> None:
        """Replace what is shown: one write, each line over the one that was there before."""
        if self._is_entered:
            rows = size_of(self._stream).lines
            # Erased before, for after a line as wide as the screen its last character would go.
            shown = "\r\n".join(f"\x1b[K{line}" for line in lines[:rows])
            below = "\r\n\x1b[J" if len(lines) < rows else ""
            self._write(f"{_BEGIN}\x1b[H{shown}{below}{_END}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def _silence(self) -> None:
        if sys.platform == "win32" or self._keyboard is None:
            return
        import termios

        with contextlib.suppress(termios.error):
            self._settings = termios.tcgetattr(self._keyboard)
            silent = [*self._settings]
            silent[3] &= ~termios.ECHO
            termios.tcsetattr(self._keyboard, termios.TCSANOW, silent)

    def _restore(self) -> None:
        if sys.platform == "win32" or self._keyboard is None or self._settings is None:
            return
        import termios

        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._keyboard, termios.TCSANOW, self._settings)
