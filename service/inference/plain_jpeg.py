"""Whether a picture is a small JPEG of the usual kind, which decodes in a few milliseconds."""

import struct

LIGHT_PIXELS = 2_000_000
LIGHT_BYTES = 400_000
"""Of the whole picture, with its notes: noise takes 20 ms a megabyte, with oddities in it 80."""
SEGMENTS = 64
"""Looked at before the first scan; cameras and editors write about ten."""

LIGHT_SIDE = 4_000
"""Of both sides: to shrink 30 x 65,500 pixels takes three times as long as 1,400 x 1,400."""

_BASELINE = (0xC0, 0xC1)
_SCAN = 0xDA
_PASSED_OVER = frozenset((0xC4, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE))
"""Tables, notes and comments: libjpeg finds the same length in each, and nothing but a length."""
_FRAME = struct.Struct(">HHB")
_SAMPLINGS = frozenset(bytes((luma, 0x11, 0x11)) for luma in (0x11, 0x12, 0x21, 0x22))
"""Those of the encoders; others are decoded a second time, by Pillow."""


def is_light(data: bytes, among: int = 1) -> bool:
    """Whether ``data`` is a baseline JPEG of one scan, at most 2 Mpx and 400 KB.

    ``among`` several in one request that is the most of all together, and each has its part of it.

    Read from its headers alone, and no more than that: whether the picture is whole turns out when
    it is decoded. In one scan every colour is there, and libjpeg makes one pass over the pixels.
    What libjpeg might read otherwise than this, such as fill bytes or a second frame, is not light.
    """
    size = len(data)
    if size > LIGHT_BYTES // among or not data.startswith(b"\xff\xd8"):
        return False
    place, colours = 2, 0
    for _ in range(SEGMENTS):
        if place + 12 > size or data[place] != 0xFF:
            return False
        marker, length = data[place + 1], data[place + 2] << 8 | data[place + 3]
        if marker == _SCAN:
            return colours > 0 and data[place + 4] == colours
        if marker in _BASELINE and not colours:
            colours = _light_colours(data, place, LIGHT_PIXELS // among)
            if not colours:
                return False
        elif marker not in _PASSED_OVER:
            return False
        place += 2 + length
    return False


def _light_colours(data: bytes, place: int, max_pixels: int) -> int:
    """How many colours the frame header has, 1 or 3; 0 where the frame is not light."""
    height, width, colours = _FRAME.unpack_from(data, place + 5)
    samplings = data[place + 11 : place + 10 + 3 * colours : 3]
    light = (
        height * width <= max_pixels
        and max(height, width) <= LIGHT_SIDE
        and (colours == 1 or samplings in _SAMPLINGS)
    )
    return colours if light and colours in (1, 3) else 0
