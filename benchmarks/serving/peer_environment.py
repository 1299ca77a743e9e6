"""A separate environment for the peers, which the project does not depend on."""

import os
import re
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

PEERS = ("bentoml==1.4.39", "litserve==0.2.19")
SHARED = ("numpy", "onnxruntime", "opencv-python-headless", "pillow", "simplejpeg")
"""In the versions of this environment: what decodes and infers is the same for all."""


def make_python(folder: Path) -> Path:
    """The Python of the environment in ``folder``; it is made at the first call."""
    packages = [*PEERS, *(f"{name}=={version(name)}" for name in SHARED)]
    contents = "\n".join(packages)
    note_path = folder / "made-of.txt"
    interpreter = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not note_path.exists() or note_path.read_text("utf-8") != contents:
        print(f"making an environment with {', '.join(PEERS)} in {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *packages], check=True)
        note_path.write_text(contents, "utf-8")
    return interpreter


def cache_dir() -> Path:
    """Where this user keeps what can be made again."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "dvc-workshop" / "benchmarks"


def versions(interpreter: Path) -> str:
    """Name and version of what serves in an environment."""
    code = (
        "from importlib.metadata import distributions as d; "
        "print(*sorted({f'{e.name.lower()} {e.version}' for e in d()}), sep='\\n')"
    )
    listed = subprocess.run(
        [interpreter, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    names = "bentoml|litserve|fastapi|starlette|uvicorn|uvloop|httptools|onnxruntime"
    return ", ".join(re.findall(rf"^((?:{names}) \S+)$", listed, re.MULTILINE))
