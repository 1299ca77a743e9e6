"""`grader check --run-code`: code that does not end, or that ends its process."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from grader.finding import UnknownError
from grader.gaps import run as gap_run
from grader.gaps.run import Answer, run_gaps
from grader.step import Note
from tests.repositories import ROOT

FUNCTION = "counts"
FILE = "pipeline/shared/scores.py"
ENDLESS = """\
import os, subprocess, sys, time
from pathlib import Path
def counts(labels, chosen):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("own.txt").write_text(f"{os.getpid()} {child.pid}")
    Path("own.txt").rename("pids.txt")
    while True:
        pass
"""
NOISE = "import os, sys\nsys.stderr.write('I0000 oneDNN custom operations are on\\n')\n"


def project(folder: Path, code: str) -> Path:
    """A repository of which only the code with the gap is there."""
    path = folder / FILE
    path.parent.mkdir(parents=True)
    for package in (path.parent, path.parent.parent):
        (package / "__init__.py").touch()
    path.write_text(code, "utf-8")
    return folder


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether the process has not ended; its parent may not have asked for its code yet."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pids(folder: Path) -> list[int]:
    """The process that runs the code, and what the code started."""
    wait_until((folder / "pids.txt").exists)
    return [int(word) for word in (folder / "pids.txt").read_text("utf-8").split()]


def told(answers: object) -> tuple[str, str]:
    assert isinstance(answers, UnknownError)
    texts = [step.text for step in answers.steps if isinstance(step, Note)]
    return answers.problem, " ".join(texts)


def test_code_without_an_end_is_told_while_it_runs_and_stopped_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_run, "_REPORT_S", 0.2)
    lines: list[str] = []

    def report(line: str) -> None:
        """However slow the machine is, the time is over only after the code has begun."""
        lines.append(line)
        if (tmp_path / "pids.txt").exists():
            monkeypatch.setattr(gap_run, "_LIMIT_S", 0.0)

    problem, advice = told(run_gaps(project(tmp_path, ENDLESS), FUNCTION, report))
    assert problem == f"counts of {FILE} did not end within 0 s, and was stopped"
    assert advice == "look for a loop that has no end"
    assert lines[0] == f"gap evaluate: counts of {FILE} runs, 0 s of at most 180"
    assert len(lines) > 1
    assert len(pids(tmp_path)) == 2
    wait_until(lambda: not any(map(is_running, pids(tmp_path))))


def test_ctrl_c_stops_the_code_and_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_run, "_REPORT_S", 0.1)

    def interrupt(_line: str) -> None:
        if (tmp_path / "pids.txt").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_gaps(project(tmp_path, ENDLESS), FUNCTION, interrupt)
    wait_until(lambda: not any(map(is_running, pids(tmp_path))))


def test_the_code_ends_with_a_grader_that_is_killed(tmp_path: Path) -> None:
    project(tmp_path, ENDLESS)
    code = "import pathlib, sys; from grader.gaps.run import run_gaps; " + (
        f"run_gaps(pathlib.Path(sys.argv[1]), {FUNCTION!r}, print)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    ) as grader:
        running = pids(tmp_path)
        assert all(map(is_running, running))
        grader.kill()
    wait_until(lambda: not any(map(is_running, running)))


@pytest.mark.parametrize("code", [0, 7])
def test_code_that_ends_its_process_is_told_and_not_what_tensorflow_logs(
    code: int, tmp_path: Path
) -> None:
    text = f"{NOISE}def counts(labels, chosen):\n    os._exit({code})\n"
    problem, advice = told(run_gaps(project(tmp_path, text), FUNCTION, lambda _line: None))
    assert problem == f"counts of {FILE} ended by itself with code {code} before it was done"
    assert "os._exit" in advice


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_signal_that_ends_the_code_is_named(tmp_path: Path) -> None:
    text = f"{NOISE}def counts(labels, chosen):\n    os.kill(os.getpid(), 9)\n"
    problem, _ = told(run_gaps(project(tmp_path, text), FUNCTION, lambda _line: None))
    assert problem == f"counts of {FILE} was ended by signal 9 (Killed) before it was done"


@pytest.mark.parametrize(
    ("line", "actual"),
    [
        ("sys.exit(3)", "SystemExit: 3"),
        ("return input()", "EOFError: EOF when reading a line"),
        ("print('a line of its own'); return 1", "AttributeError: 'int' object has no attribute"),
    ],
)
def test_what_the_code_raises_reads_and_prints_is_its_answer(
    line: str, actual: str, tmp_path: Path
) -> None:
    text = f"import sys\ndef counts(labels, chosen):\n    {line}\n"
    answers = run_gaps(project(tmp_path, text), FUNCTION, lambda _line: None)
    assert not isinstance(answers, UnknownError)
    answer = answers["evaluate"]
    assert isinstance(answer, Answer)
    assert answer.expected == "an answer"
    assert answer.actual.startswith(actual)


def test_a_program_that_cannot_begin_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program.py"
    program.write_text("import nothing_of_that_name\n", "utf-8")
    monkeypatch.setattr(gap_run, "_PROGRAM", program)
    problem, _ = told(run_gaps(tmp_path, FUNCTION, lambda _line: None))
    assert problem == (
        "the code in the gaps could not be run:"
        " ModuleNotFoundError: No module named 'nothing_of_that_name'"
    )
