"""Run one command of DVC after the other in one process: each start of DVC costs 0.6 s.

    python -P run_commands.py

A line of standard input is a command, as JSON: ``{"folder": ..., "words": [...]}``. The answer is a
line with its exit code and what it printed: ``{"code": 0, "text": ...}``.
"""

import json
import os
import sys
import tempfile
from typing import Any

from dvc.cli import main


def serve() -> None:
    """Answer until standard input ends."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers, tempfile.TemporaryFile() as shown:
        # What DVC prints, and the programs that it starts, goes into a file.
        os.dup2(shown.fileno(), 1)
        os.dup2(shown.fileno(), 2)
        requests = os.fdopen(os.dup(0), encoding="utf-8")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        for line in requests:
            shown.seek(0)
            shown.truncate()
            answers.write(json.dumps(_run(json.loads(line), shown)) + "\n")
            answers.flush()


def _run(request: dict[str, Any], shown: Any) -> dict[str, Any]:
    os.chdir(request["folder"])
    code = main(request["words"])
    sys.stdout.flush()
    sys.stderr.flush()
    shown.seek(0)
    return {"code": code, "text": shown.read().decode("utf-8", "replace")}


if __name__ == "__main__":
    serve()
