"""Pictures of every kind that people send, and bytes that only look like one."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

RED, GREEN, BLUE = (200, 30, 40), (30, 200, 40), (30, 40, 200)


def plain(colour: tuple[int, int, int] = RED, kind: str = "JPEG", **options: Any) -> bytes:
    """A poster of one colour."""
    return encoded(Image.new("RGB", (182, 268), colour), kind, **options)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """``image`` as a file of ``kind``."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(height: int = 268, width: int = 182) -> bytes:
    """A JPEG that does not compress to nothing."""
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    return encoded(Image.fromarray(pixels), "JPEG")


def rotated() -> bytes:
    """A red poster stored lying on its side, with the EXIF note that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.new("RGB", (268, 182), RED), "JPEG", exif=exif)


def cmyk() -> bytes:
    """A red JPEG in four inks."""
    return encoded(Image.new("RGB", (182, 268), RED).convert("CMYK"), "JPEG")


def sixteen_bits() -> bytes:
    """A grey PNG of 16 bits a pixel."""
    return encoded(Image.fromarray(np.full((268, 182), 133 * 257, np.uint16)), "PNG")


def palette_with_alpha() -> bytes:
    """A PNG with a palette, red, one entry transparent."""
    image = Image.new("RGB", (182, 268), RED).quantize(8)
    return encoded(image, "PNG", transparency=1)


def animated() -> bytes:
    """A GIF of three frames, red first."""
    frames = [Image.new("RGB", (182, 268), colour) for colour in (RED, GREEN, BLUE)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def bomb(side: int = 13_000) -> bytes:
    """A PNG of 1 bit a pixel: some 20 KB that take half a gigabyte in colour."""
    return png(side, side, rows(side, side, bits=1), bits=1)


def rows(width: int, height: int, bits: int = 8) -> bytes:
    """The data of a black PNG of these sides."""
    row = b"\0" + bytes((width * bits + 7) // 8)
    return zlib.compress(row * height, 9)


def png(width: int, height: int, data: bytes, bits: int = 8, colours: int = 0) -> bytes:
    """A PNG that claims these sides, whatever its data hold; grey, and 3 says: with a palette."""
    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", data)
        + png_chunk(b"IEND")
    )


def png_chunk(kind: bytes, data: bytes = b"") -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
