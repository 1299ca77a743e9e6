"""`make env`: the environment is made again where the stamp of the last time says too little."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repositories import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("make") is None, reason="there is no make here"
)
INSTALL = "-m pip install --require-hashes -r requirements.txt"


def typed(folder: Path) -> str:
    """What ``make env`` would type."""
    command = ["make", "--dry-run", f"PYTHON={sys.executable}", "env"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout whose environment is there."""
    folder = tmp_path / "a checkout"
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    (programs / "python").symlink_to(sys.executable)
    (programs / "activate").write_text(f'VIRTUAL_ENV="{folder}/.venv"\n', "utf-8")
    sums = ["cksum", "requirements.txt", "pyproject.toml"]
    done = subprocess.run(sums, cwd=folder, check=True, capture_output=True)
    (folder / ".venv" / "installed").write_bytes(done.stdout)
    return folder


def lose_python(folder: Path) -> None:
    python = folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(folder / "gone")


def be_moved(folder: Path) -> None:
    activate = folder / ".venv" / "bin" / "activate"
    activate.write_text('VIRTUAL_ENV="/elsewhere/.venv"\n', "utf-8")


def change_older(folder: Path) -> None:
    """As an archive, or ``cp -p``, brings an older file."""
    path = folder / "requirements.txt"
    path.write_text(path.read_text("utf-8") + "# more\n", "utf-8")
    os.utime(path, (0, 0))


def newer(folder: Path) -> None:
    os.utime(folder / "pyproject.toml", (4e9, 4e9))


def old_stamp(folder: Path) -> None:
    (folder / ".venv" / "installed").write_text("", "utf-8")


def test_what_is_installed_stays(project: Path) -> None:
    assert "pip install" not in typed(project)


@pytest.mark.parametrize(
    ("change", "is_cleared"),
    [
        (lose_python, True),
        (be_moved, True),
        (change_older, False),
        (newer, False),
        (old_stamp, False),
    ],
)
def test_a_stamp_that_says_too_little_is_not_trusted(
    project: Path, change: Callable[[Path], None], is_cleared: bool
) -> None:
    change(project)
    text = typed(project)
    assert INSTALL in text
    assert ("-m venv --clear .venv" in text) is is_cleared


def test_a_fresh_clone_gets_an_environment(project: Path) -> None:
    shutil.rmtree(project / ".venv")
    assert INSTALL in typed(project)
