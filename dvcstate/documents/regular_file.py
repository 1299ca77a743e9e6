"""The bytes of a file that anybody may have put there: read without a wait, and with a limit.

A pipe or a device in the place of a file would be read for ever; a file of gigabytes fills the
memory. Everything of a project that is read whole is read here.
"""

import os
import stat
from pathlib import Path

# O_NONBLOCK: to open a pipe that nobody writes into would wait for a writer.
FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class UnusableFileError(OSError):
    """No regular file, or one too large; its ``strerror`` goes on from the name of the file."""

    strerror: str

    def __init__(self, problem: str) -> None:
        super().__init__(0, problem)


def read(path: Path | str, at_most: int, null_is_empty: bool = True) -> bytes:
    """The content of the file ``path``; an OSError, such as UnusableFileError, says why not.

    ``null_is_empty``: with the null device git and DVC are told to read no settings.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | FLAGS)
    except ValueError:  # a NUL in the name
        raise FileNotFoundError(2, "No such file or directory") from None
    try:
        status = os.fstat(descriptor)
        if null_is_empty and is_null_device(status):
            return b""
        if not stat.S_ISREG(status.st_mode):
            raise UnusableFileError("is a folder" if stat.S_ISDIR(status.st_mode) else "is no file")
        if status.st_size > at_most:
            raise UnusableFileError(_too_large(at_most))
        with os.fdopen(os.dup(descriptor), "rb") as file:
            content = file.read(at_most + 1)
    finally:
        os.close(descriptor)
    if len(content) > at_most:  # it has grown meanwhile, or is a file of /proc, of size 0
        raise UnusableFileError(_too_large(at_most))
    return content


def is_null_device(status: os.stat_result) -> bool:
    """Whether this is ``/dev/null``."""
    return stat.S_ISCHR(status.st_mode) and os.path.samestat(status, os.stat(os.devnull))


def _too_large(at_most: int) -> str:
    size = f"{at_most // 2**20} MB" if at_most >= 2**20 else f"{at_most // 2**10} kB"
    return f"is larger than {size}, which is no file of this kind"
