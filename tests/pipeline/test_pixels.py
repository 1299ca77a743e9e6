"""The pixels of every kind of picture, and the error of every kind of nonsense."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.shared.decoding import pillow_decoding
from pipeline.shared.pixels import (
    BrokenImage,
    ImageError,
    TooManyPixels,
    UnsupportedImage,
    decode_image,
    load_image,
    resize_image,
)

Pixels = NDArray[np.uint8]
SIZE = (160, 112)


def poster(width: int = 300, height: int = 440) -> Image.Image:
    """Something with edges, a gradient and grain, as a poster has."""
    down, across = np.mgrid[0:height, 0:width]
    grain = np.random.default_rng(7).integers(0, 24, (height, width, 3))
    base = np.stack([across * 200 // width, down * 200 // height, (across + down) % 200], axis=-1)
    picture = Image.fromarray((base + grain).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for line in range(6):
        draw.text((width // 8, height // 2 + 14 * line), "A FILM BY NOBODY AT ALL", fill="white")
    draw.ellipse((width // 4, height // 8, width * 3 // 4, height // 2), fill=(200, 30, 40))
    return picture


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def pixels(picture: Image.Image) -> Pixels:
    return np.asarray(picture.convert("RGB"))


def difference(one: Pixels, other: Pixels) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


# Right pixels


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P"])
def test_what_is_no_jpeg_is_exact(kind: str, mode: str) -> None:
    picture = poster(61, 90).convert("P" if kind == "GIF" and mode == "RGB" else mode)
    data = encoded(picture, kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert np.array_equal(decode_image(data), pixels(picture))
    assert decode_image(data, at_least=(8, 8)).shape == (90, 61, 3)


@pytest.mark.parametrize("kind", ["RGBA", "LA"])
def test_transparency_is_over_white(kind: str) -> None:
    picture = poster(40, 60).convert(kind)
    picture.putalpha(Image.linear_gradient("L").resize((40, 60)))
    layers = np.asarray(picture.convert("RGBA")).astype(float)
    alpha = layers[..., 3:] / 255
    expected = layers[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(decode_image(encoded(picture, "PNG")) - expected).max() <= 1
    webp = decode_image(encoded(picture.convert("RGBA"), "WEBP", lossless=True, exact=True))
    assert np.abs(webp - expected).max() <= 1


@pytest.mark.parametrize("transparency", [0, bytes([0, 128, 255])])
def test_palette_with_transparency_is_over_white(transparency: int | bytes) -> None:
    picture = Image.new("P", (3, 1))
    picture.putpalette([200, 0, 0, 0, 100, 0, 0, 0, 50])
    picture.putdata([0, 1, 2])
    half = [127, 177, 127] if isinstance(transparency, bytes) else [0, 100, 0]
    found = decode_image(encoded(picture, "PNG", transparency=transparency))
    assert np.abs(found - np.array([[[255, 255, 255], half, [0, 0, 50]]])).max() <= 1
    if isinstance(transparency, int):
        assert decode_image(encoded(picture, "GIF", transparency=0))[0, 0].tolist() == [255] * 3


def png(levels: NDArray[np.unsignedinteger], colour: int, bits: int, *extra: bytes) -> bytes:
    """A PNG of samples as they are, (height, width, samples), also where Pillow writes none."""
    height, width = levels.shape[:2]
    row = levels.reshape(height, -1)
    if bits < 8:
        planes = np.unpackbits(row.astype(np.uint8)[..., np.newaxis], axis=-1)[..., -bits:]
        lines = [np.packbits(line.reshape(-1)).tobytes() for line in planes]
    else:
        lines = [line.astype(f">u{bits // 8}").tobytes() for line in row]
    header = struct.pack(">2I5B", width, height, bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    chunks = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize(("colour", "samples"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bits_are_scaled_to_8(colour: int, samples: int) -> None:
    levels = np.random.default_rng(1).integers(0, 2**16, (20, 30, samples)).astype(np.uint16)
    if colour in (4, 6):
        levels[..., -1] = 65535
    expected = np.broadcast_to(levels[..., : 3 if samples > 2 else 1] / 257, (20, 30, 3))
    assert np.abs(decode_image(png(levels, colour, 16)) - expected).max() <= 1


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_transparent_level_of_grey_becomes_white(bits: int) -> None:
    levels = np.array([[[0], [1], [2**bits - 1]]]).astype(np.uint16)
    found = decode_image(png(levels, 0, bits, chunk(b"tRNS", struct.pack(">H", 0))))
    assert found[0, :, 0].tolist() == [255, 255 // (2**bits - 1), 255]


def test_a_transparent_colour_of_16_bits_becomes_white() -> None:
    levels = np.array([[[65535, 0, 257], [257 * 9, 257 * 8, 257 * 7]]]).astype(np.uint16)
    found = decode_image(png(levels, 2, 16, chunk(b"tRNS", struct.pack(">3H", 65535, 0, 257))))
    assert found.tolist() == [[[255, 255, 255], [9, 8, 7]]]


def test_a_colour_of_16_bits_that_is_only_near_the_transparent_one_stays() -> None:
    levels = np.array([[[513, 514, 515], [513, 514, 516], [512, 514, 515], [65535, 0, 1]]])
    transparent = chunk(b"tRNS", struct.pack(">3H", 513, 514, 515))
    found = decode_image(png(levels.astype(np.uint16), 2, 16, transparent))
    assert found.tolist() == [[[255, 255, 255], [2, 2, 2], [2, 2, 2], [255, 0, 0]]]


def strange_pngs() -> dict[str, bytes]:
    picture = poster(61, 90)
    shade = Image.linear_gradient("L").resize((61, 90))
    faint = picture.copy()
    faint.putalpha(shade)
    levels = np.random.default_rng(2).integers(0, 2**16, (90, 61, 1)).astype(np.uint16)
    clear = chunk(b"tRNS", struct.pack(">H", int(levels[40, 5, 0])))
    return {
        "RGBA": encoded(faint, "PNG"),
        "LA": encoded(faint.convert("LA"), "PNG"),
        "palette": encoded(picture.quantize(16), "PNG"),
        "clear palette": encoded(
            picture.quantize(16), "PNG", transparency=bytes(range(0, 160, 10))
        ),
        "16 bits": png(levels, 0, 16, clear),
        "4 bits": png(levels // 4096, 0, 4, chunk(b"tRNS", struct.pack(">H", 3))),
    }


@pytest.mark.parametrize("kind", strange_pngs())
def test_a_picture_in_strips_is_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = strange_pngs()[kind]
    whole = decode_image(data)
    for rows in (1, 7, 45):
        monkeypatch.setattr(pillow_decoding, "STRIP_PIXELS", 61 * rows)
        assert np.array_equal(decode_image(data), whole)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_its_first_frame(kind: str) -> None:
    first, second = (Image.new("RGB", (20, 30), colour) for colour in ("red", "blue"))
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(first, kind, save_all=True, append_images=[second], **options)
    assert np.array_equal(decode_image(data), pixels(first))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("size", [(182, 268), (300, 440), (1200, 1760), (640, 200)])
def test_a_jpeg_is_close_to_a_full_decode(
    mode: str, options: dict[str, object], size: tuple[int, int]
) -> None:
    data = encoded(poster(*size).convert(mode), "JPEG", quality=85, **options)
    with Image.open(io.BytesIO(data)) as full:
        expected = full.convert("RGB").resize(SIZE[::-1], Image.Resampling.BILINEAR)
    assert difference(load_image(data, SIZE), pixels(expected)) <= 6


def test_a_jpeg_and_a_png_of_one_picture_are_close() -> None:
    data = encoded(poster(), "JPEG", quality=85)
    with Image.open(io.BytesIO(data)) as full:
        same = encoded(full, "PNG")
    assert difference(load_image(data, SIZE), load_image(same, SIZE)) <= 6


def test_a_jpeg_is_decoded_no_smaller_than_asked() -> None:
    data = encoded(poster(), "JPEG")
    assert decode_image(data).shape == (440, 300, 3)
    assert decode_image(data, at_least=(160, 112)).shape == (220, 150, 3)
    assert decode_image(data, at_least=(55, 38)).shape == (55, 38, 3)
    assert decode_image(data, at_least=(500, 38)).shape == (440, 300, 3)


TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda seen: seen,
    2: np.fliplr,
    3: lambda seen: np.rot90(seen, 2),
    4: np.flipud,
    5: lambda seen: seen.transpose(1, 0, 2),
    6: lambda seen: np.rot90(seen, 1),
    7: lambda seen: np.rot90(seen, 2).transpose(1, 0, 2),
    8: lambda seen: np.rot90(seen, -1),
}
"""What a camera stores of a scene, by the orientation that it writes beside it."""


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", TURNS)
def test_exif_orientation_is_applied(orientation: int, kind: str, order: str) -> None:
    scene = poster(128, 64)
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(TURNS[orientation](np.asarray(scene))))
    data = encoded(stored, kind, exif=exif.tobytes(), quality=95)
    seen = load_image(data, (32, 64))
    assert difference(seen, resize_image(pixels(scene), (32, 64))) < 8
    with Image.open(io.BytesIO(data)) as picture:
        assert seen.flags.c_contiguous
        assert decode_image(data, at_least=(32, 64)).shape[0] < decode_image(data).shape[1]
        assert picture.getexif().get(0x0112, 1) == orientation  # AVIF writes no 1


@pytest.mark.parametrize(
    "junk", [b"", b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0\xff\xff\xff\xff"]
)
def test_a_broken_exif_block_turns_nothing(junk: bytes) -> None:
    data = encoded(poster(64, 96), "JPEG", exif=b"Exif\0\0" + junk)
    assert np.array_equal(decode_image(data), decode_image(encoded(poster(64, 96), "JPEG")))


def test_extraneous_bytes_in_a_jpeg_are_read_over() -> None:
    data = encoded(poster(), "JPEG")
    scan = data.find(b"\xff\xda")
    expected = decode_image(data)
    assert np.array_equal(decode_image(data + b"after the end"), expected)
    assert difference(decode_image(data[:scan] + b"junk" + data[scan:]), expected) < 1


# Resize


def test_resize_keeps_a_picture_of_that_size() -> None:
    assert np.array_equal(resize_image(pixels(poster()), (440, 300)), pixels(poster()))


@pytest.mark.parametrize("ratio", [1.1, 1.5, 1.9, 2.5, 4.7, 9])
def test_resize_does_not_alias(ratio: float) -> None:
    height, width = size = (round(440 / ratio), round(300 / ratio))
    expected = poster().resize((width, height), Image.Resampling.BILINEAR)
    assert difference(resize_image(pixels(poster()), size), pixels(expected)) < 4
    stripes = np.zeros((440, 300, 3), np.uint8)
    stripes[::2] = 255
    if ratio > 2:
        assert np.ptp(resize_image(stripes, size)[2:-2]) < 100


@pytest.mark.parametrize("size", [(160, 112), (97, 301), (800, 64), (900, 700)])
def test_resize_does_not_depend_on_threads(size: tuple[int, int]) -> None:
    before = cv2.getNumThreads()
    found = set()
    for threads in (1, 2, 5):
        cv2.setNumThreads(threads)
        found.add(resize_image(pixels(poster(701, 1203)), size).tobytes())
    cv2.setNumThreads(before)
    assert len(found) == 1


# Refusals


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an image: it is empty"),
        (b"hello, world", "the first bytes are b'hello, w'"),
        (b"BM" + bytes(60), "BMP: not an image of a type that is read here (JPEG, PNG, WebP, GIF"),
        (b"\x89PNG", "the first bytes are b'\\x89PNG'"),
    ],
)
def test_what_is_no_image_is_unsupported(data: bytes, message: str) -> None:
    with pytest.raises(UnsupportedImage) as told:
        decode_image(data)
    assert message in str(told.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_truncated_picture_is_broken(kind: str, keep: float) -> None:
    data = encoded(poster(), kind)
    with pytest.raises(BrokenImage) as told:
        decode_image(data[: int(len(data) * keep)])
    if kind != "WEBP":
        assert str(told.value) == f"the {kind} ends too early"


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_truncated_jpeg_with_an_end_mark_is_broken(options: dict[str, object]) -> None:
    data = encoded(poster(), "JPEG", **options)
    with pytest.raises(BrokenImage, match="the JPEG is damaged: premature end of data"):
        load_image(data[: len(data) // 2] + b"\xff\xd9", SIZE)
    data = encoded(poster().convert("CMYK"), "JPEG", **options)
    with pytest.raises(BrokenImage, match="the JPEG is damaged: premature end of data"):
        load_image(data[: len(data) // 2] + b"\xff\xd9", SIZE)


def with_size(data: bytes, kind: str, width: int, height: int) -> bytes:
    changed = bytearray(data)
    if kind == "JPEG":
        frame = data.find(b"\xff\xc0")
        changed[frame + 5 : frame + 9] = struct.pack(">2H", height, width)
    elif kind == "PNG":
        changed[8:33] = chunk(b"IHDR", struct.pack(">2I", width, height) + data[24:29])
    elif kind == "GIF":
        changed[6:10] = struct.pack("<2H", width, height)
        frame = data.find(b",", 13 + 768)
        changed[frame + 5 : frame + 9] = struct.pack("<2H", width, height)
    else:
        changed[26:30] = struct.pack("<2H", width, height)
    return bytes(changed)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_claim_of_0_by_0_is_broken(kind: str) -> None:
    data = with_size(encoded(poster().quantize(256).convert("RGB"), kind), kind, 0, 0)
    with pytest.raises(BrokenImage, match="says that it is 0 × 0 pixels"):
        decode_image(data)


@pytest.mark.parametrize(("kind", "side"), [("JPEG", 65000), ("PNG", 100_000), ("WEBP", 16383)])
def test_too_many_pixels_are_told_from_the_header(kind: str, side: int) -> None:
    with pytest.raises(TooManyPixels) as told:
        decode_image(with_size(encoded(poster(), kind), kind, side, side))
    assert str(told.value) == (
        f"{side} × {side} = {side * side:,} pixels, over the limit of 20,000,000"
    )


@pytest.mark.parametrize("screen", [10, 9000])
@pytest.mark.parametrize("disposal", [0, 2, 3])
def test_a_gif_frame_larger_than_its_screen_counts(screen: int, disposal: int) -> None:
    control = b"!\xf9\x04" + bytes([disposal << 2 | 1, 0, 0, 0, 0])
    frame = b"," + struct.pack("<4H", 0, 0, 9000, 9000) + b"\0\x08\x01\0\0;"
    data = b"GIF89a" + struct.pack("<2H", screen, screen) + b"\0\0\0" + control + frame
    with pytest.raises(TooManyPixels, match="9000 × 9000 = 81,000,000 pixels"):
        decode_image(data)


def test_the_limit_is_the_callers() -> None:
    for kind in ("JPEG", "PNG", "GIF", "WEBP"):
        data = encoded(poster(), kind)
        assert decode_image(data, max_pixels=132_000).shape == (440, 300, 3)
        with pytest.raises(TooManyPixels, match="300 × 440 = 132,000 pixels"):
            decode_image(data, max_pixels=131_999)


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = encoded(poster(), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    bomb = data[:-2] + data[last:-2] * 200 + data[-2:]
    with pytest.raises(BrokenImage, match="more than 64 scans"):
        decode_image(bomb)


EMPTY_SCAN = bytes.fromhex("ffda 0008 01 0100 003f00")
"""Of the first component, with nothing in it."""


def large_header(**options: object) -> bytes:
    """The start of a JPEG of 4000 × 5000 pixels, up to its first scan."""
    data = encoded(Image.new("RGB", (4000, 5000)), "JPEG", **options)
    return data[: data.find(b"\xff\xda")]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("count", [65, 1000])
def test_empty_scans_of_a_large_jpeg_are_refused(count: int, progressive: bool) -> None:
    bomb = large_header(progressive=progressive) + EMPTY_SCAN * count + b"\xff\xd9"
    with pytest.raises(BrokenImage, match="more than 64 scans of 20,000,000 pixels"):
        decode_image(bomb)


def test_a_planted_header_hides_no_scans() -> None:
    header = large_header(progressive=True)
    for planted in (b"\xff\x01\xff\xc0", b"\xff\x01\x00\xff\xff\xd9", b"\xff\xd0\xff\xd9"):
        comment = b"\xff\xfe" + struct.pack(">H", 300) + planted.ljust(298, b"\0")
        tem = b"\xff\x01"  # no length: what follows is a segment of its own
        for bomb in (
            header[:2] + tem + comment + header[2:] + EMPTY_SCAN * 200,
            header + (comment + EMPTY_SCAN) * 200,
        ):
            with pytest.raises(BrokenImage, match="more than 64 scans"):
                decode_image(bomb + b"\xff\xd9")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_of_an_encoder_has_few_enough_scans(progressive: bool) -> None:
    data = encoded(Image.new("RGB", (4000, 5000)), "JPEG", progressive=progressive)
    assert load_image(data, SIZE).shape == (*SIZE, 3)


def test_scan_markers_that_are_none_do_not_count() -> None:
    data = encoded(poster(), "JPEG")
    profile = b"\xff\xe2" + struct.pack(">H", 2002) + b"\xff\xda" * 1000
    film = b"\xff\xda" * 1000
    assert np.array_equal(decode_image(data[:2] + profile + data[2:] + film), decode_image(data))


@pytest.mark.parametrize("filler", [b"\xff\xfe\0\2", b"\xff", b"\xff\0"])
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_filler_in_a_jpeg_is_read_over_unless_it_is_endless(filler: bytes, mode: str) -> None:
    data = encoded(poster().convert(mode), "JPEG")
    expected = decode_image(data)
    assert np.array_equal(decode_image(data[:2] + filler * 5000 + data[2:]), expected)
    with pytest.raises(BrokenImage, match="too much before its first scan"):
        decode_image(data[:2] + filler * 1_000_001 + data[2:])


def test_a_bomb_takes_little_memory_and_prints_nothing(tmp_path: object) -> None:
    bomb = encoded(Image.new("1", (13000, 13000)), "PNG")
    assert len(bomb) < 30_000
    program = (
        "import resource, sys\n"
        "from pipeline.shared.pixels import TooManyPixels, load_image\n"
        "data = sys.stdin.buffer.read()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: load_image(data, (160, 112))\n"
        "except TooManyPixels as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    pytest.importorskip("resource", reason="Windows has no getrusage")
    run = subprocess.run(
        [sys.executable, "-c", program], input=bomb, capture_output=True, timeout=60
    )
    message, grown = run.stdout.decode("utf-8").splitlines()
    assert message == "13000 × 13000 = 169,000,000 pixels, over the limit of 20,000,000"
    assert int(grown) < 10_000  # KiB on Linux, bytes on macOS
    assert run.stderr == b""


# Any bytes at all

SEEDS = [
    *(encoded(poster(40, 60), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP")),
    encoded(poster(40, 60), "JPEG", progressive=True),
    encoded(poster(40, 60).convert("CMYK"), "JPEG"),
    encoded(poster(40, 60).convert("P"), "PNG", transparency=bytes([0, 90])),
    encoded(poster(40, 60).convert("RGBA"), "WEBP", lossless=True),
    png(np.arange(600, dtype=np.uint16).reshape(20, 30, 1), 0, 16, chunk(b"tRNS", b"\0\3")),
    *(
        encoded(poster(20, 30), kind, save_all=True, append_images=[poster(20, 30).rotate(9)])
        for kind in ("GIF", "PNG", "WEBP")
    ),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A picture with some bytes overwritten, cut out, put in or cut off, its checksums repaired."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.one_of(st.integers(0, min(64, len(data))), st.integers(0, len(data))))
        junk = draw(st.one_of(st.binary(max_size=8), st.sampled_from([b"\0" * 4, b"\xff" * 4])))
        data[place : place + draw(st.integers(0, 8))] = junk
    if draw(st.booleans()):
        del data[draw(st.integers(0, len(data))) :]
    return with_checksums(bytes(data))


def with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks pass, so that its decoder sees what is in them."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    place, whole = 8, data[:8]
    while len(data) - place >= 12:
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        whole += chunk(data[place + 4 : place + 8], data[place + 8 : end])
        place = end + 4
    return whole


def test_any_subsampling_gives_pixels_or_an_image_error() -> None:
    """libjpeg has some that simplejpeg has no name for, such as 4:4:1: there it has a KeyError."""
    data = bytearray(encoded(poster(40, 60), "JPEG"))
    place = data.index(b"\xff\xc0") + 11
    decoded = 0
    for data[place] in range(0x100):
        with suppress(BrokenImage):
            decoded += decode_image(bytes(data)).shape == (60, 40, 3)
    assert decoded


@pytest.mark.parametrize(
    "samplings",
    [b"\x41\x21\x21", b"\x42\x11\x11", b"\x22\x11\x21", b"\x21\x11\x11\x11", b"\x11\x22\x22"],
)
@pytest.mark.parametrize("at_least", [None, (30, 20), (8, 8)])
def test_subsamplings_without_a_name_have_the_pixels_that_pillow_reads(
    samplings: bytes, at_least: tuple[int, int] | None
) -> None:
    data = flat_jpeg(samplings)
    scale = {None: 1, (30, 20): 2, (8, 8): 8}[at_least]
    found = decode_image(data, at_least=at_least)
    assert found.shape == (-(-64 // scale), -(-64 // scale), 3)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert len(np.unique(expected)) > 2
    assert np.abs(found.astype(int) - expected[::scale, ::scale]).max() <= 1


def flat_jpeg(samplings: bytes) -> bytes:
    """64 x 64 pixels of one colour, whose first blocks say it and all others no change."""
    table = b"\xff\xdb\0\x43\0" + b"\x04" * 64
    count = len(samplings)
    parts = b"".join(bytes((1 + index, each, 0)) for index, each in enumerate(samplings))
    frame = struct.pack(">2BH4B", 0xFF, 0xC0, 8 + 3 * count, 8, 0, 64, 0) + bytes((64, count))
    # codes: of DC 0 for no change and 10 for one of 6 bits; of AC 0 for the end of a block
    direct = b"\xff\xc4\0\x15\0" + bytes((1, 1, *[0] * 14)) + b"\0\x06"
    others = b"\xff\xc4\0\x14\x10" + bytes((1, *[0] * 15)) + b"\0"
    scan = struct.pack(">2BHB", 0xFF, 0xDA, 6 + 2 * count, count)
    scan += b"".join(bytes((1 + index, 0)) for index in range(count)) + b"\0\x3f\0"
    across = max(each >> 4 for each in samplings)
    down = max(each & 15 for each in samplings)
    units = -(-8 // across) * -(-8 // down)
    blocks = [(each >> 4) * (each & 15) for each in samplings]
    first = "".join("10" + f"{40 + 7 * n:06b}" + "0" + "00" * (b - 1) for n, b in enumerate(blocks))
    bits = first + "00" * sum(blocks) * (units - 1)
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return b"\xff\xd8" + table + frame + parts + direct + others + scan + coded + b"\xff\xd9"


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(mutated())
def test_any_bytes_give_pixels_or_an_image_error(data: bytes) -> None:
    try:
        found = load_image(data, (24, 16), max_pixels=100_000)
    except ImageError as error:
        assert "\n" not in str(error) and str(error)
        return
    assert found.shape == (24, 16, 3) and found.dtype == np.uint8
