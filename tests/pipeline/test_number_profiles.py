"""Colours that a file tells in numbers: cICP, gAMA and cHRM of a PNG, and nclx of an AVIF."""

import struct
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.shared.decoding.number_profiles import code_point_profile
from pipeline.shared.pixels import decode_image
from tests.pipeline.icc_profiles import display_profile
from tests.pipeline.test_pixels import Pixels, chunk, difference, encoded, png, poster

Light = NDArray[np.float64]

P3 = ((1.224940, -0.224940, 0), (-0.042057, 1.042057, 0), (-0.019638, -0.078636, 1.098274))
BT_2020 = (
    (1.660491, -0.587641, -0.072850),
    (-0.124550, 1.132900, -0.008349),
    (-0.018151, -0.100579, 1.118730),
)
SAME = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
"""Light of these primaries to that of sRGB's (CSS Color 4, section 10.8, and ITU-R BT.2087)."""


def from_srgb(levels: Light) -> Light:
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def to_srgb(light: Light) -> Light:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def from_pq(levels: Light) -> Light:
    """SMPTE ST 2084, equation 4.1, with 203 cd/m2 as white."""
    root = levels ** (32 / 2523)
    light = np.maximum(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)
    return np.minimum(10_000 / 203 * light ** (8192 / 1305), 1)


def seen(picture: Image.Image, matrix: object, light: Callable[[Light], Light]) -> Pixels:
    """The picture in sRGB by the textbook."""
    levels = np.asarray(picture.convert("RGB")) / 255
    return np.rint(255 * to_srgb(light(levels) @ np.array(matrix).T)).astype(np.uint8)


def with_chunks(picture: Image.Image, *chunks: bytes) -> bytes:
    data = encoded(picture, "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def cicp(*numbers: int) -> bytes:
    return chunk(b"cICP", bytes(numbers))


def gama(gamma: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(100_000 * gamma)))


def chrm(*points: float) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(100_000 * each) for each in points)))


def damaged(part: bytes) -> bytes:
    """A chunk whose checksum is wrong."""
    return part[:-1] + bytes((part[-1] ^ 1,))


P3_POINTS = chrm(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
SRGB_POINTS = chrm(0.3127, 0.329, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SRGB = chunk(b"sRGB", b"\0")
PICTURE = poster(61, 90)
PLAIN = np.asarray(PICTURE)


def linear(levels: Light) -> Light:
    return levels


CONVERTED = {
    "cICP, Display P3": ([cicp(12, 13, 0, 1)], P3, from_srgb),
    "cICP, BT.2020": ([cicp(9, 14, 0, 1)], BT_2020, from_srgb),
    "cICP, linear": ([cicp(1, 8, 0, 1)], SAME, lambda levels: levels),
    "cICP, PQ": ([cicp(9, 16, 0, 1)], BT_2020, from_pq),
    "cICP wins over iCCP, sRGB and gAMA": (
        [SRGB, gama(1), cicp(12, 13, 0, 1), chunk(b"iCCP", b"a\0\0")],
        P3,
        from_srgb,
    ),
    "gAMA of 1": ([gama(1)], SAME, lambda levels: levels),
    "gAMA of a Mac": ([gama(1 / 1.8)], SAME, lambda levels: levels**1.8),
    "gAMA of 0.35, as PngSuite's g03": ([gama(0.35)], SAME, lambda levels: levels ** (1 / 0.35)),
    "gAMA of 2.5, as PngSuite's g25": ([gama(2.5)], SAME, lambda levels: levels ** (1 / 2.5)),
    "cHRM and a gAMA of sRGB": ([gama(0.45455), P3_POINTS], P3, from_srgb),
    "gAMA behind a cICP of reserved primaries": ([cicp(3, 13, 0, 1), gama(1)], SAME, linear),
    "gAMA behind a cICP of a reserved transfer": ([cicp(12, 19, 0, 1), gama(1)], SAME, linear),
    "gAMA behind an unspecified cICP": ([cicp(2, 2, 0, 1), gama(1)], SAME, linear),
    "gAMA behind a damaged cICP": ([damaged(cicp(12, 13, 0, 1)), gama(1)], SAME, linear),
    "gAMA behind a damaged one": ([damaged(gama(0.3)), gama(1)], SAME, linear),
    "gAMA and cHRM": ([gama(1), P3_POINTS], P3, lambda levels: levels),
    "gAMA and cHRM behind a broken iCCP": (
        [chunk(b"iCCP", b"a\0\0nonsense"), gama(1), P3_POINTS],
        P3,
        lambda levels: levels,
    ),
}


@pytest.mark.parametrize("kind", CONVERTED)
def test_colours_told_in_numbers_are_converted(kind: str) -> None:
    chunks, matrix, light = CONVERTED[kind]
    found = decode_image(with_chunks(PICTURE, *chunks))
    expected = seen(PICTURE, matrix, light)
    assert difference(found, expected) < 0.6
    assert np.abs(found.astype(int) - expected).max() <= 3
    assert difference(found, PLAIN) > 2


CHART_P3 = (
    *((112, 83, 69), (191, 150, 132), (98, 122, 154), (93, 107, 70), (131, 129, 172)),
    *((119, 188, 172), (210, 129, 63), (74, 91, 163), (186, 91, 99), (87, 60, 101)),
    *((165, 188, 84), (221, 165, 68), (44, 61, 142), (89, 146, 81), (168, 58, 61)),
    *((234, 201, 72), (180, 90, 146), (58, 131, 157), (245, 245, 240), (120, 121, 121)),
)
CHART_SRGB = (
    *((117, 82, 67), (199, 148, 129), (91, 123, 157), (89, 108, 65), (131, 129, 176)),
    *((94, 190, 172), (223, 124, 44), (69, 92, 168), (200, 84, 97), (92, 59, 104)),
    *((159, 189, 63), (231, 162, 39), (39, 62, 147), (67, 148, 73), (182, 46, 56)),
    *((240, 200, 22), (193, 84, 149), (0, 133, 160), (245, 245, 240), (120, 121, 121)),
)
"""A colour chart in both spaces, by which browsers are tested (svgeesus/PNG-CICP-tests)."""


def test_a_colour_chart_in_display_p3_is_that_in_srgb() -> None:
    chart = Image.fromarray(np.array([CHART_P3], np.uint8))
    found = decode_image(with_chunks(chart, cicp(12, 13, 0, 1)))
    difference_ = np.abs(found.astype(int) - np.array([CHART_SRGB]))
    assert difference_.max() <= 4  # of a level that is rounded in P3, and steep near black
    assert difference_.mean() < 0.6


UNCHANGED = {
    "cICP, sRGB": [cicp(1, 13, 0, 1)],
    "cICP, BT.709": [cicp(1, 1, 0, 1)],
    "cICP, unspecified": [cicp(2, 2, 0, 1)],
    "cICP, sRGB, over another profile": [cicp(1, 13, 0, 1), gama(1)],
    "cICP of a matrix that no PNG has": [cicp(12, 13, 1, 1)],
    "cICP of a range that is none": [cicp(12, 13, 0, 2)],
    "cHRM alone": [P3_POINTS],
    "cHRM and a gAMA of 0": [gama(0), P3_POINTS],
    "cICP of a reserved code point": [cicp(3, 8, 0, 1)],
    "cICP that is damaged": [damaged(cicp(12, 13, 0, 1))],
    "gAMA that is damaged": [damaged(gama(1))],
    "cICP that is too short": [cicp(12, 13)],
    "sRGB over gAMA": [gama(1), SRGB],
    "sRGB over cHRM": [P3_POINTS, SRGB],
    "gAMA of sRGB": [gama(0.45455)],
    "gAMA of 0.45, as PngSuite's g04": [gama(0.45)],
    "gAMA and cHRM of sRGB": [gama(0.45455), SRGB_POINTS],
    "gAMA of 0": [gama(0)],
    "gAMA without end": [chunk(b"gAMA", b"\xff" * 4)],
    "gAMA of 3 bytes": [chunk(b"gAMA", bytes(3))],
    "cHRM of zeros": [chrm(*[0] * 8)],
    "cHRM on a line": [chrm(0.3, 0.3, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4)],
    "cHRM beyond all colours": [chrm(0.3127, 0.329, 9, 9, 0.3, 0.6, 0.15, 0.06)],
    "cHRM of 3 bytes": [chunk(b"cHRM", bytes(3))],
}


@pytest.mark.parametrize("kind", UNCHANGED)
def test_numbers_of_srgb_and_wrong_ones_change_no_bit(kind: str) -> None:
    assert np.array_equal(decode_image(with_chunks(PICTURE, *UNCHANGED[kind])), PLAIN)


def test_numbers_behind_the_pixels_change_no_bit() -> None:
    data = encoded(PICTURE, "PNG")
    assert np.array_equal(decode_image(data[:-12] + gama(1) + data[-12:]), PLAIN)


NARROW = np.array([[[0], [16], [126], [235], [255]]], np.uint8)
"""Levels of a narrow range: below black, black, a half, white, above white."""


def narrow_pngs() -> dict[str, bytes]:
    narrow = cicp(1, 13, 0, 0)
    # H.273, 8.3: 16 and 235 times 2 ** (bits - 8)
    deep = np.left_shift(NARROW, 8, dtype=np.uint16)
    alpha = np.full_like(NARROW, 255)
    palette = chunk(b"PLTE", np.repeat(NARROW, 3, axis=-1).tobytes())
    return {
        "grey": png(NARROW, 0, 8, narrow),
        "grey of 16 bits": png(deep, 0, 16, narrow),
        "colours": png(np.repeat(NARROW, 3, axis=-1), 2, 8, narrow),
        "colours of 16 bits": png(np.repeat(deep, 3, axis=-1), 2, 16, narrow),
        "a palette": png(np.arange(5, dtype=np.uint8).reshape(1, 5, 1), 3, 8, narrow, palette),
        "opaque grey": png(np.concatenate([NARROW, alpha], axis=-1), 4, 8, narrow),
        "BT.709": png(NARROW, 0, 8, cicp(1, 1, 0, 0)),
        "over another profile": png(NARROW, 0, 8, narrow, gama(1)),
    }


@pytest.mark.parametrize("kind", narrow_pngs())
def test_a_narrow_range_has_black_at_16_and_white_at_235(kind: str) -> None:
    """W3C PNG, 11.3.2.6, and ITU-T H.273, 8.3."""
    assert decode_image(narrow_pngs()[kind])[0, :, 0].tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix", "light"),
    [(12, 13, P3, from_srgb), (9, 16, BT_2020, from_pq)],
)
def test_a_narrow_range_has_the_colours_of_the_full_one(
    primaries: int, transfer: int, matrix: object, light: Callable[[Light], Light]
) -> None:
    narrow = Image.fromarray(np.rint(16 + PLAIN * (219 / 255)).astype(np.uint8))
    levels = (np.asarray(narrow) - 16.0) / 219
    expected = np.rint(255 * to_srgb(light(levels) @ np.array(matrix).T))
    found = decode_image(with_chunks(narrow, cicp(primaries, transfer, 0, 0)))
    assert np.abs(found.astype(int) - expected).max() <= 3


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_every_mode_of_a_png_has_its_gamma(mode: str) -> None:
    picture = PICTURE.quantize(16) if mode == "P" else PICTURE.convert(mode)
    expected = seen(picture, SAME, lambda levels: levels)
    assert difference(decode_image(with_chunks(picture, gama(1))), expected) < 0.6


def test_16_bits_have_their_gamma() -> None:
    levels = np.array([[0, 655, 11_796, 65_535]], np.uint16)
    found = decode_image(with_chunks(Image.fromarray(levels), gama(1)))
    assert np.abs(found[0, :, 0].astype(int) - [0, 25, 118, 255]).max() <= 3


@pytest.mark.parametrize("transfer", [16, 18])
def test_white_of_an_hdr_picture_is_white(transfer: int) -> None:
    """203 cd/m2 are 58 % of PQ and 75 % of HLG (ITU-R BT.2408, table 1); above, all is white."""
    level = round(255 * (0.581 if transfer == 16 else 0.75))
    ramp = Image.fromarray(np.array([[0, level // 2, level - 3, level + 2, 255]], np.uint8))
    found = decode_image(with_chunks(ramp.convert("RGB"), cicp(9, transfer, 0, 1)))[0, :, 0]
    assert found[0] == 0
    assert 40 < found[1] < 150
    assert 235 < found[2] < 255
    assert found[3:].tolist() == [255, 255]


def nclx(primaries: int, transfer: int) -> bytes:
    return b"colrnclx" + struct.pack(">2H", primaries, transfer)


AVIF = encoded(
    Image.new("RGB", (64, 48), (220, 60, 40)), "AVIF", quality=100, speed=10, subsampling="4:4:4"
)


@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix", "light"),
    [
        (12, 13, P3, from_srgb),
        (9, 16, BT_2020, from_pq),
        (1, 8, SAME, lambda levels: levels),
        (9, 1, BT_2020, from_srgb),
    ],
)
def test_the_code_points_of_an_avif_are_converted(
    primaries: int, transfer: int, matrix: object, light: Callable[[Light], Light]
) -> None:
    assert AVIF.count(nclx(1, 13)) == 1
    plain = decode_image(AVIF)
    found = decode_image(AVIF.replace(nclx(1, 13), nclx(primaries, transfer)))
    expected = seen(Image.fromarray(plain), matrix, light)
    assert np.abs(found.astype(int) - expected).max() <= 3
    assert difference(found, plain) > 2


def test_the_profile_of_an_avif_wins_over_its_code_points() -> None:
    data = encoded(
        PICTURE, "AVIF", quality=95, speed=10, subsampling="4:4:4", icc_profile=display_profile()
    )
    changed = data.replace(nclx(1, 13), nclx(1, 8)).replace(nclx(2, 2), nclx(1, 8))
    assert np.array_equal(decode_image(changed), decode_image(data))


def test_code_points_of_srgb_need_no_profile() -> None:
    """Chromium, too, takes the curves of BT.709, BT.601 and BT.2020 for sRGB's."""
    for transfer in (1, 2, 6, 13, 14, 15):
        assert code_point_profile(1, transfer) == b""
    assert code_point_profile(12, 13)[36:40] == b"acsp"


@pytest.mark.parametrize("primaries", range(24))
def test_every_profile_is_one_and_keeps_white(primaries: int) -> None:
    for transfer in range(20):
        profile = code_point_profile(primaries, transfer)
        if profile:
            assert len(profile) == int.from_bytes(profile[:4], "big") < 10_000
            white = Image.new("RGB", (1, 1), "white")
            found = decode_image(with_chunks(white, cicp(primaries, transfer, 0, 1)))
            assert found.min() >= 254
