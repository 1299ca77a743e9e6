"""PNG: its chunks (W3C PNG, third edition, section 5)."""

import struct
import zlib

from pipeline.shared.decoding.bare_image import MAX_PROFILE_BYTES, BareImage
from pipeline.shared.decoding.image_errors import BrokenImage

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
_NEEDED = (b"IHDR", b"PLTE", b"tRNS")
"""Chunks beside the pixels that a decoder needs, in the order in which they have to come."""
_KEPT = frozenset((*_NEEDED, b"iCCP", b"eXIf"))


def bare_png(data: bytes) -> BareImage:
    """The first picture of a PNG: its header, palette, transparent colours and pixels.

    The pixels come in one chunk: encoders write some hundred, but 10 MB hold 800,000, and Pillow
    makes objects of each.
    """
    if data[12:16] != b"IHDR":
        raise BrokenImage("the PNG does not begin with its header")
    kept, pixels = _read_chunks(data)
    header = kept[b"IHDR"]
    if len(header) != 13:
        raise BrokenImage("the PNG has a header of the wrong length")
    chunks = [_chunk(name, kept[name]) for name in _NEEDED if name in kept]
    width, height = struct.unpack(">2I", header[:8])
    return BareImage(
        b"".join((SIGNATURE, *chunks, _chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b""))),
        (height, width),
        kept.get(b"eXIf", b""),
        _inflate_profile(kept.get(b"iCCP", b"")),
    )


def _read_chunks(data: bytes) -> tuple[dict[bytes, bytes], list[memoryview]]:
    """The first chunk of each kind that is kept, and the pieces of the compressed pixels."""
    kept: dict[bytes, bytes] = {}
    pixels: list[memoryview] = []
    place, view = len(SIGNATURE), memoryview(data)
    while place + 8 <= len(data):
        length, name = _CHUNK.unpack_from(data, place)
        end = place + 8 + length
        if name == b"IDAT":
            if length:
                pixels.append(view[place + 8 : end])
        elif name == b"IEND":
            break
        elif name in _KEPT and name not in kept:
            kept[name] = data[place + 8 : end]
            if name in _NEEDED and data[end : end + 4] != _checksum(name, kept[name]):
                raise BrokenImage(f"the PNG is damaged: the checksum of {name.decode()} is wrong")
        place = end + 4
    return kept, pixels


def _checksum(name: bytes, body: bytes) -> bytes:
    return zlib.crc32(body, zlib.crc32(name)).to_bytes(4, "big")


def _chunk(name: bytes, body: bytes) -> bytes:
    return b"".join((_CHUNK.pack(len(body), name), body, _checksum(name, body)))


def _inflate_profile(chunk: bytes) -> bytes:
    """The colour profile of an iCCP chunk: a name, a zero, the method 0, and a zlib stream."""
    _, _, stream = chunk.partition(b"\0")
    try:
        inflater = zlib.decompressobj()
        profile = inflater.decompress(stream[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if inflater.eof else b""
