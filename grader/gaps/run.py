"""Runs judge_programs/run_gaps.py: the one place where code of an attendee runs, when asked."""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from grader import fixes
from grader.finding import UnknownError
from grader.gaps import process_tree
from workshop.course.gaps import Gap, gaps

ReportRun = Callable[[str], None]
"""Gets a line about what runs."""

_PROGRAM = Path(__file__).parent / "judge_programs" / "run_gaps.py"
_LIMIT_S = 180.0  # to import TensorFlow takes 3 s here, and 30 s on a slow laptop
_REPORT_S = 10.0
_LOOK_S = 0.2  # Windows handles Ctrl-C between two looks


class Answer(NamedTuple):
    """What was expected of the function with a gap, and what came."""

    expected: str
    actual: str


Answers = Mapping[str, Answer | None]
"""By gap; None where its function answers as it should."""


def run_gaps(root: Path, function: str, report: ReportRun) -> Answers | UnknownError:
    """What ``function`` of the repository ``root`` answers, for each gap in it; else why nothing.

    In a process of its own, in the environment that this runs in: that of the attendee. It ends
    with this call, and with this process. ``report`` is told every 10 s what runs, for how long.
    """
    own = [gap for gap in gaps() if gap.function == function]
    with tempfile.TemporaryFile() as errors:
        process = process_tree.start(
            [sys.executable, "-P", str(_PROGRAM), str(root), *(gap.id for gap in own)],
            root,
            {**os.environ, "PYTHONIOENCODING": "utf-8"},
            errors,
        )
        try:
            lines = _read_lines(process, own, report)
            has_ended = process.poll() is not None
        finally:
            code = process_tree.stop(process)
        errors.seek(0)
        last = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    answers = [json.loads(line) for line in lines]
    if not answers:  # the program's own imports: no code of an attendee has run yet
        return UnknownError(f"the code in the gaps could not be run: {''.join(last)}")
    if len(answers) <= len(own):
        return _no_answer(own[len(answers) - 1], code if has_ended else None)
    return {
        answer["gap"]: Answer(answer["expected"], answer["actual"]) if answer["expected"] else None
        for answer in answers[1:]
    }


def _read_lines(
    process: "subprocess.Popen[bytes]", own: list[Gap], report: ReportRun
) -> list[bytes]:
    """The lines that the program has written when it ends or its time is over.

    The first line says that it begins; then comes one for each gap.
    """
    written: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    if process.stdout is None:
        return []
    threading.Thread(target=_copy_lines, args=(process.stdout, written), daemon=True).start()
    lines: list[bytes] = []
    begin = time.monotonic()
    next_report = 0.0
    while len(lines) <= len(own) and (passed := time.monotonic() - begin) < _LIMIT_S:
        if passed >= next_report:
            report(_progress(own, max(len(lines), 1), passed))
            next_report += _REPORT_S
        is_last_look = process.poll() is not None
        try:
            lines.append(written.get(timeout=_LOOK_S))
        except queue.Empty:
            # A process that it started may hold the pipe open after its end.
            if is_last_look:
                break
    return lines


def _copy_lines(pipe: IO[bytes], written: "queue.SimpleQueue[bytes]") -> None:
    with pipe:
        for line in pipe:
            written.put(line)


def _progress(own: list[Gap], number: int, passed: float) -> str:
    gap = own[number - 1]
    return (
        f"gap {gap.id}: {gap.function} of {gap.file} runs, {passed:.0f} s of at most {_LIMIT_S:.0f}"
    )


def _no_answer(gap: Gap, code: int | None) -> UnknownError:
    """Why there is no answer to ``gap``; ``code`` is None where its process had to be ended."""
    what = f"{gap.function} of {gap.file}"
    if code is None:
        return UnknownError(
            f"{what} did not end within {_LIMIT_S:.0f} s, and was stopped",
            fixes.note("look for a loop that has no end"),
        )
    if code < 0:
        return UnknownError(
            f"{what} was ended by signal {-code} ({signal.strsignal(-code)}) before it was done",
            fixes.note("look for what takes all memory, or ends the process"),
        )
    return UnknownError(
        f"{what} ended by itself with code {code} before it was done",
        fixes.note("look for what ends the process, such as os._exit: a function returns instead"),
    )
