"""What can go wrong in a stage that its user can mend, and how a stage tells it.

PipelineError            printed in two lines: what is wrong and where, what to do
├── ParamsError          params.yaml
├── DatasetError         the posters or the table under data/raw, or the splits made of them
└── ModelError           the weights, the history or the ONNX file
"""

import errno
import io
import sys
from collections.abc import Callable

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
"""An OSError's ``errno`` when there is no space left, on the disk or for this user."""


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


def exit_code(main: Callable[[], None]) -> int:
    """Run ``main`` and return its exit code, telling a user's mistake without a traceback.

    1 for what a user can mend (a PipelineError, a full disk, a path that cannot be read or
    written), 130 for an interrupt, as shells do. A bug still shows its traceback. What stdout has
    no letters for, such as a path, it gets escaped, as stderr does.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        main()
    except PipelineError as error:
        return _told(error.problem, error.fix, 1)
    except KeyboardInterrupt:
        return _told("interrupted; nothing half-written was kept", "run the command again", 130)
    except OSError as error:
        if error.errno in NO_SPACE:
            return _told(f"the disk is full ({_where(error)})", "free some space, run it again", 1)
        return _told(f"{error.strerror or error} ({_where(error)})", "check that path", 1)
    return 0


def _where(error: OSError) -> str:
    return str(error.filename) if error.filename else "no file named"


def _told(problem: str, fix: str, code: int) -> int:
    sys.stderr.write(f"\nerror: {problem}\n  fix: {fix}\n")
    return code
