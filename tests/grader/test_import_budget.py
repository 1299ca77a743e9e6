"""What a static check of a finished repository does not load: a third of it is imports.

A name that appears here again is 1 to 60 ms in each ``grader check``; import it in the function
that needs it.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.repositories import ROOT, copy_folder

# The names that `python -X importtime` writes: "import time:       120 |        480 |   difflib"
_LOADED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+([\w.]+)$", re.MULTILINE)
_FOR_MISTAKES = ("difflib", "heapq", "tarfile", "zipfile", "grader.code.param_keys")
_FOR_REMOTES = ("socket", "ssl", "http", "email", "urllib.request", "fsspec", "multiprocessing",
                "dvc", "dvc_objects", "dvc_data", "asyncio")  # fmt: skip
_FOR_OTHERS = ("importlib.metadata", "concurrent.futures", "ruamel", "pathspec", "dulwich.repo",
               "rich", "watchfiles", "jsonschema", "pydantic", "fastapi", "click", "numpy",
               "onnxruntime", "PIL", "workshop.start", "workshop.commands", "grader.watch",
               "grader.doctor", "grader.hint", "grader.output.junit", "grader.output.report_json",
               "service", "bucket", "pipeline")  # fmt: skip


@pytest.fixture(scope="module")
def loaded(finished_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that the second check loads: the first one parses code and hashes objects."""
    folder = tmp_path_factory.mktemp("aged") / "room"
    copy_folder(finished_folder, folder)
    for path in folder.rglob("*"):  # what is a second old is hashed again: it may change yet
        os.utime(path, (time.time() - 3600, time.time() - 3600), follow_symlinks=False)
    command = [sys.executable, "-X", "importtime", "-m", "grader", "check", "--offline"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        done = subprocess.run(
            command, cwd=folder / "repo", env=environment, capture_output=True,
            encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
    return set(_LOADED.findall(done.stderr))


def test_a_check_of_a_finished_repository_loads_the_checks(loaded: set[str]) -> None:
    assert {"grader.checks.runs", "grader.engine.runner", "grader.output.human"} <= loaded


@pytest.mark.parametrize("name", [*_FOR_MISTAKES, *_FOR_REMOTES, *_FOR_OTHERS])
def test_a_check_of_a_finished_repository_does_without(name: str, loaded: set[str]) -> None:
    assert [each for each in loaded if each == name or each.startswith(f"{name}.")] == []
