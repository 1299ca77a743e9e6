"""PNG, WebP and GIF: how each begins, and the size that its header gives."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import GifImagePlugin, ImageFile, PngImagePlugin, WebPImagePlugin

from pipeline.shared.decoding.image_errors import BrokenImage, UnsupportedImage

SizeReader = Callable[[bytes], tuple[int, int]]
Plugin = Callable[[BytesIO], ImageFile.ImageFile]
"""Pillow's plugin itself: Image.open tries others too, and warns of large pictures."""


@dataclass(frozen=True)
class ImageKind:
    """What a file is called by its first bytes, and how its size and its pixels are read.

    ``read_size`` gives (height, width) from the header: some of Pillow's plugins allocate as soon
    as they open a picture, so the size is checked before.
    """

    name: str
    open: Plugin
    read_size: SizeReader


def image_kind(data: bytes) -> ImageKind:
    """The kind of picture that ``data`` begins like, JPEG apart; UnsupportedImage for any other."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _GIF
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _WEBP
    if not data:
        raise UnsupportedImage("not an image: it is empty")
    raise UnsupportedImage(
        f"not an image of a type that is read here (JPEG, PNG, WebP, GIF): "
        f"the first bytes are {data[:8]!r}"
    )


def _png_size(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        raise BrokenImage("the PNG does not begin with its header")
    return int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big")


def _webp_size(data: bytes) -> tuple[int, int]:
    """(height, width) of the canvas (RFC 9649, sections 2.5 to 2.7)."""
    match data[12:16]:
        case b"VP8 ":
            # 14 bits a side; the two above them ask the player to enlarge the picture.
            return _little_endian(data[28:30]) & 0x3FFF, _little_endian(data[26:28]) & 0x3FFF
        case b"VP8L":
            bits = _little_endian(data[21:25])
            return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
        case b"VP8X":
            return _little_endian(data[27:30]) + 1, _little_endian(data[24:27]) + 1
    raise BrokenImage("the WebP does not begin with its header")


def _gif_size(data: bytes) -> tuple[int, int]:
    """(height, width) that hold both the screen and the first frame, which may stick out of it."""
    height, width = _little_endian(data[8:10]), _little_endian(data[6:8])
    # Behind the header, 6 bytes, and the screen, 7, come a palette and extensions.
    place = 13 + _gif_palette_bytes(data[10:11])
    while data[place : place + 1] == b"!":
        place += 2
        # An extension is blocks, each behind a byte with its length; an empty block ends it.
        while length := _little_endian(data[place : place + 1]):
            place += 1 + length
        place += 1
    if data[place : place + 1] != b",":
        raise BrokenImage("the GIF has no frame")
    left, top, frame_width, frame_height = struct.unpack(
        "<4H", data[place + 1 : place + 9].ljust(8)
    )
    return max(height, top + frame_height), max(width, left + frame_width)


def _gif_palette_bytes(flags: bytes) -> int:
    packed = _little_endian(flags)
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _little_endian(field: bytes) -> int:
    return int.from_bytes(field, "little")


_PNG = ImageKind("PNG", PngImagePlugin.PngImageFile, _png_size)
_GIF = ImageKind("GIF", GifImagePlugin.GifImageFile, _gif_size)
_WEBP = ImageKind("WebP", WebPImagePlugin.WebPImageFile, _webp_size)
