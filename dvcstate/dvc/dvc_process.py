"""DVC itself, in a process of its own that the repository cannot put code into.

``python -P`` keeps what lies in the repository off the import path. What runs there are the
programs in ``dvc_programs``, which print JSON.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from dvcstate.errors import NeedsDvcError

TIMEOUT_S = 60  # to import DVC and to resolve takes 1 s; a laptop that wakes up takes longer
ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",  # as -P, for the processes that DVC starts
    "DVC_NO_ANALYTICS": "1",
    "PYTHONIOENCODING": "utf-8",  # Windows would write names in the system's code page
}


def command(program: str) -> list[str]:
    """What starts one of ``dvc_programs``; its arguments follow."""
    path = Path(__file__).parent / "dvc_programs" / f"{program}.py"
    return [sys.executable, "-P", str(path)]


def run(program: str, *arguments: str, why: str) -> dict[str, Any]:
    """What ``program`` prints; a NeedsDvcError, which says ``why`` DVC is needed, if nothing."""
    if importlib.util.find_spec("dvc") is None:
        raise NeedsDvcError(
            f"{why}, which only DVC can tell, and DVC is not installed here",
            "pip install dvc, in the environment that this program runs in",
        )
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [*command(program), *arguments],
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            cwd=Path(sys.executable).parent,  # not the repository, whose files would be imported
            env={**os.environ, **ENVIRONMENT},
        )
    except subprocess.TimeoutExpired:
        late = f"{why}; DVC did not answer within {TIMEOUT_S} s"
        raise NeedsDvcError(late, "try again") from None
    try:
        result: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last_line = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        result = {"error": "".join(last_line) or f"DVC ended with code {done.returncode}"}
    return result
