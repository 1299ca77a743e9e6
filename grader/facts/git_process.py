"""Starts git so that nothing which a repository configures is run: the one place that starts it.

An attendee's git config can name programs (``core.fsmonitor``, hooks, filters,
``core.sshCommand``). None of the plumbing commands that the grader asks runs them, and they are
switched off besides.

dulwich, which DVC uses, is no replacement: for the tree, the sizes and the index of a repository of
414 files git takes 14 ms of CPU in its processes, dulwich 80 ms and 120 ms more for its import. And
what git itself says of a repository is what the attendee sees.
"""

import os
import shutil
import subprocess
from pathlib import Path

from grader.finding import UnknownError
from grader.step import Command, Note

TIMEOUT_S = 20
CHECK_REPOSITORY, _SHOW_VERSION = Command(("git", "fsck")), Command(("git", "--version"))
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.untrackedCache=false",
    "core.commitGraph=false",
    "core.sshCommand=false",
    "credential.helper=",
    "gc.auto=0",
    # Else git refuses a folder of another user, as one on a USB stick or in a container.
    "safe.directory=*",
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    # Else `git status` and the like refresh the index, and so write into .git.
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A partial clone would fetch what is missing, and an old git knows no GIT_NO_LAZY_FETCH.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
}


class GitError(UnknownError):
    """Git answered with an error, as it does where a repository is damaged."""


def run_git(folder: Path, *command: str, text: bytes = b"", index: Path | None = None) -> bytes:
    """What git prints in ``folder``; ``text`` is its input, ``index`` a copy of the index."""
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _ENVIRONMENT
    if index:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(  # noqa: S603 - git as found on PATH, on words of our own
            [_git_program(), "--no-pager", "-C", str(folder), *settings, *command],
            input=text,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise UnknownError(
            f"git {command[0]} did not answer within {TIMEOUT_S} s", Note("try again")
        ) from None
    except OSError as error:
        raise UnknownError(f"git cannot be started: {error.strerror}", _SHOW_VERSION) from None
    if done.returncode:
        words = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
        raise GitError(f"git {command[0]} says: {words}", CHECK_REPOSITORY)
    return done.stdout


def _git_program() -> str:
    """Git's own path: Windows would look into the current folder, an attendee's, first."""
    folders = [p for p in os.environ.get("PATH", "").split(os.pathsep) if Path(p).is_absolute()]
    program = shutil.which("git", path=os.pathsep.join(folders))
    if program is None:
        raise UnknownError("git is not installed, or not on PATH", _SHOW_VERSION)
    return program
