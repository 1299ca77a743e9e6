"""The header of a JPEG: its segments up to the first scan (ITU-T T.81, annex B)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pipeline.shared.decoding.bare_image import MAX_PROFILE_BYTES
from pipeline.shared.decoding.image_errors import BrokenImage, UnsupportedImage

MAX_SEGMENTS = 100_000
"""The most segments before a JPEG's first scan: 255 of colour profile, …; they take 60 ms."""
MAX_FILL_BYTES = 1_000_000
"""The most bytes between these segments."""
SCAN, END, _HEIGHT = 0xDA, 0xD9, 0xDC
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_METADATA = frozenset((*range(0xE0, 0xF0), 0xFE))
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2
_ARITHMETIC, _PROGRESSIVE_ARITHMETIC = 0xC9, 0xCA
DECODED_FRAMES = frozenset((BASELINE, EXTENDED, PROGRESSIVE, _ARITHMETIC, _PROGRESSIVE_ARITHMETIC))
"""The kinds of frame that go to libjpeg-turbo.

Lossless ones (C3) do not: 3.1.2, which simplejpeg 1.9.0 has, ignores the reduced scale there and
writes past its buffer (fixed in 3.1.4.1). The others it does not know.
"""
_LOSSLESS = frozenset((0xC3, 0xC7, 0xCB, 0xCF))
_JPEG_LS = 0xF7
_EXPORT = "export it as a baseline or progressive JPEG of 8 bits, or as PNG"
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")
"""Those of a segment and the end mark: the others (TEM, RST, SOI) have no length and no body."""
_PROFILE = b"ICC_PROFILE\0"


@dataclass(frozen=True)
class Frame:
    """What the header of a frame says of its picture."""

    marker: int
    bits: int
    """Of a sample."""
    size: tuple[int, int]
    """(height, width)"""
    samplings: bytes
    """Of each component, how many samples across, in the upper four bits, and down."""

    @property
    def is_progressive(self) -> bool:
        """Whether its scans refine each other, so that all coefficients are kept."""
        return self.marker in (PROGRESSIVE, _PROGRESSIVE_ARITHMETIC)

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is coded arithmetically, not with Huffman's codes."""
        return self.marker in (_ARITHMETIC, _PROGRESSIVE_ARITHMETIC)


@dataclass
class JpegHeader:
    """The first frame, the first EXIF block (empty without one), and the colour profile."""

    frame: Frame | None = None
    exif: bytes = b""
    first_scan: bytes = b""
    """What the header of the first scan says; empty where there is none."""
    profile_parts: dict[int, bytes] = field(default_factory=dict)
    profile_count: int = 0
    frame_start: int = 0
    """Where the body of the frame's segment starts."""
    is_too_long: bool = False
    """Whether it was not read to its end."""

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) of the first frame."""
        return self.frame.size if self.frame else None

    def profile(self) -> bytes:
        """The ICC profile, whose parts are numbered from 1; empty unless all are there."""
        parts = [self.profile_parts.get(1 + index) for index in range(self.profile_count)]
        whole = b"".join(part for part in parts if part)
        return whole if None not in parts and len(whole) <= MAX_PROFILE_BYTES else b""


def read_jpeg_header(
    data: bytes, most_segments: int = MAX_SEGMENTS, most_fill: int = MAX_FILL_BYTES
) -> JpegHeader:
    """What the segments before the first scan say; libjpeg, too, refuses a second frame."""
    header, fill, place = JpegHeader(), 0, 2
    rest = segments(data)
    for number, (marker, body, skipped) in enumerate(rest):
        fill += skipped
        header.is_too_long = number == most_segments or fill > most_fill
        if marker == SCAN or header.is_too_long:
            header.first_scan = body if marker == SCAN else b""
            break
        start = place + skipped + 4
        place = start + len(body)
        if marker == _APP1 and not header.exif and body.startswith(b"Exif\0\0"):
            header.exif = body
        elif marker == _APP2 and body.startswith(_PROFILE) and len(body) > 14:
            header.profile_count = body[13]
            header.profile_parts.setdefault(body[12], body[14:])
        elif (marker in FRAMES or marker == _JPEG_LS) and not header.frame and len(body) >= 6:
            size = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
            header.frame = Frame(marker, body[0], size, body[7 : 7 + 3 * body[5] : 3])
            header.frame_start = start
    if header.frame and not header.frame.size[0] and header.first_scan:
        header.frame = _with_later_height(header.frame, rest)
    return header


def _with_later_height(frame: Frame, rest: Iterator[tuple[int, bytes, int]]) -> Frame:
    """The frame of a scanner that knew the height at the end of the first scan (T.81, B.2.5)."""
    marker, body, _ = next(rest, (END, b"", 0))
    if marker != _HEIGHT or len(body) != 2:
        return frame
    return replace(frame, size=(int.from_bytes(body, "big"), frame.size[1]))


def with_height(data: bytes, header: JpegHeader) -> bytes:
    """The JPEG with its height in its frame, where libjpeg looks for it."""
    if header.frame is None:
        return data
    place = header.frame_start + 1
    height = header.frame.size[0].to_bytes(2, "big")
    return data if data[place : place + 2] == height else data[:place] + height + data[place + 2 :]


def checked_frame(header: JpegHeader) -> Frame:
    """The frame, if it is of a kind that is decoded here; an ImageError for any other."""
    frame = header.frame
    if header.is_too_long:
        raise BrokenImage("the JPEG has too much before its first scan")
    if frame is None or not header.first_scan:
        raise BrokenImage("the JPEG ends too early: it has no picture")
    if frame.marker == _JPEG_LS:
        raise UnsupportedImage("a JPEG-LS picture is not read here", _EXPORT)
    if frame.marker in _LOSSLESS:
        raise UnsupportedImage("a lossless JPEG is not read here", _EXPORT)
    if frame.marker not in DECODED_FRAMES:
        raise UnsupportedImage("a hierarchical JPEG is not read here", _EXPORT)
    if frame.bits != 8:
        raise UnsupportedImage(f"a JPEG of {frame.bits} bits a sample is not read here", _EXPORT)
    if len(frame.samplings) not in (1, 3, 4):
        raise UnsupportedImage(
            f"a JPEG of {len(frame.samplings)} colours is not read here", _EXPORT
        )
    return frame


def bare_jpeg(data: bytes) -> bytes:
    """The JPEG without what is beside its picture: metadata, and bytes between its segments.

    Of the two segments of metadata that say which colours these are, JFIF's and Adobe's, it has
    those that libjpeg knows.
    """
    frame = read_jpeg_header(data).frame
    colours = len(frame.samplings) if frame else 0
    parts, place, kept_to, is_header = [data[:2]], 2, 2, True
    for number, (marker, body, skipped) in enumerate(segments(data)):
        if number > 2 * MAX_SEGMENTS:
            raise BrokenImage("the JPEG has too much beside its picture")
        start = place + skipped
        place = start + 4 + len(body)
        if marker in _METADATA or is_header:
            parts.append(b"" if is_header else data[kept_to:start])
            parts.append(
                _colour_segment(marker, body, colours) if marker in _METADATA else data[start:place]
            )
            kept_to = place
        is_header = is_header and marker != SCAN
    return b"".join((*parts, data[kept_to:]))


def _colour_segment(marker: int, body: bytes, colours: int) -> bytes:
    if marker == _APP0 and body.startswith(b"JFIF\0"):
        return b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    if marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
        # All but 0 libjpeg reads as YCbCr (1) or YCCK (2), and complains of another number.
        ycc = 2 if colours == 4 else 1
        transform = ycc if body[11] else 0
        return b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes((transform,))
    return b""


def segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Each segment's marker, body and bytes skipped before it, up to the end mark.

    They are where libjpeg finds them: like its own, the search passes over fill bytes, rubbish and
    entropy-coded data, in which an FF is followed by 00 or is a marker; it never looks for a
    marker within a segment.
    """
    place = 2  # behind the start mark
    while (mark := _MARKER.search(data, place)) and (marker := mark[1][0]) != END:
        length = int.from_bytes(data[mark.end() : mark.end() + 2], "big")
        skipped = mark.start() - place
        place = mark.end() + max(length, 2)
        yield marker, data[mark.end() + 2 : place], skipped
