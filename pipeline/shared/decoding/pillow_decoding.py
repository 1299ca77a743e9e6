"""A picture to pixels through Pillow: PNG and GIF."""

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, PngImagePlugin

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.colour_profiles import STRIP_PIXELS, find_converter
from pipeline.shared.decoding.image_errors import BrokenImage, ImageError, TooManyPixels, check_size
from pipeline.shared.decoding.layers import place_on_canvas
from pipeline.shared.decoding.orientation import StoredPicture, read_orientation

Pixels = NDArray[np.uint8]
Plugin = Callable[[BytesIO], ImageFile.ImageFile]
"""Pillow's plugin itself: Image.open tries others too, and warns of large pictures."""
_GREY_MODES = ("1", "L", "LA", "I;16")
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
    RuntimeError,
    TypeError,
    struct.error,
    zlib.error,
)


def decode_by_pillow(kind: str, plugin: Plugin, bare: BareImage, max_pixels: int) -> StoredPicture:
    """The pixels of a picture that ``plugin`` opens, in sRGB and over white."""
    with pillow_errors(kind):
        image = plugin(BytesIO(bare.data))
        check_size(kind, image.size[::-1], max_pixels)
        image.load()
        pixels = _over_white(image, bare)
    return StoredPicture(place_on_canvas(pixels, bare), read_orientation(bare.exif))


@contextmanager
def pillow_errors(kind: str) -> Iterator[None]:
    """Turn whatever Pillow raises over a picture of ``kind`` into an ImageError."""
    _silence_pillow()
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise TooManyPixels(f"the {kind} takes too much memory") from None
    except _FAILURES as error:
        raise BrokenImage(_complaint(kind, error)) from None


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


def _over_white(image: Image.Image, bare: BareImage) -> Pixels:
    """The pixels of a loaded ``image`` in sRGB, its transparent parts white.

    A strip at a time: as a whole, each step would take as much memory again, and some keep Python's
    other threads waiting until they are done.
    """
    if isinstance(image, PngImagePlugin.PngImageFile) and image.has_transparency_data:
        _find_transparent_colour(image, bare)
    converter = find_converter(bare.profile, 1 if image.mode in _GREY_MODES else 3)
    to_rgb = converter.to_srgb if converter else _to_rgb
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        end = min(top + rows, image.height)
        whole = rows >= image.height
        strip = image if whole else image.crop((0, top, image.width, end))
        pixels[top:end] = _strip_over_white(strip, to_rgb)
    return pixels


def _strip_over_white(
    image: Image.Image, to_rgb: Callable[[Image.Image], Image.Image]
) -> NDArray[np.uint8]:
    if image.mode == "I;16":
        colours, alpha = _split_grey_of_16_bits(image)
    elif image.has_transparency_data:
        image = _convert(image, "LA" if image.mode in _GREY_MODES else "RGBA")
        colours, alpha = image.convert(image.mode[:-1]), image.getchannel("A")
    else:
        colours, alpha = image, None
    colours = to_rgb(colours)
    if alpha is None:
        return np.asarray(colours)
    over = Image.new("RGB", image.size, "white")
    over.paste(colours, mask=alpha)
    return np.asarray(over)


def _to_rgb(image: Image.Image) -> Image.Image:
    return _convert(image, "RGB")


def _convert(image: Image.Image, mode: str) -> Image.Image:
    """The image in that mode; convert() would copy it even where it is so already."""
    return image if image.mode == mode else image.convert(mode)


def _split_grey_of_16_bits(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The upper byte of each level, as Pillow takes it in colour; its convert() clips at 255.

    And which of them are opaque, where one level is transparent.
    """
    levels = np.asarray(image)
    grey = Image.fromarray((levels >> 8).astype(np.uint8))
    if (transparent := image.info.get("transparency")) is None:
        return grey, None
    return grey, Image.fromarray(np.where(levels == transparent, 0, 255).astype(np.uint8))


def _find_transparent_colour(image: Image.Image, bare: BareImage) -> None:
    """Bring the one transparent colour to 8 bits: Pillow does so to the pixels and forgets it.

    Where it and the pixels have 16 bits, all of these are compared (W3C PNG, 11.3.2.1).
    """
    bits, colour = bare.data[24], image.info.get("transparency")
    if isinstance(colour, tuple) and bits == 16:
        del image.info["transparency"]
        image.putalpha(_opacity_by_16_bits(image, bare, colour))
    if isinstance(colour, int) and image.mode == "L" and bits < 8:
        image.info["transparency"] = colour * 255 // (2**bits - 1)


def _opacity_by_16_bits(
    upper: Image.Image, bare: BareImage, transparent: tuple[int, ...]
) -> Image.Image:
    """Which pixels have another colour: ``upper`` has the upper byte of each level."""
    lower = PngImagePlugin.PngImageFile(BytesIO(bare.data))
    # The samples have their upper byte first; as if it stood last, Pillow takes the lower one.
    lower.tile = [tile._replace(args="RGB;16L") for tile in lower.tile]
    lower.load()
    opacity = np.empty((upper.height, upper.width), np.uint8)
    rows = max(1, STRIP_PIXELS // upper.width)
    for top in range(0, upper.height, rows):
        box = (0, top, upper.width, min(top + rows, upper.height))
        levels = np.asarray(upper.crop(box)).astype(np.uint16) << 8 | np.asarray(lower.crop(box))
        opacity[top : box[3]] = np.where((levels == transparent).all(axis=-1), 0, 255)
    return Image.fromarray(opacity)
