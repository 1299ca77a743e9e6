"""The embedded data set as rows and bytes: posters numbered from 0, and the dirt among them.

Poster k, its row and its dirt depend on k alone, so that a larger collection begins with the
smaller one. The bytes are the same on Linux, macOS and Windows, x86-64 and ARM, since their hash is
committed in ``data/raw.dvc``. What draws them therefore keeps to what cannot differ in the last
bit: integers, raw draws of PCG64, Pillow's integer operations (paste, BOX and BILINEAR resizing,
reduce, BoxBlur), its embedded font, and its JPEG encoder. Not used: sines, logarithms and powers,
sums of floats, normal draws, OpenCV, Pillow's polygons, system fonts, the order of a set, ``hash``.

Compared and found equal, all 800: x86-64 with and without SIMD, aarch64 (under QEMU). And 60 of
them: CPython 3.11 to 3.13 with numpy 2.4.6 and 2.5.5.
"""

import io
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from PIL import Image

from pipeline.posters.artwork.briefs import Brief, brief
from pipeline.posters.artwork.chance import Chance
from pipeline.posters.artwork.poster import draw
from pipeline.shared.raw import GENRES

SEED = 2026
QUALITY = 80

UNLABELLED = 4
"""The poster whose only genre is "N/A"."""

TINY = 7
"""The poster of which there is a thumbnail only."""

TINY_SIZE = (12, 18)

UNREADABLE = 11
"""The poster in whose place an error page was saved."""

ERROR_PAGE = b"<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>No such poster</h1>\n"

COPIED, COPY = 12, 13
"""A poster, and another Id with the same bytes and other genres."""

REPEATED, REPEATED_AFTER = 15, 16
"""The poster whose row stands in the table twice, the second time after this one's."""

SMALLEST = 20
"""Posters that there must be for all of the dirt to be among them."""

IN_PROCESS = 40
"""Posters up to which it is quicker to draw them here than to start other processes."""


def identifier(index: int) -> str:
    """The Id of poster ``index``, which is also its file's name without ``.jpg``."""
    return f"gp{index:06d}"


def table(count: int) -> str:
    r"""The text of ``train.csv`` for the first ``count`` posters, with ``\n`` ends of line."""
    rows = [",".join(("Id", "Genre", *GENRES))]
    for index in range(count):
        rows.append(_row(index))
        if index == REPEATED_AFTER:
            rows.append(_row(REPEATED))
    return "\n".join(rows) + "\n"


def picture(index: int) -> bytes:
    """The bytes of poster ``index``'s file: a JPEG, but for the one that is dirt."""
    if index == UNREADABLE:
        return ERROR_PAGE
    if index == COPY:
        index = COPIED
    image = draw(_brief(index), Chance(SEED, index, 1))
    if index == TINY:
        image = image.resize(TINY_SIZE, Image.Resampling.BOX)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()


def pictures(count: int, processes: int | None = None) -> Iterator[bytes]:
    """The bytes of the first ``count`` posters' files in order, drawn by several processes."""
    processes = processes or min(os.cpu_count() or 1, 8)
    if processes == 1 or count <= IN_PROCESS:
        yield from map(picture, range(count))
        return
    # An interrupt is for this process to deal with: it lets the workers end between two posters.
    # They inherit that they ignore it; on Windows they are told once they have started.
    workers = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        with _interrupts_ignored():
            drawn = workers.map(picture, range(count), chunksize=10)
        yield from drawn
    finally:
        workers.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _brief(index: int) -> Brief:
    return brief(Chance(SEED, index, 0))


def _row(index: int) -> str:
    labels = ("N/A",) if index == UNLABELLED else _brief(index).labels
    literal = str(list(labels))
    quoted = f'"{literal}"' if len(labels) > 1 else literal
    flags = ["1" if genre in labels else "0" for genre in GENRES]
    return ",".join((identifier(index), quoted, *flags))
