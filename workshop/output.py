"""Writes a program's output: to standard output, errors to standard error, as far as they take it.

For Python 3.8 and with the standard library alone, as grader.doctor.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Callable, TextIO  # noqa: UP035 - Python 3.8 has no other that can be subscripted

NOT_SHOWN = 2
"""The exit code where nobody could read the output, as for a wrong option."""
INTERRUPTED = 130
"""What shells give Ctrl-C."""


class OutputError(Exception):
    """The output cannot be written there: ``problem`` says why, ``fix`` what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem, self.fix = problem, fix


def exit_code(run: Callable[[], int]) -> int:
    """That of ``run``. An output that is closed or full, and Ctrl-C, give no traceback."""
    try:
        code = run()
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of a pipe had enough, as `head` has
        _silence_output()
        return NOT_SHOWN
    except OutputError as error:
        _silence_output()
        return report_error(error.problem, error.fix)
    except KeyboardInterrupt:
        write_error("interrupted\n")
        return INTERRUPTED


def standard_output() -> TextIO:
    """Standard output; an OutputError where it is closed."""
    if sys.stdout is None:
        raise OutputError("standard output is closed", "run it again, without >&-")
    return sys.stdout


def write(text: str) -> None:
    """Write to standard output, with escapes for what it has no letters for.

    A pipe on Windows has no ✓ and no 日本.
    """
    stream = standard_output()
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"the screen or file does not take the output: {error.strerror}",
            "make room there, or write it to another file",
        ) from None


def report_error(problem: str, fix: str) -> int:
    """Say what is wrong and what to do; the exit code for a wrong option."""
    write_error(f"error: {problem}\n  fix: {fix}\n")
    return NOT_SHOWN


def write_error(text: str) -> None:
    """Write to standard error, if it is open."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _silence_output() -> None:
    """Python flushes standard output once more as it ends, and prints a traceback if that fails."""
    if sys.stdout is not None:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
