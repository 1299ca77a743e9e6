"""What a picture costs to decode, estimated from a short look at its header.

It says where a picture is decoded and counts it against its request's limits. The decoder's own
reader of headers decides what is decoded at all, and a light picture that is larger than estimated
goes to the process for costly ones (``costly_pictures``): nobody gains by a header that lies.
"""

import struct
from dataclasses import dataclass

LIGHT_PIXELS = 2_000_000
LIGHT_BYTES = 1_000_000
"""A picture within both takes some 50 ms, and as PNG 100: a thread decodes it."""
MAX_LIGHT_SCANS = 24
"""Encoders write up to 18 in a progressive JPEG; each takes a pass over the pixels."""
MAX_SEGMENTS = 64
"""Looked at before the frame of a JPEG."""
JPEG_SHARE = 8
"""A pixel of a JPEG of one scan takes a tenth to a twentieth of the time of one of a PNG."""
_PROGRESSIVE = 0xC2
_LIGHT_FRAMES = (0xC0, 0xC1, _PROGRESSIVE)
_NO_FRAMES = (0xC4, 0xC8, 0xCC)
_BEFORE_FRAME = frozenset((0xC4, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE))
"""Tables, application data and comments: libjpeg reads the same length of each as this does."""
_SEGMENT = struct.Struct(">BBH")


@dataclass(frozen=True, slots=True)
class DecodeCost:
    """``pixels`` of a PNG take as long; what is not light may take seconds, or much memory."""

    pixels: int
    is_light: bool
    most_pixels: int = LIGHT_PIXELS
    """What its decoder may find of a light picture."""


def estimate_cost(data: bytes) -> DecodeCost:
    """The cost of the picture in ``data``; nothing for bytes that begin like no picture."""
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_cost(data)
    if data.startswith(b"\x89PNG"):
        return _cost(data, int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]))
    if data.startswith(b"GIF8"):
        width, height = struct.unpack("<2H", data[6:10].ljust(4, b"\0"))
        return _cost(data, width * height)
    if data.startswith(b"RIFF"):
        return _cost(data, _webp_pixels(data))
    if data[4:8] == b"ftyp":
        # An AVIF holds frames of a video codec, whose sizes no outer header bounds.
        place = data.find(b"ispe", 0, 4000)
        sides = data[place + 8 : place + 16] if place > 0 else b""
        return DecodeCost(int.from_bytes(sides[:4]) * int.from_bytes(sides[4:]), is_light=False)
    return DecodeCost(0, is_light=True)


def _cost(data: bytes, pixels: int) -> DecodeCost:
    return DecodeCost(pixels, pixels <= LIGHT_PIXELS and len(data) <= LIGHT_BYTES, pixels)


def _jpeg_cost(data: bytes) -> DecodeCost:
    place = 2
    for _ in range(MAX_SEGMENTS):
        if place + 9 > len(data):
            return DecodeCost(0, is_light=len(data) <= LIGHT_BYTES)
        mark, marker, length = _SEGMENT.unpack_from(data, place)
        if mark != 0xFF:
            break
        if 0xC0 <= marker < 0xD0 and marker not in _NO_FRAMES:
            height, width = struct.unpack_from(">2H", data, place + 5)
            cost = _cost(data, height * width)
            is_light = cost.is_light and marker in _LIGHT_FRAMES and _has_few_scans(data)
            share = 1 if marker == _PROGRESSIVE else JPEG_SHARE
            return DecodeCost(cost.pixels // share, is_light)
        if marker not in _BEFORE_FRAME:
            break
        place += 2 + length
    return DecodeCost(0, is_light=False)


def _has_few_scans(data: bytes) -> bool:
    return data.count(b"\xff\xda") <= MAX_LIGHT_SCANS


def _webp_pixels(data: bytes) -> int:
    match data[12:16]:
        case b"VP8 ":
            bits = int.from_bytes(data[26:30], "little")
            return (bits & 0x3FFF) * (bits >> 16 & 0x3FFF)
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
        case _:
            width = int.from_bytes(data[24:27], "little") + 1
            return width * (int.from_bytes(data[27:30], "little") + 1)
