"""Pictures to probabilities, or to the reason why there are none."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.shared import pixels
from service.inference.model import Model

Outcome = NDArray[np.float32] | pixels.ImageError
"""The probabilities of a picture, or why it is none."""
Load = Callable[[bytes, tuple[int, int], int], NDArray[np.uint8]]
"""A file's pixels at a (height, width), if it has at most so many."""


def load_here(content: bytes, size: tuple[int, int], max_pixels: int) -> NDArray[np.uint8]:
    """``pixels.load_image`` in this thread."""
    return pixels.load_image(content, size, max_pixels=max_pixels)


def predict_files(
    model: Model, contents: Sequence[bytes], max_pixels: int, load: Load = load_here
) -> list[Outcome]:
    """What becomes of each file: the part of a request that takes long."""
    return [_predict_file(model, content, max_pixels, load) for content in contents]


def _predict_file(model: Model, content: bytes, max_pixels: int, load: Load) -> Outcome:
    try:
        if not content:
            raise pixels.BrokenImage("empty (0 bytes)", "choose a file that is not empty")
        return model.probabilities(load(content, model.input_size, max_pixels))
    except pixels.ImageError as error:
        # An error's traceback holds the frames that hold the upload.
        return error.with_traceback(None)
