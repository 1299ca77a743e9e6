"""What a picture costs to decode, by a short look of the readers that its decoder obeys."""

from dataclasses import dataclass

from pipeline.shared.decoding.image_kinds import image_kind
from pipeline.shared.decoding.jpeg import is_jpeg
from pipeline.shared.decoding.jpeg_header import (
    BASELINE,
    EXTENDED,
    PROGRESSIVE,
    checked_frame,
    read_jpeg_header,
)

MAX_SEGMENTS = 64
"""Looked at before the first scan of a JPEG; cameras and editors write about ten."""
MAX_FILL_BYTES = 1_000
"""The most bytes between these segments."""
MAX_USUAL_SCANS = 24
"""Encoders write up to 18 in a progressive JPEG; each takes a pass over the pixels."""
JPEG_SHARE = 1 / 8
"""A pixel of a JPEG of one scan takes a tenth to a twentieth of the time of one of a PNG."""


@dataclass(frozen=True)
class ImageMeasure:
    """The size of a picture, (height, width), and how far that tells what it costs."""

    size: tuple[int, int]
    share: float = 1.0
    """What a pixel costs beside one of a PNG."""
    is_usual: bool = True
    """Whether its pixels and bytes bound its time and memory."""

    @property
    def pixels(self) -> int:
        """How many pixels a decoder gives at full scale."""
        return self.size[0] * self.size[1]


def measure_image(data: bytes) -> ImageMeasure | None:
    """The measure of a picture, in a millisecond at most; None where its header takes longer.

    An ImageError for what is refused by its header.
    """
    if is_jpeg(data):
        return _measure_jpeg(data)
    kind = image_kind(data)
    size = kind.find_size(data)
    # An AVIF holds frames of a video codec, whose sizes no outer header bounds.
    return None if size is None else ImageMeasure(size, is_usual=kind.name != "AVIF")


def _measure_jpeg(data: bytes) -> ImageMeasure | None:
    header = read_jpeg_header(data, MAX_SEGMENTS, MAX_FILL_BYTES)
    if header.is_too_long:
        return None
    frame = checked_frame(header)
    is_plain = frame.marker in (BASELINE, EXTENDED)
    has_few_scans = data.count(b"\xff\xda") <= MAX_USUAL_SCANS
    return ImageMeasure(
        frame.size,
        JPEG_SHARE if is_plain else 1.0,
        has_few_scans and (is_plain or frame.marker == PROGRESSIVE),
    )
