"""Keeps memory from growing, and its garbage collection from keeping anybody waiting."""

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LARGE = 1_000_000
"""In bytes; what a small poster takes is less, and stays for the next one."""

_M_MMAP_THRESHOLD = -3  # malloc.h


def give_back_large_blocks() -> None:
    """Let each block of 1 MB and more go back to the system as soon as it is free.

    By itself the C library of most Linux systems keeps ever larger ones, in a heap a thread, where
    they are torn to pieces: some 2 KB a request in 100,000 requests of all kinds of pictures.
    """
    if mallopt := _of_glibc("mallopt"):
        mallopt(_M_MMAP_THRESHOLD, LARGE)


@contextmanager
def settled() -> Iterator[None]:
    """``settle``, until the end."""
    settle()
    try:
        yield
    finally:
        gc.unfreeze()


def settle() -> None:
    """Give back what loading took, and leave what is there now out of garbage collection.

    The first is 5 MB of a model's making; to walk the second would take 50 ms each time.
    """
    if malloc_trim := _of_glibc("malloc_trim"):
        malloc_trim(0)
    gc.freeze()


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function of Linux' usual C library; musl has none of these, and no need."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
