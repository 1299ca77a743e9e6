"""The locks of DVC in a repository: another command of DVC at work, for which ``dvc status`` stops.

While it reads and writes its own files, DVC holds ``.dvc/tmp/lock``. While the command of a stage
runs, it releases it, and notes in ``.dvc/tmp/rwlock`` (dvc/rwlock.py) for each path which process
writes it, and which read it. The note of a process that was killed stays.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dvcstate.documents import regular_file
from dvcstate.model import DvcLock

_LARGEST = 2**20
_LOCK, _RWLOCK = ".dvc/tmp/lock", ".dvc/tmp/rwlock"
# "repro" in "/opt/my programs/bin/dvc repro plot", and in "python -m dvc/__main__.py repro".
_COMMAND = r"(?:dvc(?:\.exe|-script\.py)?|__main__\.py)[\"']? +([a-z-]+)"
_STILL_ACTIVE = 259
_LIMITED_INFORMATION = 0x1000


def held(root: Path) -> tuple[DvcLock, ...]:
    """Each lock that stops DVC now in the repository whose root is ``root``."""
    commands = dict.fromkeys((*running_commands(root), *_holder(root / _LOCK)))
    return tuple(commands) or tuple(_damage(root / _RWLOCK))


def running_commands(root: Path) -> Iterator[DvcLock]:
    """The commands that run stages now: by ``rwlock``, where their processes are alive."""
    try:
        notes = _read_notes(root / _RWLOCK)
    except ValueError:
        return
    for mode in ("write", "read"):
        entries = notes.get(mode)
        for entry in entries.values() if isinstance(entries, dict) else ():
            for process in entry if isinstance(entry, list) else [entry]:
                if isinstance(process, dict) and _is_alive(process.get("pid")):
                    match = re.search(_COMMAND, str(process.get("cmd", "")))
                    command = f"dvc {match[1]}" if match else "dvc"
                    yield DvcLock(_RWLOCK, command, process["pid"])


def written_paths(root: Path) -> frozenset[str]:
    """The paths that processes which are alive write now, as ``rwlock`` has them: absolute.

    While the command of a stage runs, these are its outs (dvc/stage/decorators.py, rwlocked).
    """
    try:
        entries = _read_notes(root / _RWLOCK).get("write")
    except ValueError:
        return frozenset()
    if not isinstance(entries, dict):
        return frozenset()
    return frozenset(
        path
        for path, process in entries.items()
        if isinstance(process, dict) and _is_alive(process.get("pid"))
    )


def _read_notes(path: Path) -> dict[str, Any]:
    """What ``rwlock`` says, nothing where there is none; a ValueError where DVC ends at it."""
    try:
        notes = json.loads(regular_file.read(path, _LARGEST))
    except OSError:
        return {}
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(notes, dict):
        raise ValueError("no mapping")
    return notes


def _damage(path: Path) -> Iterator[DvcLock]:
    try:
        _read_notes(path)
    except ValueError:
        yield DvcLock(_RWLOCK, None, None)


def _holder(path: Path) -> Iterator[DvcLock]:
    """Whoever holds ``lock``: DVC writes its process into it and leaves the file behind.

    Where ``core.hardlink_lock`` is set, there is a file only while it is held, and no number in it.
    """
    try:
        content = regular_file.read(path, _LARGEST).strip()
    except PermissionError:  # on Windows, what is locked cannot be read
        yield DvcLock(_LOCK, "dvc", None)
        return
    except OSError:
        return
    if content and not content.isdigit():
        yield DvcLock(_LOCK, "dvc", None)
    elif content and _is_alive(pid := int(content[:20])) and _is_locked(path):
        yield DvcLock(_LOCK, "dvc", pid)


def _is_locked(path: Path) -> bool:
    """Whether a process holds a lock on the file; asked only where it is likely, and at once.

    A lock for reading, which is held for some microseconds: DVC tries again half a second later.
    """
    if sys.platform == "win32":
        return False  # it has been read
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | regular_file.FLAGS)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)  # and releases it
    return False


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
