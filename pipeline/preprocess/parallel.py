"""The same work on many items, on every core, with a progress bar."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2
from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_items(
    work: Callable[[Item], Result], items: Sequence[Item], label: str
) -> Iterator[Result]:
    """Yield ``work(item)`` for each of ``items``, in their order, while ``label`` shows progress.

    Threads serve: decoding, resizing and encoding release Python's lock. OpenCV keeps to one
    thread each, or the two kinds of threads would compete for the cores.
    """
    cv2.setNumThreads(1)
    executor = ThreadPoolExecutor(os.cpu_count())
    results = executor.map(work, items)
    try:
        yield from tqdm(results, label, len(items), unit=" posters", leave=False, disable=None)
    finally:
        executor.shutdown(cancel_futures=True)  # after an interrupt or an error, no more is begun
