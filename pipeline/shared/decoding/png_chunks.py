"""PNG: its chunks (W3C PNG, third edition, section 5)."""

import struct
import zlib
from collections.abc import Mapping

from pipeline.shared.decoding.bare_image import MAX_PROFILE_BYTES, BareImage
from pipeline.shared.decoding.image_errors import BrokenImage, UnsupportedImage
from pipeline.shared.decoding.number_profiles import (
    Primaries,
    are_code_points,
    code_point_profile,
    gamma_profile,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
_NEEDED = (b"IHDR", b"PLTE", b"tRNS")
"""Chunks beside the pixels that a decoder needs, in the order in which they have to come."""
_COLOURS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
"""Chunks that say which colours these are; each wins over those behind it (section 4.3)."""
_KEPT = frozenset((*_NEEDED, *_COLOURS, b"eXIf"))
_APPLE = (
    "convert it with Xcode's pngcrush -revert-iphone-optimizations, or send the PNG that the app "
    "was built from"
)


def bare_png(data: bytes) -> BareImage:
    """The first picture of a PNG: its header, palette, transparent colours and pixels.

    The pixels come in one chunk: encoders write some hundred, but 10 MB hold 800,000, and Pillow
    makes objects of each.
    """
    size = png_size(data)
    kept, pixels, is_intact = _read_chunks(data)
    header = kept[b"IHDR"]
    if len(header) != 13:
        raise BrokenImage("the PNG has a header of the wrong length")
    chunks = [_chunk(name, kept[name]) for name in _NEEDED if name in kept]
    return BareImage(
        b"".join((SIGNATURE, *chunks, *_pixel_chunks(b"".join(pixels)))),
        size,
        kept.get(b"eXIf", b""),
        _colour_profile(kept),
        is_intact=is_intact,
    )


def pixel_stream(bare: BareImage) -> memoryview:
    """The zlib stream of a bare PNG's pixels: its one IDAT, which stands before its end."""
    start, end = _pixel_place(bare)
    return memoryview(bare.data)[start:end]


def with_pixel_stream(bare: BareImage, stream: memoryview) -> bytes:
    """The file of a bare PNG with another zlib stream."""
    start, _ = _pixel_place(bare)
    return b"".join((bare.data[: start - 8], *_pixel_chunks(stream)))


def _pixel_chunks(stream: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
    """The last two chunks; Pillow reads no checksum of pixels, and 10 MB take 10 ms to sum up."""
    return _CHUNK.pack(len(stream), b"IDAT"), stream, bytes(4), _chunk(b"IEND", b"")


def _pixel_place(bare: BareImage) -> tuple[int, int]:
    place = len(SIGNATURE)
    while True:
        length, name = _CHUNK.unpack_from(bare.data, place)
        start = place + _CHUNK.size
        if name == b"IDAT":
            return start, start + length
        place = start + length + 4


def png_size(data: bytes) -> tuple[int, int]:
    """(height, width), which every PNG has in the same place."""
    if data[12:16] == b"CgBI":
        raise UnsupportedImage("a PNG of Apple's own kind (CgBI), from an iOS app", _APPLE)
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise BrokenImage("the PNG does not begin with its header")
    width, height = struct.unpack(">2I", data[16:24])
    return height, width


def _read_chunks(data: bytes) -> tuple[dict[bytes, bytes], list[memoryview], bool]:
    """The first whole chunk of each kind that is kept, and the pieces of the compressed pixels.

    And whether the checksums of these are right.
    """
    kept: dict[bytes, bytes] = {}
    pixels: list[memoryview] = []
    is_intact = True
    place, view = len(SIGNATURE), memoryview(data)
    while place + 8 <= len(data):
        length, name = _CHUNK.unpack_from(data, place)
        end = place + 8 + length
        if name == b"IDAT":
            if length:
                pixels.append(view[place + 8 : end])
                is_intact = is_intact and data[end : end + 4] == _checksum(name, pixels[-1])
        elif name == b"IEND":
            break
        elif name in _KEPT and name not in kept and not (pixels and name in _COLOURS):
            body = data[place + 8 : end]
            if data[end : end + 4] == _checksum(name, body):
                kept[name] = body
            elif name in _NEEDED:
                raise BrokenImage(f"the PNG is damaged: the checksum of {name.decode()} is wrong")
        place = end + 4
    return kept, pixels, is_intact


def _checksum(name: bytes, body: bytes | memoryview) -> bytes:
    return zlib.crc32(body, zlib.crc32(name)).to_bytes(4, "big")


def _chunk(name: bytes, body: bytes) -> bytes:
    return b"".join((_CHUNK.pack(len(body), name), body, _checksum(name, body)))


def _colour_profile(kept: Mapping[bytes, bytes]) -> bytes:
    """The ICC profile of the colours, as the chunks tell them; empty for sRGB."""
    points = kept.get(b"cICP", b"")
    # There is no PNG of another matrix, nor of a range beside the narrow (0) and the full one (1).
    # Chromium has not implemented the narrow one (crbug.com/40229816) and passes over such a chunk.
    is_valid = len(points) == 4 and points[2] == 0 and points[3] in (0, 1)
    if is_valid and are_code_points(points[0], points[1]):
        return code_point_profile(points[0], points[1], is_full_range=points[3] == 1)
    if profile := _inflate_profile(kept.get(b"iCCP", b"")):
        return profile
    if b"sRGB" in kept:
        return b""
    gamma, corners = kept.get(b"gAMA", b""), kept.get(b"cHRM", b"")
    return gamma_profile(
        int.from_bytes(gamma, "big") / 100_000 if len(gamma) == 4 else None,
        _read_corners(corners) if len(corners) == 32 else None,
    )


def _read_corners(chunk: bytes) -> Primaries:
    """The white, red, green and blue points of a cHRM chunk."""
    values = [value / 100_000 for value in struct.unpack(">8I", chunk)]
    white, red, green, blue = zip(values[::2], values[1::2], strict=True)
    return white, red, green, blue


def _inflate_profile(chunk: bytes) -> bytes:
    """The colour profile of an iCCP chunk: a name, a zero, the method 0, and a zlib stream."""
    _, _, stream = chunk.partition(b"\0")
    try:
        inflater = zlib.decompressobj()
        profile = inflater.decompress(stream[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if inflater.eof else b""
