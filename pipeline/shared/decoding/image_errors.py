"""Why bytes give no picture, what to do about it, and the limits on a picture.

ImageError               one sentence on what is wrong, and one on what to do
├── UnsupportedImage     a format, or a kind of JPEG, that is not read here
├── TooManyPixels        its header says more than is allowed; nothing was decoded
└── BrokenImage          says that it is a picture and does not decode: truncated, damaged, 0 × 0
"""

MAX_PIXELS = 20_000_000
"""The most pixels that a decoder may give."""
MAX_SIDE = 65_535
"""The longest side, which is that of a JPEG and of a GIF.

A longer one costs more than its pixels: of 20,000,000 × 1, a resize makes 6.6 GB in between.
"""
FORMATS = "JPEG, PNG, WebP, GIF or AVIF"


class ImageError(ValueError):
    """These bytes give no picture; the message says why in one sentence."""

    fix = ""
    """What the sender can do about it."""

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(problem)
        if fix:
            self.fix = fix


class UnsupportedImage(ImageError):  # noqa: N818 - its base is named Error
    """The bytes are none of the formats that are read, or a kind of JPEG that is not."""

    fix = f"send a {FORMATS} picture"


class TooManyPixels(ImageError):  # noqa: N818
    """The picture costs more than is allowed, told before it is decoded."""

    fix = "scale the picture down and send it again"


class BrokenImage(ImageError):  # noqa: N818
    """The bytes begin like a picture and do not decode."""

    fix = "open the file in a viewer; if it is broken there, export or download it again"


def check_size(kind: str, size: tuple[int, int], max_pixels: int) -> None:
    """Refuse a picture of no pixels or of too many; ``size`` is (height, width)."""
    check_sides(kind, size)
    height, width = size
    if (pixels := height * width) > max_pixels:
        raise TooManyPixels(
            f"{width} × {height} = {pixels:,} pixels, over the limit of {max_pixels:,}"
        )
    if max(size) > MAX_SIDE:
        raise TooManyPixels(f"{width} × {height} pixels, over the limit of {MAX_SIDE:,} a side")


def check_sides(kind: str, size: tuple[int, int]) -> None:
    """Refuse a picture of no pixels; ``size`` is (height, width)."""
    height, width = size
    if not height * width:
        raise BrokenImage(f"the {kind} says that it is {width} × {height} pixels")
