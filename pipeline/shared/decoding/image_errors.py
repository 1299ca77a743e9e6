"""Why bytes give no picture, and the limit on its size.

ImageError               one sentence for whoever sent the picture
├── UnsupportedImage     not a JPEG, PNG, WebP or GIF
├── TooManyPixels        its header says more pixels than are allowed; nothing was decoded
└── BrokenImage          says that it is a picture and does not decode: truncated, damaged, 0 × 0
"""

MAX_PIXELS = 20_000_000


class ImageError(ValueError):
    """These bytes give no picture; the message says why in one sentence."""


class UnsupportedImage(ImageError):  # noqa: N818 - its base is named Error
    """The bytes are no JPEG, PNG, WebP or GIF."""


class TooManyPixels(ImageError):  # noqa: N818
    """The picture has more pixels than are allowed, told before it is decoded."""


class BrokenImage(ImageError):  # noqa: N818
    """The bytes begin like a picture and do not decode."""


def check_size(kind: str, size: tuple[int, int], max_pixels: int) -> None:
    """Refuse a picture of no pixels or of too many; ``size`` is (height, width)."""
    height, width = size
    pixels = height * width
    if pixels == 0:
        raise BrokenImage(f"the {kind} says that it is {width} × {height} pixels")
    if pixels > max_pixels:
        raise TooManyPixels(
            f"{width} × {height} = {pixels:,} pixels, over the limit of {max_pixels:,}"
        )
