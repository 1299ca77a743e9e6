"""Whether a picture is a small JPEG of the usual kind, which decodes in a few milliseconds."""

import struct

CHEAP_PIXELS = 2_000_000
CHEAP_BYTES = 400_000
"""Of the whole file, metadata included: noise takes 20 ms a megabyte, a damaged file up to 80."""
CHEAP_SIDE = 4_000
"""Of both sides: to shrink 30 × 65,500 pixels takes three times as long as 1,400 × 1,400."""
MAX_CHEAP_SEGMENTS = 64
"""Before the first scan; cameras and editors write about ten."""

_BASELINE = (0xC0, 0xC1)
_SCAN = 0xDA
_SKIPPED = frozenset((0xC4, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE))
"""Tables, application data and comments: libjpeg reads the same length of each as this does."""
_FRAME = struct.Struct(">HHB")
"""Height, width and number of colours, behind a marker, a length and the bits a sample."""
_SAMPLINGS = frozenset(bytes((luma, 0x11, 0x11)) for luma in (0x11, 0x12, 0x21, 0x22))
"""Those that encoders write; libjpeg-turbo has no vector code for others."""
_PROFILE = 0xE2
CHEAP_PROFILE_BYTES = 10_000
"""Of colour profile: a display's has 0.4 to 4 KB, a press's takes 30 ms when it is seen first."""


def is_cheap_to_decode(data: bytes, among: int = 1) -> bool:
    """Whether ``data`` is a baseline JPEG of one scan, at most 2 Mpx and 400 KB.

    Of ``among`` files in one request each has its share of these limits.

    Judged by its headers alone: decoding shows whether the picture is whole. With all colours in
    one scan libjpeg makes one pass over the pixels. Whatever libjpeg might read otherwise than this
    function, such as fill bytes or a second frame, is not cheap.
    """
    size = len(data)
    if size > CHEAP_BYTES // among or not data.startswith(b"\xff\xd8"):
        return False
    offset, colours = 2, 0
    for _ in range(MAX_CHEAP_SEGMENTS):
        # 12 bytes: a segment's marker and length, and what is read here of a frame or a scan.
        if offset + 12 > size or data[offset] != 0xFF:
            return False
        marker, length = data[offset + 1], data[offset + 2] << 8 | data[offset + 3]
        if marker == _SCAN:
            return colours > 0 and data[offset + 4] == colours
        if marker in _BASELINE and not colours:
            colours = _cheap_colours(data, offset, CHEAP_PIXELS // among)
            if not colours:
                return False
        elif marker not in _SKIPPED or (marker == _PROFILE and length > CHEAP_PROFILE_BYTES):
            return False
        offset += 2 + length
    return False


def _cheap_colours(data: bytes, offset: int, max_pixels: int) -> int:
    """How many colours the frame header has, 1 or 3; 0 where the frame is not cheap."""
    height, width, colours = _FRAME.unpack_from(data, offset + 5)
    samplings = data[offset + 11 : offset + 10 + 3 * colours : 3]
    is_cheap = (
        height * width <= max_pixels
        and max(height, width) <= CHEAP_SIDE
        and (colours == 1 or samplings in _SAMPLINGS)
    )
    return colours if is_cheap and colours in (1, 3) else 0
