"""What takes long to make, made by one process for all that run tests at the same time."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

_TIMEOUT_S = 600


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder ``name``, which ``make`` fills, in whichever process asks for it first.

    The others wait for it. All share it: a test that changes something copies it before.
    """
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = root / name, root / f"{name}.done"
    deadline = time.monotonic() + _TIMEOUT_S
    while not done.exists():
        assert time.monotonic() < deadline, f"{folder} is not made in {_TIMEOUT_S} s"
        try:
            folder.mkdir()
        except FileExistsError:
            time.sleep(0.1)
            continue
        try:
            make(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # so that the others need not wait
            raise
        done.touch()
    return folder
