"""How programs end that cannot go on: no output, no folder, Ctrl-C. Never with a traceback."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.repositories import ROOT

COMMANDS = (
    ("grader", "check", "--offline"),
    ("grader", "list"),
    ("grader", "explain", "data.tracked"),
    ("grader", "hint"),
    ("grader", "watch"),
    ("grader", "doctor"),
    ("workshop", "status"),
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes outputs so")


def started(
    *words: str, shell: str = '"$@"', cwd: Path, **environment: str
) -> "subprocess.Popen[str]":
    """``python -m`` with ``words``, from within ``shell``."""
    return subprocess.Popen(
        ["sh", "-c", shell, "sh", sys.executable, "-m", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@posix
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("output", [">&-", ">/dev/full"])
def test_an_output_that_takes_nothing_is_told(
    command: tuple[str, ...], output: str, repo: Path
) -> None:
    if output == ">/dev/full" and not Path("/dev/full").exists():
        output = ">&-"  # macOS has no such device
    process = started(*command, shell=f'"$@" {output}', cwd=repo)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.startswith("error: ")
    assert errors.splitlines()[1].startswith("  fix: ")
    assert len(errors.splitlines()) == 2


@posix
@pytest.mark.parametrize(
    "command",
    [
        ("grader", "check"), ("grader", "doctor"), ("workshop", "status"), ("benchmarks", "watch"),
        ("uvicorn", "service.main:app", "--port", "1"), ("pipeline.posters", "data/raw"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_current_folder_that_was_deleted_is_told(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "deleted"
    folder.mkdir()
    process = started(*command, shell=f"rmdir '{folder}'; \"$@\"", cwd=folder)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (1, 2)
    assert "error: " in errors
    assert "Traceback" not in errors


@posix
def test_a_current_folder_that_is_deleted_while_it_is_watched_is_told(repo: Path) -> None:
    (repo / "data").rename(repo.parent / "elsewhere")
    process = started("grader", "watch", shell='exec "$@"', cwd=repo / "pipeline")
    assert process.stdout
    try:
        assert "points" in process.stdout.readline()
        shutil.rmtree(repo)
        while "next: put the folder back" not in (told := process.stdout.readline()):
            assert told, process.communicate(timeout=60)
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=60)
    assert errors == ""


@posix
@pytest.mark.parametrize(
    "words", [("check", "--repo"), ("start",)], ids=lambda words: str(words[0])
)
def test_an_interrupt_is_told_and_leaves_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    """Git waits for ever here, so that the interrupt comes while something goes on."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").write_text('#!/bin/sh\ntouch "$0.runs"\nexec sleep 60\n', "utf-8")
    (programs / "git").chmod(0o755)
    folder = tmp_path / "repo"
    if words[0] == "check":
        folder.mkdir()
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    process = started("grader", *words, str(folder), shell='exec "$@"', cwd=tmp_path, PATH=path)
    end = time.monotonic() + 60
    while not (programs / "git.runs").exists() and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith("interrupted")
    assert "Traceback" not in errors
    assert folder.exists() is (words[0] == "check")
