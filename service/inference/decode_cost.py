"""What a picture costs to decode, estimated from a short look at its header.

It says where a picture is decoded and counts it against its request's limits. The look is that of
the decoder's own reader of headers: what one says the other obeys.
"""

from dataclasses import dataclass

from pipeline.shared.decoding.image_errors import ImageError
from pipeline.shared.decoding.image_kinds import image_kind
from pipeline.shared.decoding.jpeg import is_jpeg
from pipeline.shared.decoding.jpeg_header import BASELINE, EXTENDED, PROGRESSIVE, read_jpeg_header

LIGHT_PIXELS = 2_000_000
LIGHT_BYTES = 1_000_000
"""A picture within both takes some 50 ms, and as PNG 100: a thread decodes it."""
MAX_LIGHT_SCANS = 24
"""Encoders write up to 18 in a progressive JPEG; each takes a pass over the pixels."""
MAX_SEGMENTS = 64
"""Looked at before the first scan of a JPEG, with at most so many bytes between them."""
MAX_FILL_BYTES = 1_000
JPEG_SHARE = 8
"""A pixel of a JPEG of one scan takes a tenth to a twentieth of the time of one of a PNG."""


@dataclass(frozen=True, slots=True)
class DecodeCost:
    """``pixels`` of a PNG take as long; what is not light may take seconds, or much memory."""

    pixels: int
    is_light: bool


def estimate_cost(data: bytes) -> DecodeCost:
    """The cost of the picture in ``data``; nothing for bytes that the reader of headers refuses."""
    if is_jpeg(data):
        return _jpeg_cost(data)
    try:
        kind = image_kind(data)
        size = kind.find_size(data)
    except ImageError:
        return DecodeCost(0, is_light=True)
    if size is None:
        return DecodeCost(0, is_light=False)
    # An AVIF holds frames of a video codec, whose sizes no outer header bounds.
    return _cost(data, size, may_be_light=kind.name != "AVIF")


def _cost(data: bytes, size: tuple[int, int], *, may_be_light: bool, share: int = 1) -> DecodeCost:
    pixels = size[0] * size[1]
    is_small = pixels <= LIGHT_PIXELS and len(data) <= LIGHT_BYTES
    return DecodeCost(pixels // share, may_be_light and is_small)


def _jpeg_cost(data: bytes) -> DecodeCost:
    header = read_jpeg_header(data, MAX_SEGMENTS, MAX_FILL_BYTES)
    frame = header.frame
    if header.is_too_long or frame is None:
        return DecodeCost(0, is_light=not header.is_too_long and len(data) <= LIGHT_BYTES)
    is_usual = frame.marker in (BASELINE, EXTENDED, PROGRESSIVE) and _has_few_scans(data)
    share = JPEG_SHARE if frame.marker in (BASELINE, EXTENDED) else 1
    return _cost(data, frame.size, may_be_light=is_usual, share=share)


def _has_few_scans(data: bytes) -> bool:
    return data.count(b"\xff\xda") <= MAX_LIGHT_SCANS
