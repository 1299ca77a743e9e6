"""A WebP to pixels: through OpenCV, which takes a third of Pillow's memory for the same bits."""

import cv2
import numpy as np

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.colour_profiles import find_converter
from pipeline.shared.decoding.image_errors import BrokenImage, TooManyPixels
from pipeline.shared.decoding.layers import flatten_layers, place_on_canvas
from pipeline.shared.decoding.orientation import StoredPicture, read_orientation

LEAST_BYTES = 32
"""OpenCV refuses a shorter WebP; one of a single colour has 26 to 44, and more may follow."""


def decode_webp(bare: BareImage) -> StoredPicture:
    """The pixels of a WebP of one frame, in sRGB and over white."""
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
    pixels = flatten_layers(levels, find_converter(bare.profile, 3), is_blue_first=True)
    return StoredPicture(place_on_canvas(pixels, bare), read_orientation(bare.exif))
