"""Pixels with an ICC colour profile to sRGB, which is what pixels without one mean."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

STRIP_PIXELS = 500_000
"""Converted at one time: as a whole, each step would take as much memory as the picture again."""

_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
"""Pillow's mode for the colours of a profile, which stand in its header (ICC.1:2022, 7.2.6)."""
_DEVICE_CLASSES = (b"mntr", b"scnr", b"prtr", b"spac")
"""Profiles of a display, an input, an output and a colour space; the others join two profiles."""
_MODES = {1: ("L", "RGB"), 3: ("RGB",), 4: ("CMYK",)}
"""By the number of a picture's colours, the profiles that it may have: grey one of RGB too, as in
browsers."""
SAME_COLOURS = 2
"""A profile that moves no level of a grid of colours by more than this of 255 is sRGB: littleCMS'
own moves none, while one with a plain gamma of 2.2 moves dark levels by 6."""
_GRID = np.linspace(0, 255, 9).astype(np.uint8)


class ColourConverter:
    """Converts pictures of one mode and one profile to sRGB."""

    def __init__(self, mode: str, transform: ImageCms.ImageCmsTransform) -> None:
        self.mode = mode
        self._transform = transform

    def to_srgb(self, image: Image.Image) -> Image.Image:
        """``image`` in RGB; it is brought to the profile's mode first."""
        return self._transform.apply(image if image.mode == self.mode else image.convert(self.mode))


def convert_pixels(
    levels: NDArray[np.uint8], mode: str, to_rgb: Callable[[Image.Image], Image.Image]
) -> NDArray[np.uint8]:
    """``levels``, (height, width, levels of ``mode``), in RGB as ``to_rgb`` makes it."""
    height, width = levels.shape[:2]
    if levels.shape[2:] == (1,):
        levels = levels[..., 0]
    pixels = levels if mode == "RGB" else np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = levels[top : top + rows]
        image = Image.frombuffer(mode, (width, len(strip)), strip, "raw", mode, 0, 1)
        pixels[top : top + rows] = np.asarray(to_rgb(image))
    return pixels


def find_converter(profile: bytes, colours: int) -> ColourConverter | None:
    """What converts a picture of ``colours`` (1, 3 or 4 levels a pixel) that has ``profile``.

    None where nothing is to convert: there is no profile, it says sRGB, is broken, or is one of
    another number of colours. A wrong profile never refuses pixels.
    """
    mode = _SPACES.get(profile[16:20], "") if profile else ""
    if mode not in _MODES[colours] or profile[12:16] not in _DEVICE_CLASSES:
        return None
    find = _find_small if len(profile) <= SMALL_PROFILE_BYTES else _find_large
    # By digest and not by content, which the cache would keep: up to 4 MB each.
    return find(_Profile(profile), mode)


SMALL_PROFILE_BYTES = 10_000
"""Those of displays and of sRGB have 0.4 to 4 KB."""


class _Profile:
    """Equal to another one of the same bytes, which it forgets once they are read."""

    def __init__(self, content: bytes) -> None:
        self.digest = hashlib.sha256(content).digest()
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Profile) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def _build(profile: _Profile, mode: str) -> ColourConverter | None:
    content, profile.content = profile.content, b""
    try:
        transform = ImageCms.ImageCmsTransform(
            ImageCms.ImageCmsProfile(BytesIO(content)),
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            mode,
            "RGB",
        )
        converter = ColourConverter(mode, transform)
        return None if mode == "RGB" and _is_srgb(converter) else converter
    except (OSError, ValueError, MemoryError):  # PyCMSError is none of them, and not raised here
        return None


def _is_srgb(converter: ColourConverter) -> bool:
    grid = np.stack(np.meshgrid(_GRID, _GRID, _GRID), axis=-1).reshape(-1, 9, 3)
    seen = np.asarray(converter.to_srgb(Image.fromarray(grid)))
    return int(np.abs(seen.astype(int) - grid).max()) <= SAME_COLOURS


# A press's profile and its transform take up to 6 MB, a display's 10 KB.
_find_small = lru_cache(maxsize=64)(_build)
_find_large = lru_cache(maxsize=3)(_build)
