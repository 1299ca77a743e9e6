"""A picture to pixels through Pillow: every kind but the usual JPEG."""

import struct
import warnings
import zlib
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from pipeline.shared.decoding.image_errors import BrokenImage, ImageError, TooManyPixels, check_size
from pipeline.shared.decoding.image_kinds import Plugin
from pipeline.shared.decoding.orientation import read_orientation, turn_upright

STRIP_PIXELS = 500_000
"""Brought to RGB at one time."""
_PILLOW = r"PIL\."
# A plugin reads its fields from hostile bytes and raises whatever the first nonsense leads to. Of
# 40,000 mutated files the first three types came; the others its code can raise where it slices,
# divides, unpacks or inflates, and PIL.ImageFile wraps only some of them, and only on opening.
_FAILURES = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    AssertionError,  # a PNG with a palette and without one
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    struct.error,
    zlib.error,
)


def decode_by_pillow(kind: str, plugin: Plugin, data: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """The pixels of a picture that ``plugin`` opens, upright and over white."""
    _silence_pillow()
    try:
        image = plugin(BytesIO(data))
        check_size(kind, image.size[::-1], max_pixels)
        image.load()
        pixels = _over_white(image, data)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise TooManyPixels(str(error)) from None
    except _FAILURES as error:
        raise BrokenImage(_complaint(kind, error)) from None
    return turn_upright(pixels, read_orientation(image.info.get("exif", b"")))


def _silence_pillow() -> None:
    """Keep Pillow's warnings of odd files off stderr: what matters of them is raised.

    A filter, added once, and not warnings.catch_warnings: that is not safe between threads.
    """
    if not any(
        action == "ignore" and module and module.pattern == _PILLOW
        for action, _, _, module, _ in warnings.filters
    ):
        warnings.filterwarnings("ignore", module=_PILLOW)


def _complaint(kind: str, error: Exception) -> str:
    text = str(error)
    if "truncated" in text.lower():
        return f"the {kind} ends too early"
    return f"the {kind} is damaged: {text or 'its parts do not fit'}"


def _over_white(image: Image.Image, data: bytes) -> NDArray[np.uint8]:
    """The pixels of a loaded ``image`` in RGB, its transparent parts white.

    A strip at a time: as a whole, each step would take as much memory again, and some keep Python's
    other threads waiting until they are done.
    """
    if isinstance(image, PngImagePlugin.PngImageFile) and image.has_transparency_data:
        _scale_transparent_colour(image, bits=data[24])
    rows = max(1, STRIP_PIXELS // image.width)
    if rows >= image.height:
        return _strip_over_white(image)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, rows):
        end = min(top + rows, image.height)
        pixels[top:end] = _strip_over_white(image.crop((0, top, image.width, end)))
    return pixels


def _strip_over_white(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode == "I;16":
        return _grey_of_16_bits(image)
    if not image.has_transparency_data:
        return np.asarray(_convert(image, "RGB"))
    image = _convert(image, "RGBA")
    over = Image.new("RGB", image.size, "white")
    over.paste(image, mask=image.getchannel("A"))
    return np.asarray(over)


def _convert(image: Image.Image, mode: str) -> Image.Image:
    """The image in that mode; convert() would copy it even where it is so already."""
    return image if image.mode == mode else image.convert(mode)


def _grey_of_16_bits(image: Image.Image) -> NDArray[np.uint8]:
    """The upper byte of each level, as Pillow takes it in colour; its convert() clips at 255."""
    levels = np.asarray(image)
    grey = (levels >> 8).astype(np.uint8)
    if (transparent := image.info.get("transparency")) is not None:
        grey[levels == transparent] = 255
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def _scale_transparent_colour(image: Image.Image, bits: int) -> None:
    """Bring the one transparent colour to 8 bits: Pillow does so to the pixels and forgets it."""
    colour = image.info.get("transparency")
    if isinstance(colour, tuple) and bits == 16:
        image.info["transparency"] = tuple(level >> 8 for level in colour)
    if isinstance(colour, int) and image.mode == "L" and bits < 8:
        image.info["transparency"] = colour * 255 // (2**bits - 1)
