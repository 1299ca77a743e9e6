"""Bytes of a picture to pixels, the same for training and serving.

A JPEG goes through simplejpeg, at a reduced scale where that is enough, a WebP through OpenCV, the
others through Pillow, each after its header has been read and judged here. Pixels are (height,
width, 3) arrays of uint8, red first, in sRGB. What gives no picture raises an ImageError
(decoding.image_errors).
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.shared.decoding.image_errors import (
    MAX_PIXELS,
    BrokenImage,
    ImageError,
    TooManyPixels,
    UnsupportedImage,
    check_size,
)
from pipeline.shared.decoding.image_kinds import image_kind
from pipeline.shared.decoding.jpeg import decode_jpeg, is_jpeg
from pipeline.shared.decoding.measure import ImageMeasure, measure_image
from pipeline.shared.decoding.orientation import StoredPicture

__all__ = [
    "BrokenImage", "ImageError", "ImageMeasure", "TooManyPixels", "UnsupportedImage",
    "decode_image", "load_image", "measure_image", "resize_image", "sufficient_size",
]  # fmt: skip


def load_image(
    data: bytes, size: tuple[int, int], *, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """The picture stretched to ``size``, which is (height, width); an ImageError if there is none.

    A JPEG is within a mean difference of 6 of 255 of Pillow's full decode and bilinear resize
    (200 real posters to three sizes: 1 to 2, at most 5.9), and 0 to 3 from a PNG of itself.
    """
    try:
        stored = _decode_stored(data, sufficient_size(size), max_pixels)
        resized = resize_image(stored.pixels, stored.in_stored_order(size))
        return StoredPicture(resized, stored.orientation).upright()
    except MemoryError:
        raise TooManyPixels("the picture takes too much memory") from None


def sufficient_size(size: tuple[int, int]) -> tuple[int, int]:
    """The least that ``decode_image`` has to give for ``resize_image``; both (height, width).

    libjpeg's reduced scales are sharper than a resize: this leaves a fifth for it to smooth.
    """
    return math.ceil(size[0] * 1.2), math.ceil(size[1] * 1.2)


def decode_image(
    data: bytes, *, at_least: tuple[int, int] | None = None, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """The picture upright and over white, its first frame if it moves.

    With ``at_least``, a (height, width), a JPEG may come smaller than it is, never smaller than
    that unless it is so itself. Every other type comes at its full size, exact to the bit.
    """
    return _decode_stored(data, at_least, max_pixels).upright()


def _decode_stored(data: bytes, at_least: tuple[int, int] | None, max_pixels: int) -> StoredPicture:
    if is_jpeg(data):
        return decode_jpeg(data, at_least, max_pixels)
    kind = image_kind(data)
    bare = kind.read_header(data)
    check_size(kind.name, bare.size, max_pixels)
    if bare.canvas:
        check_size(kind.name, bare.canvas, max_pixels)
    return kind.decode(bare, max_pixels)


def resize_image(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture stretched to ``size``, which is (height, width).

    Where it shrinks, each pixel is the mean of evenly spaced linear samples at most 1.2 pixels
    apart, so that nothing aliases. On posters this lies closer to Pillow's antialiased bilinear
    filter (mean 1 to 3 of 255) than OpenCV's INTER_AREA does, in half its time; plain INTER_LINEAR
    is off by up to 8. The same bits come out whatever the number of OpenCV's threads.
    """
    height, width = image.shape[:2]
    # Where one side shrinks and the other grows, the first goes first: 300 × 65,535 pixels to
    # 2,048 × 2,048 would take 400 MB in between.
    if height > size[0] and width < size[1]:
        image = _resample(image, (size[0], width))
    elif height < size[0] and width > size[1]:
        image = _resample(image, (height, size[1]))
    return _resample(image, size)


def _resample(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    per_pixel = [
        # At most 1.2 pixels apart: of 3.2 pixels for one, 3 samples are enough.
        max(1, math.ceil(have / want - 0.2))
        for have, want in zip(image.shape[:2], size, strict=True)
    ]
    samples = (size[0] * per_pixel[0], size[1] * per_pixel[1])
    if samples != image.shape[:2]:
        image = cv2.resize(image, samples[::-1], interpolation=cv2.INTER_LINEAR)
    if samples != size:
        image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
    return image
