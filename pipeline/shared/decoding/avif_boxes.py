"""AVIF: its boxes (ISO 14496-12 and 23008-12), as far as they tell its size."""

import struct
from collections.abc import Iterator

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.image_errors import BrokenImage

_BOX = struct.Struct(">I4s")
_BRANDS = (b"avif", b"avis")
_PATH = ((b"meta", 4), (b"iprp", 0), (b"ipco", 0))
"""The boxes, each in the one before it, down to the properties of the pictures; and how many bytes
of version and flags each has before the boxes in it."""
MAX_BOXES = 10_000
"""In one box: a picture in 256 tiles has some hundred properties."""


def is_avif(data: bytes) -> bool:
    """Whether the first box names a brand of AVIF, as its own or among those that it fits."""
    end = int.from_bytes(data[:4], "big")
    if data[4:8] != b"ftyp" or end > 1000:
        return False
    return any(data[place : place + 4] in _BRANDS for place in (8, *range(16, end, 4)))


def bare_avif(data: bytes) -> BareImage:
    """An AVIF as it is, with the size of its largest part; libavif reads its orientation itself."""
    place, end = 0, len(data)
    for name, skipped in _PATH:
        boxes = {box: (start, stop) for box, start, stop in _boxes(data, place, end)}
        if name not in boxes:
            raise BrokenImage("the AVIF ends before its header, or has none")
        place, end = boxes[name][0] + skipped, boxes[name][1]
    sizes = [
        struct.unpack_from(">2I", data, start + 4)[::-1]
        for box, start, stop in _boxes(data, place, end)
        if box == b"ispe" and stop - start >= 12
    ]
    if not sizes:
        raise BrokenImage("the AVIF does not say how large it is")
    return BareImage(data, max(sizes, key=lambda size: size[0] * size[1]))


def _boxes(data: bytes, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The name of each box from ``place`` on, and where what is in it starts and ends."""
    for _ in range(MAX_BOXES):
        if place + 8 > end:
            return
        length, name = _BOX.unpack_from(data, place)
        start = place + 8
        if length == 1:  # the length follows, in 8 bytes
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        elif length == 0:  # to the end
            length = end - place
        if length < start - place:
            return
        yield name, start, min(place + length, end)
        place += length
