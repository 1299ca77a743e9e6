"""Keeps the memory that large pictures took from staying with the process."""

import ctypes
import sys

LARGE = 1_000_000
"""In bytes; what a small poster takes is less, and stays for the next one."""

_M_MMAP_THRESHOLD = -3  # malloc.h


def give_back_large_blocks() -> None:
    """Let each block of 1 MB and more go back to the system as soon as it is free.

    By itself the C library of most Linux systems keeps ever larger ones, in a heap a thread, where
    they are torn to pieces: some 2 KB a request in 100,000 requests of all kinds of pictures.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none, and no need
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, LARGE)
