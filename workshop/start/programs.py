"""Git, DVC and Python, run in an attendee's new repository as in an activated environment."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from workshop import activation
from workshop.start.start_request import StartError

TIMEOUT_S = 1800  # a catch-up trains: 20 s here, minutes on a slow laptop
_DVC = (sys.executable, "-P", "-m", "dvc")  # -P: the repository cannot put code into DVC
# What a user's own git settings would add: hooks, a signature, other line ends.
_GIT = (
    *("-c", "core.hooksPath=" + os.devnull),
    *("-c", "commit.gpgSign=false"),
    *("-c", "core.autocrlf=false"),
)


class ProgramError(StartError):
    """A program could not be started, or ended with an error."""


class Programs:
    """Runs programs in ``folder``; commits are by ``attendee`` where git has no name."""

    def __init__(self, folder: Path, attendee: str) -> None:
        self.folder = folder
        self._identity = {"name": attendee, "email": f"{attendee}@workshop.invalid"}

    def dvc(self, *words: str) -> None:
        """Run DVC."""
        self.run(*_DVC, *words)

    def git(self, *words: str) -> None:
        """Run git, without hooks and signatures."""
        self.run("git", *_GIT, *words)

    def introduce(self) -> None:
        """Tell git who works here, where it does not know: else the attendee cannot commit."""
        for part, value in self._missing_identity.items():
            self.git("config", f"user.{part}", value)

    @cached_property
    def _missing_identity(self) -> dict[str, str]:
        """What of the identity is in no config of this computer.

        Asked once the repository exists: before, git would find one that the folder is in.
        """
        missing = {}
        for part, value in self._identity.items():
            try:
                self.run("git", "config", "--get", f"user.{part}", environment=_clean_environment())
            except ProgramError:
                missing[part] = value
        return missing

    def commit(self, message: str, *paths: str) -> None:
        """Commit ``paths``, or all that git does not ignore."""
        self.git("add", *(paths or ("--all",)))
        identity = {
            f"GIT_{role}_{part.upper()}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in self._missing_identity.items()
        }
        words = ("git", *_GIT, "commit", "--quiet", "--message", message)
        self.run(*words, environment={**identity, **self.environment()})

    def run(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Run a program; a ProgramError with its last lines where it fails."""
        try:
            process = subprocess.run(  # noqa: S603 - words of our own
                command,
                cwd=self.folder,
                env=self.environment() if environment is None else environment,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError:
            raise ProgramError(
                f"{command[0]} is not installed", f"{command[0]} --version"
            ) from None
        except subprocess.TimeoutExpired:
            raise ProgramError(
                f"{_short_command(command)} took over {TIMEOUT_S} s", "see why"
            ) from None
        if process.returncode:
            reason = _error_lines(process.stderr) or _error_lines(process.stdout)
            raise ProgramError(
                f"{_short_command(command)} failed: {reason or f'exit code {process.returncode}'}",
                "fix that, and try again",
            )

    def environment(self) -> dict[str, str]:
        """Our own interpreter first, and our packages where nobody installed them."""
        return {
            **_clean_environment(),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONIOENCODING": "utf-8",
            "DVC_NO_ANALYTICS": "1",
            activation.VARIABLE: activation.VALUE,
        }


def _short_command(command: tuple[str, ...]) -> str:
    words = command[3:] if command[:4] == _DVC else command
    return " ".join([word for word in words if word not in (*_GIT, "-P")][:6])


def _error_lines(output: bytes) -> str:
    """The lines that a program calls errors, else its last; DVC's end in an advertisement."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines()]
    errors = [line for line in lines if line.startswith(("ERROR:", "error:", "fatal:"))]
    others = [line for line in lines if line and not line.startswith("Having any troubles")]
    return " ".join((errors or others)[-3:])


def _clean_environment() -> dict[str, str]:
    """The environment, without what would lead git to another repository."""
    names = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    return {name: value for name, value in os.environ.items() if name not in names}
