"""Each stage starts quickly, says what it takes, and loads TensorFlow only when it needs it."""

import subprocess
import sys

import pytest

from tests.pipeline import material
from workshop import stages

STAGES = tuple(stage.name for stage in stages.STAGES)
HEAVY = ("tensorflow", "keras", "tf2onnx", "dvc")


@pytest.mark.parametrize("stage", STAGES)
def test_help_says_what_a_stage_takes_and_loads_nothing_heavy(stage: str) -> None:
    program = (
        "import runpy, sys\n"
        "try:\n"
        f"    runpy.run_module('pipeline.{stage}', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        f"print('loaded:', [name for name in {HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, "--help"],
        cwd=material.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"usage: python -m pipeline.{stage} " in done.stdout
    assert done.stdout.endswith("loaded: []\n")


@pytest.mark.parametrize("stage", STAGES)
def test_a_missing_path_on_the_command_line_is_told(stage: str) -> None:
    done = subprocess.run(
        material.command(stage), cwd=material.ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "the following arguments are required: --" in done.stderr
