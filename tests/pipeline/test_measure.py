"""The measure of a picture, by which the service decides where it is decoded and how many go."""

from itertools import islice

import numpy as np
import pytest
from PIL import Image

from pipeline.shared.decoding.image_kinds import SHORT_LOOK
from pipeline.shared.pixels import ImageError, decode_image, measure_image
from tests.pipeline.broken_pictures import broken_pictures, whole_pictures
from tests.pipeline.test_image_headers import with_later_height
from tests.pipeline.test_pixels import encoded, poster


def test_the_measure_of_a_whole_picture_is_the_size_of_its_pixels() -> None:
    for kind, files in whole_pictures().items():
        for data in files:
            try:
                shape = decode_image(data).shape
            except ImageError as refusal:
                with pytest.raises(type(refusal)):
                    measure_image(data)
                continue
            measure = measure_image(data)
            # A decoder gives all that is stored, whatever an aperture leaves of it.
            stored = (98, 75) if b"clap" in data else shape[:2]
            assert measure and measure.size == stored
            assert measure.is_usual == (kind != "AVIF")


def test_no_decoder_gives_more_pixels_than_were_measured() -> None:
    decoded = 0
    for picture in islice(broken_pictures(seed=8), 600):
        try:
            count = decode_image(picture.data, max_pixels=500_000).size // 3
        except ImageError:
            continue
        decoded += 1
        measure = measure_image(picture.data)  # what decodes is not refused by a short look
        assert measure is None or count <= measure.pixels
    assert decoded > 100


def test_a_height_behind_the_pixels_is_measured() -> None:
    measure = measure_image(with_later_height(encoded(poster(), "JPEG"), 440))
    assert measure and measure.size == (440, 300)


def test_a_header_of_many_pieces_has_no_measure() -> None:
    gif = encoded(Image.new("P", (60, 90)), "GIF")
    place = gif.index(b",", 13)
    for pieces, is_measured in ((SHORT_LOOK // 2, True), (SHORT_LOOK * 2, False)):
        data = gif[:place] + b"!\xfe" + b"\1a" * pieces + b"\0" + gif[place:]
        assert (measure_image(data) is not None) == is_measured
        blocks = gif[:place] + b"!\xfe\0" * pieces + gif[place:]
        assert (measure_image(blocks) is not None) == is_measured
        assert np.array_equal(decode_image(data), decode_image(gif))
    webp = encoded(Image.new("RGB", (60, 90)), "WEBP", lossless=True)
    for chunks, is_measured in ((SHORT_LOOK // 2, True), (SHORT_LOOK * 2, False)):
        body = b"JUNK\0\0\0\0" * chunks + webp[12:]
        data = b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body
        assert (measure_image(data) is not None) == is_measured
        assert np.array_equal(decode_image(data), decode_image(webp))
