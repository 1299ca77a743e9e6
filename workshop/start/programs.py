"""Git, DVC and Python, run in an attendee's new repository as in an activated environment."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from dvcstate.errors import ProjectError
from workshop.start import activation

TIMEOUT_S = 1800
_GIT = (
    *("-c", "core.hooksPath=" + os.devnull),
    *("-c", "commit.gpgSign=false"),
    *("-c", "core.autocrlf=false"),
)


class ProgramError(ProjectError):
    """A program could not be started, or ended with an error."""


class Programs:
    """Runs programs in ``folder``; commits are by ``attendee`` where git knows nobody."""

    def __init__(self, folder: Path, attendee: str) -> None:
        self.folder = folder
        self._person = {"name": attendee, "email": f"{attendee}@workshop.invalid"}

    def dvc(self, *words: str) -> None:
        """Run DVC, which the repository cannot put code into."""
        self.run(sys.executable, "-P", "-m", "dvc", *words)

    def git(self, *words: str) -> None:
        """Run git, without hooks and signatures."""
        self.run("git", *_GIT, *words)

    def introduce(self) -> None:
        """Tell git who works here, where it knows nobody: else the attendee cannot commit."""
        for part, value in self._unknown.items():
            self.git("config", f"user.{part}", value)

    @cached_property
    def _unknown(self) -> dict[str, str]:
        """What git does not know of who works here, in no config of this computer.

        Asked once the repository exists: before, git would find one that the folder lies in.
        """
        unknown = {}
        for part, value in self._person.items():
            try:
                self.run("git", "config", "--get", f"user.{part}", environment=_kept())
            except ProgramError:
                unknown[part] = value
        return unknown

    def commit(self, message: str, *paths: str) -> None:
        """Commit ``paths``, or all that git does not ignore."""
        self.git("add", *(paths or ("--all",)))
        named = {
            f"GIT_{role}_{part.upper()}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in self._unknown.items()
        }
        words = ("git", *_GIT, "commit", "--quiet", "--message", message)
        self.run(*words, environment={**named, **self._environment()})

    def run(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Run a program; a ProgramError with its last words where it fails."""
        try:
            done = subprocess.run(  # noqa: S603 - words of our own
                command,
                cwd=self.folder,
                env=self._environment() if environment is None else environment,
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
                f"{self._shown(command)} took over {TIMEOUT_S} s", "see why"
            ) from None
        if done.returncode:
            words = _why(done.stderr) or _why(done.stdout) or f"exit code {done.returncode}"
            raise ProgramError(
                f"{self._shown(command)} failed: {words}",
                "mend that, and try again",
            )

    def _shown(self, command: tuple[str, ...]) -> str:
        python_dvc = (sys.executable, "-P", "-m", "dvc")
        words = command[3:] if command[:4] == python_dvc else command
        return " ".join([word for word in words if word not in (*_GIT, "-P")][:6])

    def _environment(self) -> dict[str, str]:
        """Our own interpreter first, and our packages where nobody installed them."""
        home = str(Path(__file__).parents[2])
        return {
            **_kept(),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "PYTHONPATH": home,
            "PYTHONIOENCODING": "utf-8",
            "DVC_NO_ANALYTICS": "1",
            activation.VARIABLE: activation.VALUE,
        }


def _why(printed: bytes) -> str:
    """The lines that a program calls errors, else its last; DVC's end in an advertisement."""
    lines = [line.strip() for line in printed.decode("utf-8", "replace").splitlines()]
    errors = [line for line in lines if line.startswith(("ERROR:", "error:", "fatal:"))]
    told = errors or [line for line in lines if line and not line.startswith("Having any troubles")]
    return " ".join(told[-3:])


def _kept() -> dict[str, str]:
    """The environment, without what would lead git to another repository."""
    apart = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    return {name: value for name, value in os.environ.items() if name not in apart}
