"""What a decoder gets to see of a file: one picture, without the metadata that nobody needs."""

from dataclasses import dataclass

MAX_PROFILE_BYTES = 4_000_000
"""The longest colour profile that is read: those of printing presses have 0.5 to 3 MB."""


@dataclass(frozen=True)
class BareImage:
    """The parts of a file that make its first picture, in a file of their own.

    A decoder of text, time stamps and previews is a decoder more to trust, and Pillow's costs more
    than the pixels where a file has thousands: so no decoder sees them, and none refuses a file for
    them. ``size`` is (height, width), ``exif`` and ``profile`` (ICC) are empty where there is none.
    """

    data: bytes
    size: tuple[int, int]
    exif: bytes = b""
    profile: bytes = b""
    canvas: tuple[int, int] | None = None
    """(height, width) of what the picture stands on, where that is larger."""
    position: tuple[int, int] = (0, 0)
    """(top, left) of the picture on its canvas."""
    is_intact: bool = True
    """Whether the file's own checksums of its pixels are right, where it has some."""
