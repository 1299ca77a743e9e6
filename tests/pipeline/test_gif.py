"""A GIF whose first frame is smaller than its screen, or sticks out of it."""

import struct

import numpy as np
import pytest
from PIL import Image

from pipeline.shared.pixels import (
    BrokenImage,
    TooManyPixels,
    decode_image,
    load_image,
    measure_image,
    resize_image,
)
from tests.pipeline.test_pixels import SIZE, encoded, pixels, poster


def gif_on_screen(
    picture: Image.Image, screen: tuple[int, int], place: tuple[int, int], **options: object
) -> bytes:
    """A GIF of one frame, moved to ``place`` (left, top) of a larger screen (width, height)."""
    data = encoded(picture, "GIF", **options)
    frame = data.index(b",", 13 + (3 << (data[10] & 7) + 1))
    moved = data[frame : frame + 1] + struct.pack("<2H", *place) + data[frame + 5 :]
    return data[:6] + struct.pack("<2H", *screen) + data[10:frame] + moved


FRAMES: dict[str, tuple[Image.Image, dict[str, object]]] = {
    "colours": (poster(61, 90).quantize(40), {}),
    "background of another colour": (poster(61, 90).quantize(40), {"background": 7}),
    "interlaced": (poster(61, 90).quantize(40), {"interlace": 1}),
    "grey": (poster(61, 90).convert("L"), {}),
    "transparent": (poster(61, 90).quantize(40), {"transparency": 3}),
    "disposed of": (poster(61, 90).quantize(40), {"transparency": 3, "disposal": 2}),
    "its own palette": (poster(61, 90).quantize(40), {"include_color_table": True}),
}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("place", [(0, 0), (9, 5), (39, 10)])
def test_what_a_gif_frame_leaves_of_its_screen_is_white(kind: str, place: tuple[int, int]) -> None:
    """Browsers show it as transparent, whatever the background (python-pillow/Pillow#5548)."""
    picture, options = FRAMES[kind]
    alone = decode_image(encoded(picture, "GIF", **options))
    data = gif_on_screen(picture, (100, 100), place, **options)
    expected = Image.new("RGB", (100, 100), "white")
    expected.paste(Image.fromarray(alone), place)
    assert np.array_equal(decode_image(data), pixels(expected))
    assert np.array_equal(load_image(data, SIZE), resize_image(pixels(expected), SIZE))


def test_a_gif_frame_that_sticks_out_of_its_screen_makes_it_larger() -> None:
    """As in Pillow and Chromium."""
    picture = poster(61, 90).quantize(40)
    data = gif_on_screen(picture, (30, 200), (9, 5))
    expected = Image.new("RGB", (70, 200), "white")
    expected.paste(picture.convert("RGB"), (9, 5))
    assert np.array_equal(decode_image(data), pixels(expected))
    measure = measure_image(data)
    assert measure and measure.size == (200, 70)


def test_the_screen_of_a_gif_counts_as_its_pixels() -> None:
    data = gif_on_screen(poster(61, 90).quantize(40), (5000, 4001), (0, 0))
    with pytest.raises(TooManyPixels, match="5000 × 4001 = 20,005,000 pixels"):
        decode_image(data)


def test_a_gif_that_ends_in_the_head_of_its_frame_is_told_so() -> None:
    data = encoded(poster(61, 90).quantize(40), "GIF")
    frame = data.index(b",", 13 + (3 << (data[10] & 7) + 1))
    for cut in range(1, 10):
        with pytest.raises(BrokenImage, match="the GIF ends too early"):
            decode_image(data[: frame + cut])
