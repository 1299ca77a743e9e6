"""How the camera was held, and the picture turned upright."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Order = Literal["little", "big"]
_EXIF = b"Exif\0\0"
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0")
"""Programs that write the other order's 42 are read by Pillow too."""
_INTEGER_SIZES = {3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4}
"""In bytes, by the type: SHORT, LONG, SBYTE, SSHORT, SLONG and IFD (TIFF 6.0, section 2)."""


@dataclass(frozen=True)
class StoredPicture:
    """A picture as its file stores it, (height, width, 3), and how the camera was held, 1 to 8.

    It is turned as late as possible: to turn 20 Mpx takes 60 MB, to turn what they are resized to
    next to nothing.
    """

    pixels: NDArray[np.uint8]
    orientation: int = 1

    def in_stored_order(self, size: tuple[int, int]) -> tuple[int, int]:
        """The (height, width) at which these pixels are of ``size`` once they are upright."""
        return size_in_stored_order(size, self.orientation)

    def upright(self) -> NDArray[np.uint8]:
        """The pixels as they are meant to be seen; OpenCV turns large ones faster than NumPy."""
        turn = _TURNS.get(self.orientation)
        return turn(self.pixels) if turn else self.pixels


def size_in_stored_order(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """``size``, (height, width), with its sides exchanged where ``orientation`` does so."""
    return size[::-1] if orientation >= 5 else size


def read_orientation(exif: bytes) -> int:
    """How the camera was held, 1 to 8, from the first directory of an EXIF block (EXIF 2.3, 4.6.2).

    As Pillow's exif_transpose: it should be one SHORT, but any integer is read except bytes, and
    the first of several. Browsers take a SHORT alone. Read here and not by Pillow, which takes ten
    times as long and warns of odd blocks.
    """
    tiff = exif
    while tiff.startswith(_EXIF):  # some programs write it twice
        tiff = tiff[len(_EXIF) :]
    if tiff[:4] not in _TIFF_STARTS:
        return 1
    order: Order = "little" if tiff[:1] == b"I" else "big"
    start = int.from_bytes(tiff[4:8], order)
    entries = int.from_bytes(tiff[start : start + 2], order)
    # An entry has 12 bytes: its tag, its type, how many values, and the value.
    for place in range(start + 2, min(start + 2 + 12 * entries, len(tiff)), 12):
        if int.from_bytes(tiff[place : place + 2], order) == 0x0112:
            value = _read_integer(tiff, place, order)
            return value if 1 <= value <= 8 else 1
    return 1


def _read_integer(tiff: bytes, place: int, order: Order) -> int:
    """The first value of the entry at ``place``; 0 where it has none, or is no integer."""
    size = _INTEGER_SIZES.get(int.from_bytes(tiff[place + 2 : place + 4], order), 0)
    count = int.from_bytes(tiff[place + 4 : place + 8], order)
    start = place + 8
    if size * count > 4:  # too long for the entry: there is the place of the values
        start = int.from_bytes(tiff[start : start + 4], order)
    return int.from_bytes(tiff[start : start + size], order) if count else 0


_TURNS: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.flip(pixels, -1),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: lambda pixels: cv2.transpose(pixels),
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.transpose(cv2.flip(pixels, -1)),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
