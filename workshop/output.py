"""What a program tells: to standard output, errors to standard error, whatever these can take.

For Python 3.8 and with the standard library alone, as grader.doctor.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Callable, TextIO  # noqa: UP035 - Python 3.8 has no other that can be subscripted

NOT_SHOWN = 2
"""The exit code where nobody could read what was to be shown, as for a wrong option."""
INTERRUPTED = 130
"""What shells give Ctrl-C."""


class OutputError(Exception):
    """What was to be shown cannot be written there."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem, self.fix = problem, fix


def exit_code(run: Callable[[], int]) -> int:
    """That of ``run``; an output that is closed or full, and Ctrl-C, are told without a traceback.

    Who reads a pipe may have enough of it, as ``head`` has.
    """
    try:
        code = run()
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        _silence()
        return NOT_SHOWN
    except OutputError as error:
        _silence()
        return refuse(error.problem, error.fix)
    except KeyboardInterrupt:
        tell("interrupted\n")
        return INTERRUPTED


def standard() -> TextIO:
    """Standard output; an OutputError where it is closed."""
    if sys.stdout is None:
        raise OutputError("standard output is closed", "run it again, without >&-")
    return sys.stdout


def write(text: str) -> None:
    """To standard output, which may know fewer letters: a pipe on Windows has no ✓ and no 日本."""
    stream = standard()
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


def refuse(problem: str, fix: str) -> int:
    """Tell what is wrong and what to do; the exit code."""
    tell(f"error: {problem}\n  fix: {fix}\n")
    return NOT_SHOWN


def tell(text: str) -> None:
    """To standard error, if anybody reads it."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _silence() -> None:
    """Python would try once more as it ends, and tell of it in its own words."""
    if sys.stdout is not None:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
