"""The grader as an attendee starts it, in a folder of theirs."""

import os
import subprocess
import sys
from pathlib import Path

from tests.repositories import ROOT


def grader(*words: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """``python -m grader`` with ``words``, in the folder ``cwd``."""
    return _run([sys.executable, "-m", "grader", *words], cwd, environment)


def console_script(folder: Path, *words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """The console script ``grader``, as pip writes it, here into ``folder``."""
    script = folder / "grader-script.py"
    script.write_text("import sys\nfrom grader.__main__ import main\nsys.exit(main())\n")
    return _run([sys.executable, str(script), *words], cwd, {})


def _run(
    command: list[str], cwd: Path, environment: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=cwd,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
