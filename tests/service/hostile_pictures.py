"""Pictures that cost more than they look: in memory, in time, or in a decoder's mistakes."""

import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image

from tests.pipeline.broken_pictures import lossless_jpeg
from tests.pipeline.icc_profiles import display_profile
from tests.service.pictures import encoded, png, png_chunk, rows

SIDES = (5000, 4000)
"""Width and height of 20 Mpx."""


def plain_png(width: int, height: int) -> bytes:
    """A grey PNG of some KB, whatever its sides."""
    return png(width, height, rows(width, height))


def png_with(*chunks: bytes) -> bytes:
    """A small PNG with ``chunks`` behind its header."""
    picture = encoded(Image.new("RGB", (182, 268), (200, 30, 40)), "PNG")
    return picture[:33] + b"".join(chunks) + picture[33:]


def png_of_inflating_chunks(name: bytes, count: int) -> bytes:
    """Chunks of 1 KB that inflate to 1 MB each: profiles, or texts."""
    stream = zlib.compress(bytes(1_000_000), 9)
    head = {b"iCCP": b"a\0\0", b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[name]
    return png_with(*[png_chunk(name, head + stream)] * count)


def gif_of_comments(count: int) -> bytes:
    """A small GIF behind comments of ``count`` pieces of one byte."""
    picture = encoded(Image.new("P", (60, 90)), "GIF")
    place = picture.index(b",", 13)
    return picture[:place] + b"!\xfe" + b"\1a" * count + b"\0" + picture[place:]


def jpeg_with(*, before: bytes = b"", behind: bytes = b"") -> bytes:
    """A small JPEG with segments before its tables and behind its pixels."""
    picture = encoded(Image.new("RGB", (182, 268), (200, 30, 40)), "JPEG")
    return picture[:2] + before + picture[2:-2] + behind + picture[-2:]


def jpeg_of_scans(kind: int, scans: int, sides: tuple[int, int] = SIDES) -> bytes:
    """A JPEG of ``scans`` that pass over all of its pixels and have next to nothing in them."""
    options = {"progressive": kind in (0xC2, 0xCA), "subsampling": 0}
    header = bytearray(encoded(Image.new("RGB", (16, 16)), "JPEG", **options))
    frame = header.index(b"\xff\xc2" if options["progressive"] else b"\xff\xc0")
    header[frame + 1] = kind
    header[frame + 5 : frame + 9] = struct.pack(">2H", sides[1], sides[0])
    first = b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\0\0"
    if kind in (0xC0, 0xC9):
        first = b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0"
    later = b"\xff\xda\0\x08\1\1\0\1\x3f\0" if kind in (0xC2, 0xCA) else first
    return bytes(header[: header.index(b"\xff\xda")]) + first + later * (scans - 1) + b"\xff\xd9"


@cache
def large(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """20 Mpx of ``kind`` within 10 MB."""
    coarse = np.random.default_rng(0).integers(0, 255, (40, 50, 4), np.uint8)
    picture = Image.fromarray(coarse).resize(SIDES, Image.Resampling.NEAREST)
    if mode != "RGBA":
        picture = picture.convert("RGB").convert(mode)
    return encoded(picture, kind, **options)


def turned(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """20 Mpx that EXIF turns by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.new(mode, SIDES, 0), kind, exif=exif.tobytes(), **options)


def turned_png_of_16_bits(samples: int) -> bytes:
    """A PNG of 20 Mpx with 16 bits a sample that EXIF turns by a quarter."""
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[samples]
    row = b"\0" + bytes(2 * samples * SIDES[0])
    picture = png(*SIDES, zlib.compress(row * SIDES[1], 1), bits=16, colours=colour)
    exif = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\4\0\0\0\1\0\0\0\x08"  # a LONG, 8
    return picture[:33] + png_chunk(b"eXIf", exif) + picture[33:]


def large_png_of_16_bits(samples: int, *, check_value: bytes = b"", **chunks: bytes) -> bytes:
    """A PNG of 20 Mpx with 16 bits a sample, with ``chunks`` and perhaps another Adler-32."""
    row = np.random.default_rng(0).integers(0, 255, 1000, np.uint8).tobytes() * (10 * samples)
    stream = zlib.compress((b"\0" + row) * SIDES[1], 1)
    stream = stream[:-4] + (check_value or stream[-4:])
    picture = png(*SIDES, stream, bits=16, colours={1: 0, 3: 2, 4: 6}[samples])
    more = [png_chunk(name.encode(), body) for name, body in chunks.items()]
    return picture[:33] + b"".join(more) + picture[33:]


def gif_on_screen(width: int, height: int) -> bytes:
    """A GIF whose frame leaves one row of its screen."""
    data = encoded(Image.new("P", (width, height - 1)), "GIF", transparency=0)
    return data[:6] + struct.pack("<2H", width, height) + data[10:]


def lying_avif() -> bytes:
    """An AVIF that says 100 × 100 and whose frame has 20 Mpx."""
    data = bytearray(large("AVIF", speed=10))
    place = data.index(b"ispe")
    data[place + 8 : place + 16] = struct.pack(">2I", 100, 100)
    return bytes(data)


def lying_webp() -> bytes:
    """A lossless WebP of 1500 × 1400 behind a chunk that nobody knows, where a size is expected."""
    data = encoded(Image.new("RGB", (1500, 1400)), "WEBP", lossless=True, method=0)
    chunks = b"JUNK" + struct.pack("<I", 10) + bytes(10) + data[12:]
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def lying_gif() -> bytes:
    """A GIF of 1500 × 1400 whose screen is 1 × 1."""
    data = encoded(Image.new("P", (1500, 1400)), "GIF")
    return data[:6] + struct.pack("<2H", 1, 1) + data[10:]


def lying_jpeg() -> bytes:
    """A JPEG of 1500 × 1400 in which a 1 × 1 frame stands where no decoder looks for one."""
    data = encoded(Image.new("RGB", (1500, 1400)), "JPEG")
    frame = b"\xff\xc0\0\x0b\x08\0\1\0\1\1\1\x11\0"
    # A restart mark has no length; who reads one skips the comment's head, and finds the frame.
    note = b"\xff\xfe" + struct.pack(">H", 2 + len(frame)) + frame
    return data[:2] + b"\xff\xd0\0\6" + note + data[2:]


def moving(kind: str, frames: int, side: int = 2000, **options: object) -> bytes:
    """An animation of many frames."""
    pictures = [Image.new("RGB", (side, side), (index % 256, 30, 40)) for index in range(frames)]
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], **options)


def large_profile(size: int) -> bytes:
    """A display's profile with a note of ``size`` bytes in it."""
    return display_profile(extra=bytes(size))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "lossless JPEG, 3 components": lambda: lossless_jpeg(300, 440),
    "lossless JPEG, 4 components": lambda: lossless_jpeg(300, 440, 4),
    "PNG, 20,000,000 × 1": lambda: plain_png(20_000_000, 1),
    "PNG, 2,000,000 × 10": lambda: plain_png(2_000_000, 10),
    "PNG, 1 × 4,000,000": lambda: plain_png(1, 4_000_000),
    "PNG, 65,535 × 305": lambda: plain_png(65_535, 305),
    "PNG, 305 × 65,535": lambda: plain_png(305, 65_535),
    "PNG, 9,600 iCCP of 1 MB": lambda: png_of_inflating_chunks(b"iCCP", 9600),
    "PNG, 9,600 zTXt of 1 MB": lambda: png_of_inflating_chunks(b"zTXt", 9600),
    "PNG, 9,600 iTXt of 1 MB": lambda: png_of_inflating_chunks(b"iTXt", 9600),
    "PNG, 800,000 empty IDAT": lambda: png_with(png_chunk(b"IDAT") * 800_000),
    "PNG, 20 Mpx": lambda: large("PNG"),
    "PNG, 20 Mpx RGBA": lambda: large("PNG", "RGBA"),
    "PNG, 20 Mpx, 16 bits, turned": lambda: turned_png_of_16_bits(4),
    "PNG, 20 Mpx, 16 bits, tRNS": lambda: large_png_of_16_bits(3, tRNS=bytes(6)),
    "PNG, 20 Mpx, grey 16 bits, tRNS": lambda: large_png_of_16_bits(1, tRNS=bytes(2)),
    "PNG, 20 Mpx, 16 bits, no Adler": lambda: large_png_of_16_bits(4, check_value=b"none"),
    "PNG, 20 Mpx, tRNS, no Adler": lambda: large_png_of_16_bits(
        3, check_value=b"none", tRNS=bytes(6)
    ),
    "GIF, 4,950,000 comments": lambda: gif_of_comments(4_950_000),
    "GIF, 20 Mpx": lambda: large("GIF"),
    "GIF on a screen of 20 Mpx": lambda: gif_on_screen(*SIDES),
    "WebP, 20 Mpx": lambda: large("WEBP", method=0),
    "WebP, 20 Mpx lossless": lambda: large("WEBP", lossless=True, method=0, quality=0),
    "WebP, 20 Mpx RGBA": lambda: large("WEBP", "RGBA", method=0),
    "WebP, 20 Mpx lossless, turned": lambda: turned("WEBP", "RGBA", lossless=True, method=0),
    "WebP, 200 frames of 4 Mpx": lambda: moving("WEBP", 200, method=0),
    "AVIF, 20 Mpx": lambda: large("AVIF", speed=10),
    "AVIF, 20 Mpx RGBA 4:4:4": lambda: large("AVIF", "RGBA", speed=10, subsampling="4:4:4"),
    "AVIF, 20 Mpx 4:4:4, turned": lambda: turned("AVIF", speed=10, subsampling="4:4:4"),
    "AVIF that lies": lying_avif,
    "AVIF, 40 frames of 4 Mpx": lambda: moving("AVIF", 40, speed=10),
    "JPEG, 20 Mpx progressive": lambda: large("JPEG", progressive=True, subsampling=0),
    "JPEG, 20 Mpx CMYK": lambda: large("JPEG", "CMYK"),
    "JPEG, 200 Mpx": lambda: jpeg_of_scans(0xC0, 1, (20_000, 10_000)),
    "JPEG, 44 empty scans": lambda: jpeg_of_scans(0xC2, 44),
    "JPEG, 1,000 empty scans": lambda: jpeg_of_scans(0xC2, 1000),
    "JPEG, arithmetic, 44 scans": lambda: jpeg_of_scans(0xCA, 44),
    "JPEG, arithmetic, 200 Mpx": lambda: jpeg_of_scans(0xC9, 1, (20_000, 10_000)),
    "JPEG, 2,400,000 comments": lambda: jpeg_with(before=b"\xff\xfe\0\2" * 2_400_000),
    "JPEG, 2,400,000 APP2": lambda: jpeg_with(before=b"\xff\xe2\0\2" * 2_400_000),
    "JPEG, 2,400,000 APP2 behind": lambda: jpeg_with(behind=b"\xff\xe2\0\2" * 2_400_000),
    "JPEG, 140,000 tables": lambda: jpeg_with(
        before=(b"\xff\xdb\0\x43\0" + bytes([1]) * 64) * 140_000
    ),
    "PNG, profile of 3.9 MB": lambda: encoded(
        Image.new("RGB", (2000, 2000)), "PNG", icc_profile=large_profile(3_900_000)
    ),
}  # fmt: skip
"""Each is at most 10 MB; what reads well is within the limits, and costs the most of its kind."""
