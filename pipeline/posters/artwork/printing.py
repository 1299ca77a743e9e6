"""What happens to a poster between the drawing board and the scanner."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pipeline.posters.artwork.chance import Chance


def spoil(image: Image.Image, defect: str, chance: Chance) -> Image.Image:
    """``image`` as it looks after ``defect``, with the light grain that all paper has."""
    if defect == "blur":
        image = image.filter(ImageFilter.BoxBlur(1))
    pixels = np.asarray(image).astype(np.int32)
    if defect == "greyscale":
        red, green, blue = np.moveaxis(pixels, 2, 0)
        pixels = np.repeat(((77 * red + 150 * green + 29 * blue) >> 8)[:, :, None], 3, axis=2)
    if defect == "tint":
        pixels = pixels * np.array([chance.between(190, 256) for _ in range(3)], np.int32) >> 8
    if defect == "faded":
        pixels = 60 + pixels * chance.between(130, 170) // 256
    reach = chance.between(28, 48) if defect == "grain" else chance.between(4, 10)
    pixels = pixels + _grain(pixels.shape[0], pixels.shape[1], reach, chance)[:, :, None]
    if defect == "worn":
        _crease(pixels, chance)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _grain(height: int, width: int, reach: int, chance: Chance) -> NDArray[np.int32]:
    """Noise around 0 of at most ``reach`` levels: the sum of two draws a pixel."""
    one, other = chance.bytes(2, height, width).astype(np.int32)
    noise: NDArray[np.int32] = (one + other - 255) * reach // 255
    return noise


def _crease(pixels: NDArray[np.int32], chance: Chance) -> None:
    """Fold the paper ``pixels`` in four one way and in two the other."""
    height, width = pixels.shape[:2]
    for share in (1, 2, 3):
        row = height * share // 4 + chance.between(-2, 2)
        pixels[row] += 50
        pixels[row + 1] -= 30
    column = width // 2 + chance.between(-2, 2)
    pixels[:, column] += 50
    pixels[:, column + 1] -= 30
