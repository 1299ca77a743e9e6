"""Pixels with a colour profile are brought to sRGB, and a wrong profile changes nothing."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline.shared.decoding.colour_profiles import find_converter
from pipeline.shared.pixels import decode_image, load_image
from tests.pipeline.icc_profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    cmyk_profile,
    display_profile,
    grey_profile,
)
from tests.pipeline.test_pixels import SIZE, Pixels, difference, encoded, poster

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
LOSSLESS: dict[str, dict[str, object]] = {"PNG": {}, "WEBP": {"lossless": True}}
LOSSY: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "AVIF": {"quality": 95, "speed": 10, "subsampling": "4:4:4"},
}


def converted(picture: Image.Image, profile: bytes) -> Pixels:
    """``picture`` in sRGB as Pillow's documentation converts it."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    seen = ImageCms.profileToProfile(picture, source, SRGB, outputMode="RGB")
    assert seen
    return np.asarray(seen)


@pytest.mark.parametrize("colours", [DISPLAY_P3, ADOBE_RGB])
@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY])
def test_a_display_profile_is_converted(kind: str, colours: object) -> None:
    profile = display_profile(colours)  # type: ignore[arg-type]
    options = {**LOSSLESS, **LOSSY}[kind]
    data = encoded(poster(), kind, icc_profile=profile, **options)
    with Image.open(io.BytesIO(data)) as stored:
        expected = converted(stored.convert("RGB"), profile)
    seen = decode_image(data)
    assert difference(seen, expected) <= (0 if kind in LOSSLESS else 1)
    assert difference(seen, decode_image(encoded(poster(), kind, **options))) > 3


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_press_profile_is_converted(options: dict[str, object]) -> None:
    inks = poster().convert("CMYK")
    data = encoded(inks, "JPEG", quality=95, icc_profile=cmyk_profile(), **options)
    with Image.open(io.BytesIO(data)) as stored:
        expected = converted(stored.copy(), cmyk_profile())
    assert difference(decode_image(data), expected) <= 1
    assert difference(load_image(data, SIZE), load_image(encoded(inks, "JPEG"), SIZE)) > 20


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "L"), ("PNG", "L"), ("PNG", "LA")])
def test_a_grey_profile_is_converted(kind: str, mode: str) -> None:
    picture = poster().convert(mode)
    if mode == "LA":
        picture.putalpha(255)
    data = encoded(picture, kind, icc_profile=grey_profile(), **LOSSY.get(kind, {}))
    with Image.open(io.BytesIO(data)) as stored:
        expected = converted(stored.convert("L"), grey_profile())
    assert difference(decode_image(data), expected) <= 0.5


def test_colours_are_converted_before_transparency_is_over_white() -> None:
    picture = Image.new("RGBA", (30, 20), (250, 40, 40, 128))
    data = encoded(picture, "PNG", icc_profile=display_profile())
    colour = converted(Image.new("RGB", (1, 1), (250, 40, 40)), display_profile())[0, 0]
    expected = colour.astype(float) * 128 / 255 + 255 * 127 / 255
    assert np.abs(decode_image(data)[0, 0] - expected).max() <= 1


def test_a_palette_is_converted() -> None:
    picture = poster(61, 90).quantize(16)
    data = encoded(picture, "PNG", icc_profile=display_profile())
    assert np.array_equal(decode_image(data), converted(picture.convert("RGB"), display_profile()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_srgb_changes_no_bit(kind: str) -> None:
    data = encoded(poster(), kind, icc_profile=SRGB.tobytes())
    assert np.array_equal(decode_image(data), decode_image(encoded(poster(), kind)))
    assert find_converter(SRGB.tobytes(), 3) is None


WRONG = {
    "empty": b"",
    "text": b"I am not a profile. " * 40,
    "cut": display_profile()[:200],
    "of another space": cmyk_profile(),
    "of grey": grey_profile(),
    "a link": display_profile().replace(b"mntr", b"link"),
    "without colours": display_profile().replace(b"rXYZ", b"xxxx"),
    "endless": display_profile(extra=bytes(5_000_000)),
    "of zeros": bytes(4000),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_wrong_profile_refuses_no_pixels(kind: str, wrong: str) -> None:
    data = encoded(poster(61, 90), kind, icc_profile=WRONG[wrong])
    assert np.array_equal(decode_image(data), decode_image(encoded(poster(61, 90), kind)))


@pytest.mark.parametrize("drop", [0, 1])
def test_a_profile_in_many_segments_is_read_if_all_are_there(drop: int) -> None:
    profile = display_profile(extra=bytes(150_000))
    data = encoded(poster(), "JPEG", icc_profile=profile, quality=95)
    assert data.count(b"ICC_PROFILE\0") == 3
    plain = decode_image(encoded(poster(), "JPEG", quality=95))
    if drop:
        place = data.index(b"ICC_PROFILE\0") - 4
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        data = data[:place] + data[place + 2 + length :]
    assert (difference(decode_image(data), plain) > 3) == (not drop)
