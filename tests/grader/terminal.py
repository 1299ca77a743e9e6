"""A real terminal, as tmux has them: a shell in it, keys typed into it, and what it shows."""

import os
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repositories import ROOT

WAIT_S = 20.0


class Terminal:
    """One window of tmux, with bash in it."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def tmux(self, *words: str) -> str:
        """Do what ``words`` tell tmux; what it answers."""
        done = subprocess.run(
            ["tmux", "-L", self._socket, "-f", os.devnull, *words],
            capture_output=True,
            encoding="utf-8",
            timeout=WAIT_S,
            check=True,
        )
        return done.stdout

    def type(self, *keys: str) -> None:
        """Type text, or keys by their names in tmux."""
        self.tmux("send-keys", "-t", "w", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self.tmux("resize-window", "-t", "w", "-x", str(columns), "-y", str(rows))

    def lines(self) -> list[str]:
        """What is on the screen, without the spaces at the ends of lines."""
        return [line.rstrip() for line in self.tmux("capture-pane", "-p", "-t", "w").splitlines()]

    def until(self, holds: Callable[[str], bool]) -> str:
        """The screen as soon as ``holds`` is true of it; it fails where it does not become so."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            text = "\n".join(self.lines())
            if holds(text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"the terminal still shows\n{text}")

    def shows(self, *parts: str) -> str:
        """The screen as soon as all ``parts`` are on it."""
        return self.until(lambda text: all(part in text for part in parts))

    def flag(self, name: str) -> str:
        """What tmux knows of the window, as ``alternate_on``."""
        return self.tmux("display-message", "-p", "-t", "w", f"#{{{name}}}").strip()

    def is_as_before(self) -> None:
        """The shell is back, with the cursor and without the alternate screen; keys are echoed."""
        self.until(lambda _: self.flag("alternate_on") == "0" and self.flag("cursor_flag") == "1")
        self.until(lambda text: text.rstrip().endswith("\n$"))
        self.type("stty -a | tr ' ;' '\\n\\n' | grep -x -e -echo -e echo", "Enter")
        text = self.until(lambda text: text.splitlines().count("echo") > 0 or "\n-echo" in text)
        assert "\n-echo" not in text
        assert "before-watch" in text


@contextmanager
def terminal(columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """A terminal in which ``grader`` can be typed."""
    if sys.platform == "win32" or shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: apt-get install tmux")
    window = Terminal(f"test-{uuid.uuid4().hex[:12]}")
    environment = {
        "PS1": "$ ",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DVC_WORKSHOP_CACHE_DIR": os.environ["DVC_WORKSHOP_CACHE_DIR"],
        "COLUMNS": "80",  # some shells export what the size was at the start
        "LINES": "24",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
    }
    shell = "env -u NO_COLOR " + " ".join(f"{k}={shlex.quote(v)}" for k, v in environment.items())
    size = ("-x", str(columns), "-y", str(rows))
    window.tmux("-u", "new-session", "-d", "-s", "w", *size, f"{shell} bash --norc --noprofile")
    try:
        window.type("echo before-watch", "Enter")
        window.shows("\nbefore-watch")
        yield window
    finally:
        window.tmux("kill-server")


def watching(window: Terminal, repo: Path) -> None:
    """Start `grader watch` in it, and wait for its first grade."""
    window.type(f"{shlex.quote(sys.executable)} -m grader watch --repo {shlex.quote(str(repo))}")
    window.type("Enter")
    window.shows("points", "Ctrl-C ends.")
