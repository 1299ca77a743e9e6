"""A process and all that it starts: it begins as a group of its own, and ends as one.

Ctrl-C reaches the group of the terminal alone, and an attendee's code may start processes too.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_TASKKILL_S = 30  # it takes 0.1 s


def start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], errors: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """Start ``command`` in ``folder``, with pipes for its standard input and output."""
    return subprocess.Popen(  # noqa: S603 - our own program, which runs the attendee's code
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=folder,
        env=environment,
        start_new_session=sys.platform != "win32",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows
    )


def stop(process: "subprocess.Popen[bytes]") -> int:
    """End ``process`` and all that it has started; its exit code. Its output is left to its reader.

    Where it has ended by itself, what it left is ended: on Windows, which does not keep whose child
    a process was, only what ends with its standard input.
    """
    if sys.platform == "win32":
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603 - words of our own
                ["taskkill", "/T", "/F", "/PID", str(process.pid)],  # noqa: S607 - Windows has it
                capture_output=True,
                timeout=_TASKKILL_S,
                check=False,
            )
        process.kill()
    else:  # the group has its leader's number, as long as somebody is in it
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdin:
        with contextlib.suppress(OSError):
            process.stdin.close()
    return process.wait()
