"""A folder for a benchmark, which is removed at its end though a program still writes into it."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_ATTEMPTS = 50
_PAUSE_S = 0.1


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """The folder, gone after the block, or five seconds later where a program fills it for ever.

    DVC starts none that outlives its command: it asks for a newer version of itself in one, and
    writes down that it has asked.
    """
    os.environ["DVC_DAEMON"] = "1"  # dvc/daemon.py
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        yield folder
    finally:
        for _ in range(_ATTEMPTS):
            # "Directory not empty" where a file came after the folder was listed.
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(_PAUSE_S)
