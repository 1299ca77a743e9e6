"""Altered copies of a training poster: rotated, scaled, cropped, brighter or darker."""

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.shared.params import Number, Section, Share


class Augmentation(Section):
    """How many copies a training poster gets, and how far each may be altered."""

    copies: int = Field(ge=0, le=20)
    rotation: Number = Field(ge=0, le=180)
    """Largest rotation, in degrees, either way."""
    scale: Share
    """Largest change of size, either way: 0.1 is 90 % to 110 %."""
    crop: Share
    """Largest shift, as a share of the width and of the height: what leaves the frame is lost."""
    brightness: Share
    """Largest change of brightness, either way."""


def alter(
    image: NDArray[np.uint8], limits: Augmentation, random: np.random.Generator
) -> NDArray[np.uint8]:
    """A copy of ``image`` (height, width, 3; uint8), altered within ``limits``; same shape.

    What rotation and shift bring into the frame repeats the nearest edge.
    """
    height, width = image.shape[:2]
    angle, scale, right, down, light = random.uniform(-1, 1, 5) * (
        limits.rotation,
        limits.scale,
        limits.crop * width,
        limits.crop * height,
        limits.brightness,
    )
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1 + scale)
    matrix[:, 2] += (right, down)  # its last column is the shift
    moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.convertScaleAbs(moved, alpha=1 + light), dtype=np.uint8)
