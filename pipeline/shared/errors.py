"""What can go wrong in a stage that its user can mend, and how a stage tells it.

PipelineError            printed in two lines: what is wrong and where, what to do
├── ParamsError          params.yaml
├── DatasetError         the posters or the table under data/raw, or the splits made of them
└── ModelError           the weights, the history or the ONNX file
"""

import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
"""An OSError's ``errno`` when there is no space left, on the disk or for this user."""
INTERRUPTED = ("interrupted; nothing half-written was kept", "run the command again", 130)
"""What is told of Ctrl-C; 130 is the exit code that shells give it."""
TENSORFLOW = {"keras", "tensorflow", "tf2onnx"}


class PipelineError(Exception):
    """Something a user can mend: ``problem`` says what and where, ``fix`` what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


class ParamsError(PipelineError):
    """A value in params.yaml is absent, of the wrong type or out of its range."""


class DatasetError(PipelineError):
    """The table or the images of a data set are not what the stage can work with."""


class ModelError(PipelineError):
    """The weights, the training history or the ONNX file are not what the stage expects."""


def watch_start() -> None:
    """Tell Ctrl-C and a package that is missing, from here on: a stage's imports take a second.

    For a module that runs as a program, before it imports what is heavy. Until ``exit_code``
    runs, nothing is being written, so that Ctrl-C may end the process at once.
    """
    sys.excepthook = _report_missing_package
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # and not ignored: nohup
        signal.signal(signal.SIGINT, _exit_at_once)


def exit_code(main: Callable[[], None]) -> int:
    """Run ``main`` and return its exit code, telling a user's mistake without a traceback.

    1 for what a user can mend (a PipelineError, a full disk, a path that cannot be read or
    written, a package that is missing), 130 for an interrupt, as shells do. A bug still shows its
    traceback. After ``watch_start``, Ctrl-C no longer counts once ``main`` has ended. What stdout
    has no letters for, such as a path, is escaped there, as it is on stderr.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # Windows' older consoles lack "…", too
        sys.stdout.reconfigure(errors="backslashreplace")
    watched = signal.getsignal(signal.SIGINT) is _exit_at_once
    try:
        try:
            if watched:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            main()
        finally:
            if watched:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
    except PipelineError as error:
        return _report(error.problem, error.fix, 1)
    except KeyboardInterrupt:
        return _report(*INTERRUPTED)
    except ModuleNotFoundError as error:
        if not _is_package(error):
            raise
        return _report(*_missing_package(error), 1)
    except OSError as error:
        if error.errno in NO_SPACE:
            return _report(
                f"the disk is full ({_path_of(error)})", "free some space, run it again", 1
            )
        return _report(f"{error.strerror or error} ({_path_of(error)})", "check that path", 1)
    return 0


@contextmanager
def leave_at_interrupt(terminal: int = 2) -> Iterator[None]:
    """Let Ctrl-C end the process at once, told on ``terminal``; for where nothing is written.

    An exception would not do in TensorFlow: raised in one of its callbacks or finalizers, it
    comes out as another, or not at all.
    """
    before = signal.signal(signal.SIGINT, lambda *_: _exit_at_once(terminal=terminal))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _exit_at_once(*_: object, terminal: int = 2) -> None:
    problem, fix, code = INTERRUPTED
    os.write(terminal, _lines(problem, fix).encode())
    os._exit(code)


def _report_missing_package(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if isinstance(error, ModuleNotFoundError) and _is_package(error):
        _report(*_missing_package(error), 1)
    else:
        sys.__excepthook__(kind, error, traceback)


def _is_package(error: ModuleNotFoundError) -> bool:
    """Whether what is missing is to be installed, and no slip in the code or in Python itself."""
    name = _package(error)
    return name not in ("", "pipeline") and name not in sys.stdlib_module_names


def _missing_package(error: ModuleNotFoundError) -> tuple[str, str]:
    """The problem and its fix."""
    fix = "activate the environment: source .venv/bin/activate; make env makes it"
    if sys.platform == "win32":
        fix = r"activate the environment: .venv\Scripts\activate; README.md tells how it is made"
    if _package(error) in TENSORFLOW:
        fix += " (no TensorFlow exists for Macs with an Intel processor and Windows on ARM)"
    name = "TensorFlow" if _package(error) in TENSORFLOW else f"the package {_package(error)}"
    return f"{name} is not installed in the environment of {sys.executable}", fix


def _package(error: ModuleNotFoundError) -> str:
    return (error.name or "").partition(".")[0]


def _path_of(error: OSError) -> str:
    return str(error.filename) if error.filename else "no file named"


def _report(problem: str, fix: str, code: int) -> int:
    sys.stderr.write(_lines(problem, fix))
    return code


def _lines(problem: str, fix: str) -> str:
    return f"\nerror: {problem}\n  fix: {fix}\n"
