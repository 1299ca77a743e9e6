"""A JPEG to pixels: through simplejpeg, at a reduced scale where that is enough."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import JpegImagePlugin

from pipeline.shared.decoding.image_errors import MAX_PIXELS, BrokenImage, ImageError, check_size
from pipeline.shared.decoding.orientation import read_orientation, turn_upright
from pipeline.shared.decoding.pillow_decoding import decode_by_pillow

MAX_SCANS = 50
"""The most scans of a JPEG: encoders write one, or about ten where it is progressive."""
MAX_SCANNED_PIXELS = 16 * MAX_PIXELS
"""The most pixels of a JPEG times its scans: each, though it be ten bytes, is a pass over all."""
MAX_SEGMENTS = 1_000
"""The most segments before a JPEG's first scan: 255 of colour profile, …"""
MAX_FILL_BYTES = 10_000
"""The most bytes between these segments, which Pillow takes one by one."""
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")
"""Those of a segment and the end mark: the others (TEM, RST, SOI) have no length and no body."""
_SCAN_BYTES = re.compile(rb"\xff\xda")
"""Searched for in a sixth of the time that bytes.count takes."""
_SCAN, _END, _APP1 = 0xDA, 0xD9, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def is_jpeg(data: bytes) -> bool:
    """Whether ``data`` begins like a JPEG: a start mark, and the first byte of the next mark."""
    return data.startswith(b"\xff\xd8\xff")


def decode_jpeg(
    data: bytes, at_least: tuple[int, int] | None, max_pixels: int
) -> NDArray[np.uint8]:
    """The pixels of a JPEG, upright; at a reduced scale where that covers ``at_least``."""
    header = read_jpeg_header(data)
    if header.size:
        check_size("JPEG", header.size, max_pixels)
    orientation = read_orientation(header.exif)
    if at_least and orientation >= 5:  # turned by a quarter: the sides change places
        at_least = at_least[::-1]
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        check_size("JPEG", (height, width), max_pixels)
        _check_scans(data, height * width)
        factor = _reduction((height, width), at_least)
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(
            # simplejpeg takes the smallest scale that gives these; libjpeg rounds sizes up.
            data,
            min_height=-(-height // factor),
            min_width=-(-width // factor),
        )
    except ImageError:
        raise
    except (ValueError, KeyError) as error:  # the second for a subsampling without a name
        _refuse_damage(str(error))
        return decode_by_pillow("JPEG", JpegImagePlugin.JpegImageFile, data, max_pixels)
    if colours in ("CMYK", "YCCK"):  # whole, but Pillow knows which inks are inverted
        return decode_by_pillow("JPEG", JpegImagePlugin.JpegImageFile, data, max_pixels)
    return turn_upright(pixels, orientation)


@dataclass(frozen=True)
class JpegHeader:
    """The first EXIF block, empty without one, and the (height, width) of the first frame."""

    exif: bytes
    size: tuple[int, int] | None


def read_jpeg_header(data: bytes) -> JpegHeader:
    """The first EXIF block and the (height, width) in the segments before the first scan."""
    exif, size, fill = b"", None, 0
    for number, (marker, body, skipped) in enumerate(segments(data)):
        fill += skipped
        if number == MAX_SEGMENTS or fill > MAX_FILL_BYTES:
            raise BrokenImage("the JPEG has too much before its first scan")
        if marker == _SCAN:
            break
        if marker == _APP1 and body.startswith(b"Exif\0\0") and not exif:
            exif = body
        if marker in _FRAMES and size is None and len(body) >= 5:
            size = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    return JpegHeader(exif, size)


def segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Each segment's marker, body and bytes skipped before it, up to the end mark.

    They are where libjpeg finds them: like its own, the search passes over fill bytes, rubbish and
    entropy-coded data, in which an FF is followed by 00 or is a marker; it never looks for a
    marker within a segment.
    """
    place = 2  # behind the start mark
    while (mark := _MARKER.search(data, place)) and (marker := mark[1][0]) != _END:
        length = int.from_bytes(data[mark.end() : mark.end() + 2], "big")
        skipped = mark.start() - place
        place = mark.end() + max(length, 2)
        yield marker, data[mark.end() + 2 : place], skipped


def _check_scans(data: bytes, pixels: int) -> None:
    """Bound the time that a JPEG takes beyond what its bytes and its pixels do."""
    allowed = min(MAX_SCANS, MAX_SCANNED_PIXELS // pixels)
    if not any(islice(_SCAN_BYTES.finditer(data), allowed, None)):
        return
    # A thumbnail, a colour profile or the film that some cameras append may hold these bytes too.
    scans = 0
    for number, (marker, *_) in enumerate(segments(data)):
        scans += marker == _SCAN
        if scans > allowed or number > 2 * MAX_SEGMENTS:
            raise BrokenImage(f"the JPEG has more than {allowed} scans of {pixels:,} pixels")


def _reduction(size: tuple[int, int], at_least: tuple[int, int] | None) -> int:
    """The largest of 8, 4, 2 and 1 by which the picture may shrink and still cover ``at_least``.

    libjpeg-turbo has vector code for these only: of a 300 × 440 poster, 3/8 takes longer than 1/2.
    """
    if at_least:
        for factor in (8, 4, 2):
            if all(-(-have // factor) >= want for have, want in zip(size, at_least, strict=True)):
                return factor
    return 1


def _refuse_damage(complaint: str) -> None:
    """Refuse what libjpeg fills with grey; leave to Pillow what it knows and simplejpeg does not.

    libjpeg calls both "warnings"; harmless are extraneous bytes between segments and unusual
    chroma subsampling. The words are those of its jerror.h.
    """
    if "Premature end of JPEG file" in complaint:
        raise BrokenImage("the JPEG ends too early")
    for damage in ("premature end of data segment", "bad Huffman code", "instead of RST"):
        if damage in complaint:
            raise BrokenImage(
                f"the JPEG is damaged: {complaint.removeprefix('Corrupt JPEG data: ')}"
            )
