"""Keeps the process's memory from growing, and garbage collection from delaying requests."""

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LARGE_BYTES = 1_000_000
"""A small poster's buffers are below it, and stay allocated for the next one."""

_M_MMAP_THRESHOLD = -3  # mallopt's name for it in malloc.h


def return_large_blocks() -> None:
    """Let each block of 1 MB and more go back to the system as soon as it is free.

    glibc raises that limit with each large block that is freed, up to 32 MB, and keeps the blocks
    below it in one heap a thread, where they fragment: memory grew by 2 KB a request in 100,000
    requests of all kinds of pictures.
    """
    if mallopt := _glibc_function("mallopt"):
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


@contextmanager
def frozen_gc() -> Iterator[None]:
    """``freeze_gc`` until the end of the block."""
    freeze_gc()
    try:
        yield
    finally:
        gc.unfreeze()


def freeze_gc() -> None:
    """Return what loading freed, and exempt all present objects from garbage collection.

    The first is 5 MB after a model is loaded; a full collection of the second takes 50 ms.
    """
    if malloc_trim := _glibc_function("malloc_trim"):
        malloc_trim(0)
    gc.freeze()


def _glibc_function(name: str) -> Callable[..., int] | None:
    """A function of glibc; None elsewhere: musl has neither of these, nor the need for them."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
