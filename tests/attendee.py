"""An attendee who types what a lesson says, in the shell of the machine, and edits files."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.repositories import BIN, ROOT
from workshop.lesson_text import Command, Step

TIMEOUT_S = 180


@dataclass
class Attendee:
    """Works in ``folder``; ``home`` is theirs, with nothing of this machine's settings in it."""

    folder: Path
    home: Path
    typed: int = 0
    programs: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.programs = self.home / "bin"
        self.programs.mkdir(exist_ok=True)
        _install_grader(self.programs)

    def follow(self, step: Step) -> str:
        """Do one step; what it printed."""
        if isinstance(step, Command):
            return self.type(step)
        path = self.folder / step.file
        path.write_text(step.applied(path.read_text("utf-8")), "utf-8", newline="\n")
        return ""

    def type(self, command: Command) -> str:
        """Type a command; it has to end and to print as the lesson says."""
        self.typed += 1
        if command.text.startswith("cd "):
            self.folder = (self.folder / command.text.removeprefix("cd ")).resolve()
            assert self.folder.is_dir()
            return ""
        shell = (
            ["powershell", "-NoProfile", "-Command"] if sys.platform == "win32" else ["bash", "-c"]
        )
        finished = subprocess.run(
            [*shell, command.text],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        printed = finished.stdout
        assert finished.returncode == command.exit_code, f"{command.text}\n{printed}"
        _assert_shows(printed, command)
        return printed

    def environment(self) -> dict[str, str]:
        """As in an activated environment, and nothing of ours that would help."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        path = os.pathsep.join([str(self.programs), str(BIN), kept["PATH"]])
        return {
            **kept,
            "PATH": path,
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.home / "dvc"),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": "",
        }


def _install_grader(programs: Path) -> None:
    """As pip would: a program that starts this checkout's grader."""
    script = programs / "grader-script.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from grader.__main__ import main\nsys.exit(main())\n",
        "utf-8",
    )
    start = f'"{sys.executable}" -P "{script}"'
    if sys.platform == "win32":
        (programs / "grader.cmd").write_text(f"@{start} %*\n", "utf-8")
    else:
        program = programs / "grader"
        program.write_text(f'#!/bin/sh\nexec {start} "$@"\n', "utf-8")
        program.chmod(0o755)


def _assert_shows(printed: str, command: Command) -> None:
    """Each line that the lesson shows is printed, in their order; ``…`` is anything."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    at = 0
    for shown in command.output:
        if shown.strip() == "…":
            continue
        pattern = ".*".join(re.escape(part) for part in " ".join(shown.split()).split("…"))
        found = [index for index in range(at, len(lines)) if re.fullmatch(pattern, lines[index])]
        assert found, f"{command.text}\nis to print\n{shown}\nafter line {at} of\n{printed}"
        at = found[0] + 1
