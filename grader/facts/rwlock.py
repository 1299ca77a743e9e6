"""Whether DVC runs in a repository, by its file ``.dvc/tmp/rwlock``.

While the command of a stage runs, DVC releases its lock, and notes in that file (dvc/rwlock.py) for
each path which process writes it, and which read it. The note of a process that was killed stays.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dvcstate.documents import regular_file

_LARGEST = 2**20
# "repro" in "/opt/my programs/bin/dvc repro plot", and in "python -m dvc/__main__.py repro".
_COMMAND = re.compile(r"(?:dvc(?:\.exe|-script\.py)?|__main__\.py)[\"']? +([a-z-]+)")
_STILL_ACTIVE = 259
_LIMITED_INFORMATION = 0x1000


def running_command(repo: Path) -> str | None:
    """The command that DVC runs now in the repository that ``repo`` is in, as ``dvc repro``."""
    for folder in (repo, *repo.parents):
        if (folder / ".dvc").is_dir():
            return next(_live_commands(folder / ".dvc" / "tmp" / "rwlock"), None)
    return None


def _live_commands(path: Path) -> Iterator[str]:
    try:
        notes = json.loads(regular_file.read(path, _LARGEST))
    except (OSError, ValueError, RecursionError):  # absent, or half written
        return
    if not isinstance(notes, dict):
        return
    for mode in ("write", "read"):
        entries = notes.get(mode)
        for entry in entries.values() if isinstance(entries, dict) else ():
            for process in entry if isinstance(entry, list) else [entry]:
                if isinstance(process, dict) and _is_alive(process.get("pid")):
                    match = _COMMAND.search(str(process.get("cmd", "")))
                    yield f"dvc {match[1]}" if match else "dvc"


def _is_alive(pid: Any) -> bool:
    """Whether there is a process of that number; a number may be in use again, which is rare."""
    if not isinstance(pid, int) or not 0 < pid < 2**31:
        return False
    if sys.platform == "win32":  # where os.kill would end it
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_LIMITED_INFORMATION, False, pid)
        code = ctypes.c_ulong()
        has_code = handle and kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return bool(has_code) and code.value == _STILL_ACTIVE
    try:
        os.kill(pid, 0)
    except PermissionError:  # another user's
        return True
    except OSError:
        return False
    return True
