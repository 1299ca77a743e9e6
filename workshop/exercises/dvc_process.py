"""DVC in a process that stays: dvc_programs/run_commands.py, asked for one command at a time."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from workshop.start.programs import ProgramError

_PROGRAM = Path(__file__).parent / "dvc_programs" / "run_commands.py"
_TIMEOUT_S = 300.0  # a command takes 0.5 s here


class DvcProcess:
    """Use it in a ``with``: the process ends with the block."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=Path(sys.executable).parent,  # no folder that somebody deletes
            env=environment,
        )

    def __enter__(self) -> "DvcProcess":
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate()  # closes its standard input, at whose end it ends

    def run(self, folder: Path, *words: str) -> str:
        """What ``dvc WORDS`` prints in ``folder``; a ProgramError with it where it fails."""
        limit = threading.Timer(_TIMEOUT_S, self._process.kill)
        limit.start()
        try:
            answer = self._ask(json.dumps({"folder": str(folder), "words": words}))
        finally:
            limit.cancel()
        if not answer:
            raise ProgramError("DVC ended before it answered", "dvc --version")
        result = json.loads(answer)
        if result["code"]:
            raise ProgramError(f"dvc {' '.join(words)} failed: {result['text']}", "see why")
        return str(result["text"])

    def _ask(self, question: str) -> str:
        """The line that answers a line; empty where the process has ended."""
        reading, writing = self._process.stdout, self._process.stdin
        if reading is None or writing is None:
            return ""
        try:
            writing.write(f"{question}\n")
            writing.flush()
        except OSError:
            return ""
        return reading.readline()
