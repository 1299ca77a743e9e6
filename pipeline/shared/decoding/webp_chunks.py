"""WebP: its chunks (RFC 9649, section 2)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from pipeline.shared.decoding.bare_image import MAX_PROFILE_BYTES, BareImage
from pipeline.shared.decoding.image_errors import BrokenImage, check_sides

_CHUNK = struct.Struct("<4sI")
_HAS_ALPHA = 0x10
"""A flag of VP8X, the chunk that says what the file has beside its pixels."""


def bare_webp(data: bytes) -> BareImage:
    """The first frame of a WebP, as a WebP of that frame alone.

    libwebp's decoder of animations, which Pillow uses for all, keeps three canvases: 430 MB for a
    picture of 20 Mpx.
    """
    exif = profile = b""
    picture = _Picture()
    for name, body in _chunks(memoryview(data), 12):
        if name == b"EXIF" and not exif:
            exif = bytes(body)
        elif name == b"ICCP" and not profile and len(body) <= MAX_PROFILE_BYTES:
            profile = bytes(body)
        else:
            picture.take(name, body)
    frame, canvas = picture.frame, picture.canvas
    check_sides("WebP", frame.size())
    if canvas is None or (picture.position == (0, 0) and canvas == frame.size()):
        return BareImage(frame.file(), frame.size(), exif, profile)
    return BareImage(frame.file(), frame.size(), exif, profile, canvas, picture.position)


def webp_size(data: bytes, most_chunks: int) -> tuple[int, int] | None:
    """(height, width) of the canvas or of the frame, whichever has more pixels.

    None where more chunks stand before the pixels.
    """
    picture = _Picture()
    for number, (name, body) in enumerate(_chunks(memoryview(data), 12)):
        if number == most_chunks or (name == b"ANMF" and not _is_short(body, most_chunks)):
            return None
        picture.take(name, body)
        if picture.frame.pixels:
            break
    sizes = (picture.frame.size(), picture.canvas or (0, 0))
    return max(sizes, key=lambda size: size[0] * size[1])


def _is_short(frame: memoryview, most_chunks: int) -> bool:
    return len(list(islice(_chunks(frame, 16), most_chunks + 1))) <= most_chunks


def _chunks(data: memoryview, place: int) -> Iterator[tuple[bytes, memoryview]]:
    """The name and the body of each chunk from ``place`` on; the last one may be cut off."""
    while place + 8 <= len(data):
        name, length = _CHUNK.unpack_from(data, place)
        yield name, data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


@dataclass
class _Picture:
    """The first frame, and where it stands on which canvas."""

    frame: "_Frame" = field(default_factory=lambda: _Frame())
    canvas: tuple[int, int] | None = None
    position: tuple[int, int] = (0, 0)

    def take(self, name: bytes, body: memoryview) -> None:
        """Take what a chunk says of the first frame."""
        if name == b"VP8X" and self.canvas is None:
            self.canvas = _three_bytes(body, 7) + 1, _three_bytes(body, 4) + 1
        elif name == b"ANMF" and not self.frame.pixels:
            # In an animation the pixels are within its frames, behind 16 bytes that begin with the
            # frame's place, in steps of two pixels.
            self.position = 2 * _three_bytes(body, 3), 2 * _three_bytes(body, 0)
            for inner_name, inner_body in _chunks(body, 16):
                self.frame.take(inner_name, inner_body)
        else:
            self.frame.take(name, body)


@dataclass
class _Frame:
    """The chunks of one frame: its pixels, and its transparency where these are lossy."""

    kind: bytes = b""
    pixels: memoryview | bytes = b""
    alpha: memoryview | bytes = b""

    def take(self, name: bytes, body: memoryview) -> None:
        """Take the first chunk of pixels, and the alpha before it."""
        if self.pixels:
            return
        if name in (b"VP8 ", b"VP8L"):
            self.kind, self.pixels = name, body
        elif name == b"ALPH" and not self.alpha:
            self.alpha = body

    def size(self) -> tuple[int, int]:
        """(height, width) from the header of the pixels, which is what a decoder allocates for."""
        head = self.pixels[:10]
        if self.kind == b"VP8 " and len(head) == 10:
            # 14 bits a side; the two above them ask the player to enlarge the picture.
            width, height = struct.unpack("<2H", head[6:])
            return height & 0x3FFF, width & 0x3FFF
        if self.kind == b"VP8L" and len(head) >= 5:
            bits = int.from_bytes(head[1:5], "little")
            return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
        raise BrokenImage("the WebP ends before its pixels")

    def file(self) -> bytes:
        """A WebP of this frame."""
        chunks = _chunk(self.kind, self.pixels)
        if self.alpha and self.kind == b"VP8 ":
            height, width = self.size()
            sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
            head = _chunk(b"VP8X", bytes((_HAS_ALPHA, 0, 0, 0)) + sides)
            chunks = head + _chunk(b"ALPH", self.alpha) + chunks
        return b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WEBP" + chunks


def _chunk(name: bytes, body: memoryview | bytes) -> bytes:
    return b"".join((_CHUNK.pack(name, len(body)), body, bytes(len(body) % 2)))


def _three_bytes(body: memoryview, place: int) -> int:
    return int.from_bytes(body[place : place + 3], "little")
