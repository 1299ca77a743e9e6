"""Runs judge_programs/run_gaps.py: the one place where code of an attendee runs, when asked."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from grader import fixes
from grader.finding import UnknownError
from workshop.course.gaps import gaps

_PROGRAM = Path(__file__).parent / "judge_programs" / "run_gaps.py"
_TIMEOUT_S = 180  # to import TensorFlow takes 3 s here, and 30 s on a slow laptop


Answers = Mapping[str, tuple[str, str] | None]
"""By gap what was expected of its function and what came, None where it is right."""


def run_gaps(root: Path) -> Answers:
    """What the functions with gaps in the repository ``root`` answer.

    In a process of its own, in the environment that this runs in: that of the attendee.
    """
    names = [gap.id for gap in gaps()]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, which runs the attendee's code
            [sys.executable, "-P", str(_PROGRAM), str(root), *names],
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            cwd=root,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
    except subprocess.TimeoutExpired:
        raise UnknownError(
            f"the code in the gaps did not end within {_TIMEOUT_S} s",
            fixes.note("look for a loop that has no end"),
        ) from None
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if [answer["gap"] for answer in answers] != names:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise UnknownError(
            f"the code in the gaps ended the program that judges it: {''.join(last)}"
        )
    return {
        answer["gap"]: (answer["expected"], answer["actual"]) if answer["expected"] else None
        for answer in answers
    }
