"""The boxes of an AVIF (ISO 14496-12), which hold each other."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pipeline.shared.decoding.image_errors import BrokenImage

_BOX = struct.Struct(">I4s")
_BRANDS = (b"avif", b"avis")
MAX_BOXES = 2_000
"""In one box: a picture in 256 tiles has some hundred properties."""


@dataclass(frozen=True)
class Box:
    """A box's name, and where what is in it starts and ends."""

    name: bytes
    start: int
    end: int


def is_avif(data: bytes) -> bool:
    """Whether the first box names a brand of AVIF, as its own or among those that it fits."""
    end = int.from_bytes(data[:4], "big")
    if data[4:8] != b"ftyp" or end > 1000:
        return False
    return any(data[place : place + 4] in _BRANDS for place in (8, *range(16, end, 4)))


def is_sequence(data: bytes) -> bool:
    """Whether an AVIF calls itself a sequence, and has frames."""
    return data[8:12] == b"avis" and any(box.name == b"moov" for box in top_boxes(data))


def find_box(boxes: Iterable[Box], name: bytes) -> Box:
    """The first box of ``name``."""
    for box in boxes:
        if box.name == name:
            return box
    raise BrokenImage("the AVIF ends before its header, or has none")


def find_inner_box(data: bytes, box: Box, *names: bytes) -> Box:
    """The first box of the last name, in the first of the name before it, and so on."""
    for name in names:
        box = find_box(boxes_in(data, box), name)
    return box


def top_boxes(data: bytes) -> Iterator[Box]:
    """The boxes that no other holds."""
    return boxes_in(data, Box(b"", 0, len(data)))


def boxes_in(data: bytes, box: Box, skip: int = 0) -> Iterator[Box]:
    """Each box in ``box``, behind ``skip`` bytes of its own."""
    return islice(_all_boxes(data, box.start + skip, box.end), MAX_BOXES)


def _all_boxes(data: bytes, place: int, end: int) -> Iterator[Box]:
    while place + 8 <= end:
        length, name = _BOX.unpack_from(data, place)
        start = place + 8
        if length == 1:  # the length follows, in 8 bytes
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        elif length == 0:  # to the end
            length = end - place
        if length < start - place:
            return
        yield Box(name, start, min(place + length, end))
        place += length
