"""Whether a picture is a small JPEG of the usual kind, which decodes in a few milliseconds."""

import struct

LIGHT_PIXELS = 2_000_000
LIGHT_BYTES = 400_000
"""Of the whole picture, with its notes: noise takes 20 ms a megabyte, with oddities in it 80."""
SEGMENTS = 64
"""Looked at before the first scan; cameras and editors write about ten."""

_BASELINE, _FRAMES = (0xC0, 0xC1), frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_FRAME = struct.Struct(">HHB")


def is_light(data: bytes, among: int = 1) -> bool:
    """Whether ``data`` is a baseline JPEG of one scan, at most 2 Mpx and 400 KB.

    ``among`` several in one request that is the most of all together, and each has its part of it.
    Read from its headers alone, and no more than that: whether the picture is whole turns out when
    it is decoded. In one scan every colour is there, and libjpeg makes one pass over the pixels.
    """
    size = len(data)
    if size > LIGHT_BYTES // among or not data.startswith(b"\xff\xd8"):
        return False
    place, colours = 2, 0
    for _ in range(SEGMENTS):
        if place + 12 > size or data[place] != 0xFF:
            return False
        marker = data[place + 1]
        if marker == _SCAN:
            return colours > 0 and data[place + 4] == colours
        if marker in _FRAMES:
            height, width, colours = _FRAME.unpack_from(data, place + 5)
            if marker not in _BASELINE or colours not in (1, 3):
                return False
            if height * width > LIGHT_PIXELS // among:
                return False
        place += 2 + (data[place + 2] << 8 | data[place + 3])
    return False
