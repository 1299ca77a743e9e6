"""A WebP to pixels: through OpenCV, which takes a third of Pillow's memory for the same bits."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.colour_profiles import (
    STRIP_PIXELS,
    convert_pixels,
    find_converter,
)
from pipeline.shared.decoding.image_errors import BrokenImage, TooManyPixels
from pipeline.shared.decoding.orientation import read_orientation, turn_upright

Pixels = NDArray[np.uint8]
LEAST_BYTES = 32
"""OpenCV refuses a shorter WebP; one of a single colour has 26 to 44, and more may follow."""


def decode_webp(bare: BareImage) -> Pixels:
    """The pixels of a WebP of one frame, upright, in sRGB and over white."""
    # It logs to stderr what it also returns: None.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    data = bare.data.ljust(LEAST_BYTES, b"\0")
    try:
        levels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise TooManyPixels("the WebP takes too much memory") from None
        levels = None
    if levels is None:
        raise BrokenImage("the WebP is damaged, or ends too early")
    converter = find_converter(bare.profile, 3)
    pixels = np.empty((*levels.shape[:2], 3), np.uint8) if levels.shape[2] == 4 else levels
    rows = max(1, STRIP_PIXELS // levels.shape[1])
    for top in range(0, len(levels), rows):
        strip = levels[top : top + rows]
        colours = cv2.cvtColor(np.ascontiguousarray(strip[..., :3]), cv2.COLOR_BGR2RGB)
        if converter:
            colours = convert_pixels(colours, "RGB", converter.to_srgb)
        if levels.shape[2] == 4:
            colours = _over_white(colours, strip[..., 3])
        pixels[top : top + rows] = colours
    return turn_upright(_on_canvas(pixels, bare), read_orientation(bare.exif))


def _over_white(colours: Pixels, alpha: Pixels) -> Pixels:
    """``colours`` where they are opaque, white where they are not, rounded to the nearest level."""
    opacity = alpha[..., np.newaxis].astype(np.uint16)
    over: Pixels = ((colours * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
    return over


def _on_canvas(pixels: Pixels, bare: BareImage) -> Pixels:
    """A frame that is smaller than its animation, on a white canvas."""
    if bare.canvas is None:
        return pixels
    canvas = np.full((*bare.canvas, 3), 255, np.uint8)
    top, left = bare.position
    seen = canvas[top : top + len(pixels), left : left + pixels.shape[1]]
    seen[:] = pixels[: len(seen), : seen.shape[1]]
    return canvas
