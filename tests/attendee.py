"""An attendee who types what a lesson says, in the shell of the machine, and edits files."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import bucket_server
from tests.lesson_text import LessonCommand, LessonStep
from tests.repositories import BIN, ROOT
from workshop import activation

TIMEOUT_S = 600
BUCKET, SHOWN_ADDRESS = "python -m workshop bucket", "127.0.0.1:4443"
_ASK_VARIABLES = "python -c 'import json, os; print(json.dumps(dict(os.environ)))'"


@dataclass
class Attendee:
    """Works in ``folder``; ``home`` is theirs, with nothing of this machine's settings in it."""

    folder: Path
    home: Path
    typed: int = 0
    programs: Path = field(init=False)
    activated: dict[str, str] = field(default_factory=dict)
    bucket: bucket_server.BucketProcess | None = None
    other_terminals: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.programs = self.home / "bin"
        self.programs.mkdir(exist_ok=True)
        _install_grader(self.programs)

    def follow(self, step: LessonStep) -> str:
        """Do one step; what it printed."""
        if isinstance(step, LessonCommand):
            return self.type(step)
        path = self.folder / step.file
        before = path.read_text("utf-8") if path.exists() else ""
        path.write_text(step.apply_to(before), "utf-8", newline="\n")
        return ""

    def type(self, command: LessonCommand) -> str:
        """Type a command; it has to end and to print as the lesson says."""
        self.typed += 1
        if command.text.startswith("cd "):
            self.folder = (self.folder / command.text.removeprefix("cd ")).resolve()
            assert self.folder.is_dir()
            return ""
        if command.text == activation.COMMAND:
            printed, _ = self._run(f"{command.text}; {_ASK_VARIABLES}")
            told, variables = printed.splitlines()
            assert "are on in this terminal" in told
            self.activated = json.loads(variables)
            return ""
        if command.runs_on:
            self._start_bucket(command)
            return ""
        printed, code = self._run(self._with_the_port(command.text))
        assert code == command.exit_code, f"{command.text}\n{printed}"
        assert not (command.is_silent and printed.strip()), printed
        _assert_shows(printed, command)
        return printed

    def _start_bucket(self, command: LessonCommand) -> None:
        """In a terminal of its own; the one server that the lessons know, once."""
        assert command.text == BUCKET
        if self.bucket is None:
            self.bucket = self.other_terminals.enter_context(
                bucket_server.serving(
                    self.home / "server", "--dir", str(self.home / "dvc-bucket"), cwd=self.folder
                )
            )

    def _with_the_port(self, text: str) -> str:
        """The one thing that is not typed as it stands: the server has a port that is free here."""
        address = f"127.0.0.1:{self.bucket.port}" if self.bucket else SHOWN_ADDRESS
        return text.replace(SHOWN_ADDRESS, address)

    def _run(self, text: str) -> tuple[str, int]:
        """What the shell printed, and its exit code."""
        shell = (
            ["powershell", "-NoProfile", "-ExecutionPolicy", "Bypass", "-Command"]
            if sys.platform == "win32"
            else ["bash", "-c"]
        )
        finished = subprocess.run(
            [*shell, text],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        return finished.stdout, finished.returncode

    def environment(self) -> dict[str, str]:
        """As in a terminal of this machine, and nothing of ours that would help."""
        if self.activated:
            return self.activated
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") and name != activation.VARIABLE
        }
        path = os.pathsep.join([str(self.programs), str(BIN), kept["PATH"]])
        return {
            **kept,
            "PATH": path,
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "HOMEDRIVE": self.home.drive,  # what PowerShell makes its $HOME of
            "HOMEPATH": str(self.home).removeprefix(self.home.drive),
            "GIT_CONFIG_NOSYSTEM": "1",
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.home / "dvc"),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": "",
        }


@contextmanager
def working(folder: Path, home: Path) -> Iterator[Attendee]:
    """An attendee, until the block ends: then what they left running in other terminals ends."""
    attendee = Attendee(folder, home)
    with attendee.other_terminals:
        yield attendee


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


def _assert_shows(printed: str, command: LessonCommand) -> None:
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
