"""Decoded levels to what is seen of them: sRGB, and white where they are transparent."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.colour_profiles import STRIP_PIXELS, ColourConverter, convert_pixels

Pixels = NDArray[np.uint8]


def flatten_layers(
    levels: Pixels, converter: ColourConverter | None, *, is_blue_first: bool = False
) -> Pixels:
    """``levels``, (height, width, 3, or 4 with opacity), in sRGB and over white, red first.

    A strip at a time; without opacity, and where ``levels`` may be written to, in their own memory.
    """
    height, width, count = levels.shape
    in_place = count == 3 and levels.flags.writeable
    pixels = levels if in_place else np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = levels[top : top + rows]
        colours = np.ascontiguousarray(strip[..., :3])
        if is_blue_first:
            colours = cv2.cvtColor(colours, cv2.COLOR_BGR2RGB)
        if converter:
            colours = convert_pixels(colours.copy(), "RGB", converter.to_srgb)
        pixels[top : top + rows] = _over_white(colours, strip[..., 3]) if count == 4 else colours
    return pixels


def _over_white(colours: Pixels, alpha: Pixels) -> Pixels:
    """``colours`` where they are opaque, white where they are not, rounded to the nearest level."""
    opacity = alpha[..., np.newaxis].astype(np.uint16)
    over: Pixels = ((colours * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
    return over


def place_on_canvas(pixels: Pixels, bare: BareImage) -> Pixels:
    """A frame that is smaller than its animation, on a white canvas."""
    if bare.canvas is None:
        return pixels
    canvas = np.full((*bare.canvas, 3), 255, np.uint8)
    top, left = bare.position
    seen = canvas[top : top + len(pixels), left : left + pixels.shape[1]]
    seen[:] = pixels[: len(seen), : seen.shape[1]]
    return canvas
