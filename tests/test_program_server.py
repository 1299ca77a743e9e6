"""A stage that a server runs writes what the stage itself writes, and ends as it does."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline import material
from tests.repositories import PROGRAMS

# "5/5 - 7s - 1s/step - accuracy: 0.8810"
_TIMES = re.compile(r" - \d+s - \d+m?s/step")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("forked_dvc"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork, and so no server"),
]


def run(python: str | Path, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, "-m", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(material.ROOT)}, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip


def test_stages_give_the_same_bits(tmp_path: Path) -> None:
    material.write_raw(tmp_path / "a" / "raw", material.rows())
    material.write_params(tmp_path / "a" / "params.yaml")
    assert material.preprocess(tmp_path / "a").returncode == 0
    material.save_model(tmp_path / "a", material.colour_model())
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for stage in ("train", "evaluate", "plot"):
        words = (f"pipeline.{stage}", *material.ARGUMENTS[stage])
        itself = run(sys.executable, tmp_path / "a", *words)
        asked = run(Path(os.environ[PROGRAMS], "python"), tmp_path / "b", *words)
        assert (asked.returncode, asked.stderr) == (itself.returncode, itself.stderr) == (0, "")
        assert _TIMES.sub("", asked.stdout) == _TIMES.sub("", itself.stdout)
    assert material.files(tmp_path / "b") == material.files(tmp_path / "a")


def test_an_error_is_told_as_the_stage_tells_it(tmp_path: Path) -> None:
    words = ("pipeline.train", *material.TRAIN)
    itself = run(sys.executable, tmp_path, *words)
    asked = run(Path(os.environ[PROGRAMS], "python"), tmp_path, *words)
    assert itself.returncode == 1
    assert (asked.returncode, asked.stderr) == (itself.returncode, itself.stderr)
