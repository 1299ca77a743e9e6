"""DVC itself, in a process of its own that the repository cannot put code into.

``python -P`` keeps what lies in the repository off the import path; the answer is one JSON line.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from workshop.project.errors import NeedsDvcError, ProjectError
from workshop.project.model import Reason, Stage

TIMEOUT_S = 60
_STATUS = """
import json, os, sys
root, *targets = sys.argv[1:]
os.chdir(root)
from dvc.exceptions import DvcException
from dvc.repo import Repo
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
try:
    with Repo(os.curdir) as repo:
        answer = {"status": repo.status(targets=targets)}
except DvcException as error:
    answer = {"error": str(error)}
print(json.dumps(answer), file=answers, flush=True)
"""


def answer(script: str, *arguments: str, why: str) -> dict[str, Any]:
    """What ``script`` prints; a NeedsDvcError, which tells ``why`` DVC is needed, if nothing."""
    if importlib.util.find_spec("dvc") is None:
        raise NeedsDvcError(
            f"{why}, which only DVC can tell, and DVC is not installed here",
            "pip install dvc, in the environment that this program runs in",
        )
    environment = {"PYTHONSAFEPATH": "1", "DVC_NO_ANALYTICS": "1", "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own text
            [sys.executable, "-P", "-c", script, *arguments],
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            cwd=Path(sys.executable).parent,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired:
        raise NeedsDvcError(
            f"{why}; DVC did not answer within {TIMEOUT_S} s", "try again"
        ) from None
    try:
        result: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        result = {"error": "".join(words) or f"DVC ended with code {done.returncode}"}
    return result


def reasons(root: Path, stages: Iterable[Stage]) -> dict[str, tuple[Reason, ...]]:
    """What ``dvc status`` says of ``stages``."""
    stages = list(stages)
    targets = [stage.name for stage in stages]
    why = f"{targets[0]}: {stages[0].unnatural}"
    found = answer(_STATUS, str(root), *targets, why=why)
    if "error" in found:
        raise ProjectError(f"{why}; DVC says: {found['error']}", "dvc status tells the same")
    status = {name.replace(os.sep, "/"): lines for name, lines in found["status"].items()}
    return {stage.name: tuple(_reasons(stage, status.get(stage.name, []))) for stage in stages}


def _reasons(stage: Stage, lines: Iterable[Any]) -> Iterator[Reason]:
    plain = {"always changed": "always_changed", "changed command": "command"}
    for line in lines:
        if isinstance(line, str):
            yield Reason(plain.get(line, "checksum"), "", None)  # type: ignore[arg-type]
            continue
        for section, changes in line.items():
            for path, change in changes.items():
                yield from _changes(stage, section, path.replace(os.sep, "/"), change)


def _changes(stage: Stage, section: str, path: str, change: Any) -> Iterator[Reason]:
    if isinstance(change, dict):
        for key, word in change.items():
            yield Reason("param", f"{path}:{key}", word)
    elif section == "changed outs":
        yield Reason("out", path, change)
    else:
        yield Reason("param" if path in {f.path for f in stage.params} else "dep", path, change)
