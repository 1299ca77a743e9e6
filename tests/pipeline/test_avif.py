"""AVIF: what counts of a file, its aperture, and sequences."""

import struct
import time

import numpy as np
import pytest
from PIL import Image

from pipeline.shared.decoding.avif_items import read_item_picture
from pipeline.shared.decoding.avif_picture import AvifLayout
from pipeline.shared.pixels import (
    BrokenImage,
    ImageError,
    TooManyPixels,
    decode_image,
    load_image,
    measure_image,
    resize_image,
)
from tests.pipeline.avif_files import (
    ALPHA,
    Property,
    aperture,
    box,
    boxes,
    corner_aperture,
    sequence_alone,
    with_properties,
)
from tests.pipeline.test_pixels import SIZE, difference, encoded, poster

WIDTH, HEIGHT = 64, 48


def avif(mode: str = "RGB", **options: object) -> bytes:
    picture = poster(WIDTH, HEIGHT).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
    return encoded(picture, "AVIF", speed=10, quality=95, **options)


PLAIN = decode_image(avif())


# Clean apertures


@pytest.mark.parametrize("seen", [(40, 30), (41, 31), (64, 31), (1, 1), (64, 48)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_an_aperture_at_the_corner_is_what_is_seen(mode: str, seen: tuple[int, int]) -> None:
    data = with_properties(avif(mode), corner_aperture((WIDTH, HEIGHT), seen))
    expected = decode_image(avif(mode))[: seen[1], : seen[0]]
    assert np.array_equal(decode_image(data), expected)
    assert np.array_equal(load_image(data, SIZE), resize_image(expected, SIZE))


def test_an_aperture_is_cut_before_the_picture_is_turned() -> None:
    """ISO 23008-12, 6.5.8: clap, then irot, then imir."""
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = avif(exif=exif.tobytes())
    assert decode_image(turned).shape == (WIDTH, HEIGHT, 3)
    data = with_properties(turned, corner_aperture((WIDTH, HEIGHT), (40, 30)))
    assert np.array_equal(decode_image(data), np.rot90(PLAIN[:30, :40], -1))


OTHERS: dict[str, Property] = {
    "in the middle": aperture((40, 1), (30, 1), (0, 1), (0, 1)),
    "at another corner": aperture((40, 1), (30, 1), (24, 2), (18, 2)),
    "at the upper side": aperture((40, 1), (30, 1), (0, 1), (-18, 2)),
    "of half a pixel": aperture((81, 2), (30, 1), (-47, 4), (-18, 2)),
    "of nothing": aperture((0, 1), (30, 1), (-64, 2), (-18, 2)),
    "larger than the picture": aperture((80, 1), (30, 1), (16, 2), (-18, 2)),
    "over 0": aperture((40, 0), (30, 1), (-24, 2), (-18, 2)),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_another_aperture_cuts_nothing_off(kind: str) -> None:
    """As in Chromium: AOMediaCodec/av1-avif#188."""
    assert np.array_equal(decode_image(with_properties(avif(), OTHERS[kind])), PLAIN)


def test_the_aperture_of_another_item_cuts_nothing_off() -> None:
    cut = corner_aperture((WIDTH, HEIGHT), (40, 30))
    assert np.array_equal(decode_image(with_properties(avif(), cut, others=True)), PLAIN)


def test_fractions_of_an_aperture_need_not_be_cancelled() -> None:
    cut = aperture((120, 3), (60, 2), (-48, 4), (-54, 6))
    assert np.array_equal(decode_image(with_properties(avif(), cut)), PLAIN[:30, :40])


# What counts


def ispe(width: int, height: int) -> Property:
    return b"ispe", struct.pack(">3I", 0, width, height)


DEEP: Property = (b"av1C", b"\x81\x00\x40\x00")
"""10 bits in 4:4:4."""


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_items_that_are_not_decoded_do_not_count(mode: str) -> None:
    """A gain map and its HDR twin, a thumbnail, a depth map."""
    data = avif(mode)
    for added in (
        [ispe(9000, 9000)],
        [ispe(5000, 4000), DEEP],
        [DEEP, (b"auxC", ALPHA)],
        [(b"colr", b"nclx" + struct.pack(">3HB", 9, 16, 0, 128))],
    ):
        other = with_properties(data, *added, others=True)
        assert np.array_equal(decode_image(other), decode_image(data))
        measure = measure_image(other)
        assert measure and measure.size == (HEIGHT, WIDTH)


@pytest.mark.parametrize(("item", "mode"), [(1, "RGB"), (2, "RGBA")])
def test_the_picture_and_its_transparency_count(item: int, mode: str) -> None:
    data = with_properties(avif(mode), ispe(9000, 9000), item=item)
    with pytest.raises(TooManyPixels, match="9000 × 9000 = 81,000,000 pixels"):
        decode_image(data)


def large_claim(data: bytes, width: int, height: int) -> bytes:
    place = data.index(b"ispe") + 8
    return data[:place] + struct.pack(">2I", width, height) + data[place + 8 :]


def test_the_limit_is_that_of_the_picture_beside_a_deep_gain_map() -> None:
    """libavif scales a frame to the size that the file tells."""
    data = large_claim(with_properties(avif(), DEEP, others=True), 200, 100)
    assert decode_image(data, max_pixels=20_000).shape == (100, 200, 3)
    deep = large_claim(with_properties(avif(), DEEP), 200, 100)
    with pytest.raises(TooManyPixels, match="4:4:4, 10 or 12 bits, over its limit of 16,000"):
        decode_image(deep, max_pixels=20_000)


def test_a_file_that_does_not_tell_its_picture_counts_as_a_whole() -> None:
    data = with_properties(avif(), ispe(9000, 9000), others=True).replace(b"pitm", b"free")
    with pytest.raises(TooManyPixels, match="9000 × 9000"):
        decode_image(data)


def grid_header(*links: bytes) -> bytes:
    """Of two tiles (1 and 2), the picture that they make (3), and its transparency (4 and 5)."""
    properties = [ispe(100, 100), DEEP, ispe(200, 100), (b"auxC", ALPHA)]
    associations = {1: b"\1\2", 2: b"\1\2", 3: b"\3", 4: b"\3\4", 5: b"\1"}
    rows = [struct.pack(">HB", item, len(own)) + own for item, own in associations.items()]
    ipma = struct.pack(">2I", 0, len(rows)) + b"".join(rows)
    ipco = b"".join(box(*each) for each in properties)
    parts = (
        box(b"pitm", b"\0\0\0\0\0\3"),
        box(b"iprp", box(b"ipco", ipco) + box(b"ipma", ipma)),
        box(b"iref", bytes(4) + b"".join(links)),
    )
    return box(b"ftyp", b"avif\0\0\0\0avif") + box(b"meta", bytes(4) + b"".join(parts))


TILES = box(b"dimg", struct.pack(">4H", 3, 2, 1, 2))
ALPHA_TILES = box(b"dimg", struct.pack(">3H", 4, 1, 5))


def test_a_picture_counts_with_its_tiles_and_their_transparency() -> None:
    for item in (3, 4):
        data = grid_header(TILES, ALPHA_TILES, box(b"auxl", struct.pack(">3H", item, 1, 3)))
        picture = read_item_picture(data)
        assert picture.size == (100, 200)
        assert picture.layout == AvifLayout(item == 4, is_deep=True, colour_samples=2.0)
    transparency_of_a_tile = box(b"auxl", struct.pack(">3H", 4, 1, 2))
    assert read_item_picture(grid_header(TILES, transparency_of_a_tile)).layout.has_alpha
    assert not read_item_picture(grid_header(transparency_of_a_tile)).layout.has_alpha


# Sequences


MOVING = encoded(
    poster(WIDTH, HEIGHT),
    "AVIF",
    speed=10,
    quality=95,
    save_all=True,
    append_images=[poster(WIDTH, HEIGHT).rotate(9)],
)


def test_a_sequence_without_a_picture_beside_it_is_its_first_frame() -> None:
    data = sequence_alone(MOVING)
    assert np.array_equal(decode_image(data), decode_image(MOVING))
    assert difference(decode_image(data), np.asarray(poster(WIDTH, HEIGHT))) < 8
    measure = measure_image(data)
    assert measure and measure.size == (HEIGHT, WIDTH)


def test_a_sequence_with_transparency_is_over_white() -> None:
    frames = [poster(WIDTH, HEIGHT).convert("RGBA") for _ in range(2)]
    for frame in frames:
        frame.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
    data = encoded(frames[0], "AVIF", speed=10, quality=95, save_all=True, append_images=frames[1:])
    assert difference(decode_image(sequence_alone(data)), decode_image(avif("RGBA"))) < 4


def test_the_frames_of_a_sequence_count() -> None:
    track = MOVING.index(b"tkhd") - 4
    end = track + int.from_bytes(MOVING[track : track + 4], "big")
    large = MOVING[: end - 8] + struct.pack(">2I", 9000 << 16, 9000 << 16) + MOVING[end:]
    for data in (large, sequence_alone(large)):
        with pytest.raises(TooManyPixels, match="9000 × 9000 = 81,000,000 pixels"):
            decode_image(data)


def test_a_sequence_without_frames_is_broken() -> None:
    data = sequence_alone(MOVING)
    for name in (b"moov", b"trak", b"stsd", b"av01"):
        with pytest.raises(BrokenImage):
            decode_image(data.replace(name, b"free"))


# Hostile boxes


def hostile_headers() -> dict[str, bytes]:
    ftyp = box(b"ftyp", b"avif\0\0\0\0avifmif1")
    empty = box(b"free", b"")
    size = box(*ispe(8, 8))
    pitm = box(b"pitm", b"\0\0\0\0\0\1")

    def file(ipco: bytes, ipma: bytes, *more: bytes) -> bytes:
        iprp = box(b"iprp", box(b"ipco", ipco) + box(b"ipma", ipma))
        return ftyp + box(b"meta", bytes(4) + pitm + b"".join(more) + iprp)

    entry = struct.pack(">HB", 1, 255) + b"\1" * 255
    links = box(b"dimg", struct.pack(">2H", 1, 65_535) + b"\0\1" * 65_535)
    return {
        "a million boxes": ftyp + empty * 1_000_000,
        "a million properties": file(empty * 1_000_000, b"\0\0\0\0\0\0\0\1" + entry),
        "30,000 long entries": file(size, b"\0\0\0\0\0\0\x75\x30" + entry * 30_000),
        "70 long references": file(
            size, b"\0\0\0\0\0\0\0\1" + entry, box(b"iref", bytes(4) + links * 70)
        ),
        "two million references": file(
            size, b"\0\0\0\0\0\0\0\1" + entry, box(b"iref", bytes(4) + box(b"auxl", b"") * 900_000)
        ),
    }


@pytest.mark.parametrize("kind", hostile_headers())
def test_no_header_of_an_avif_takes_long(kind: str) -> None:
    data = hostile_headers()[kind]
    start = time.process_time()
    try:
        measure_image(data)
    except ImageError as error:
        assert "AVIF" in str(error)
    assert time.process_time() - start < 0.3


def test_the_boxes_of_the_tests_are_those_of_the_file() -> None:
    assert [name for name, _ in boxes(avif())] == [b"ftyp", b"meta", b"mdat"]
