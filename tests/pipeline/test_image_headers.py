"""What the headers of files decide: what is read, at which scale, and what is refused why."""

import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.shared.decoding.avif import LAYOUT_BYTES
from pipeline.shared.decoding.avif_picture import AvifLayout
from pipeline.shared.decoding.jpeg_header import read_jpeg_header, segments
from pipeline.shared.pixels import (
    BrokenImage,
    ImageError,
    TooManyPixels,
    UnsupportedImage,
    decode_image,
    load_image,
    resize_image,
)
from tests.pipeline.broken_pictures import lossless_jpeg
from tests.pipeline.icc_profiles import display_profile
from tests.pipeline.test_pixels import (
    SIZE,
    Pixels,
    chunk,
    difference,
    encoded,
    pixels,
    png,
    poster,
)


def refusal(data: bytes) -> ImageError:
    with pytest.raises(ImageError) as told:
        load_image(data, SIZE)
    return told.value


# Kinds of JPEG


def with_frame(data: bytes, marker: int, bits: int = 8) -> bytes:
    place = data.index(b"\xff\xc0")
    return (
        data[:place]
        + bytes((0xFF, marker))
        + data[place + 2 : place + 4]
        + bytes((bits,))
        + data[place + 5 :]
    )


@pytest.mark.parametrize("components", [1, 3, 4])
@pytest.mark.parametrize("sides", [(300, 440), (16, 16), (1000, 700)])
def test_a_lossless_jpeg_reaches_no_decoder(components: int, sides: tuple[int, int]) -> None:
    """libjpeg-turbo 3.1.2 writes past its buffer when it is to scale one down."""
    error = refusal(lossless_jpeg(*sides, components))
    assert isinstance(error, UnsupportedImage)
    assert str(error) == "a lossless JPEG is not read here"
    assert "baseline or progressive JPEG" in error.fix


@pytest.mark.parametrize(
    ("marker", "bits", "says"),
    [
        (0xC1, 12, "12 bits a sample"),
        (0xC0, 16, "16 bits a sample"),
        (0xC3, 8, "lossless"),
        (0xC5, 8, "hierarchical"),
        (0xC6, 8, "hierarchical"),
        (0xC7, 8, "lossless"),
        (0xCB, 8, "lossless"),
        (0xCD, 8, "hierarchical"),
        (0xCF, 8, "lossless"),
        (0xF7, 8, "JPEG-LS"),
    ],
)
def test_a_jpeg_of_another_kind_is_unsupported(marker: int, bits: int, says: str) -> None:
    error = refusal(with_frame(encoded(poster(), "JPEG"), marker, bits))
    assert isinstance(error, UnsupportedImage)
    assert says in str(error)
    assert "export it as" in error.fix


def test_a_lossless_frame_hides_behind_nothing() -> None:
    """Behind a mark without a length, fill bytes, and a segment that is shorter than its length."""
    lossless = lossless_jpeg(300, 440)
    for before in (b"\xff\xd0", b"\xff\xff\xff", b"\xff\x01", b"\xff\xfe\0\0", b"\xff\xe1\0\1"):
        assert isinstance(refusal(lossless[:2] + before + lossless[2:]), UnsupportedImage)
    baseline = encoded(poster(), "JPEG")
    frame = baseline.index(b"\xff\xc0")
    both = baseline[:frame] + baseline[frame : frame + 19] + lossless[2:]
    assert isinstance(refusal(both), BrokenImage)  # libjpeg takes no second frame


def test_a_jpeg_of_two_or_five_components_is_unsupported() -> None:
    data = encoded(poster(), "JPEG")
    place = data.index(b"\xff\xc0")
    for count in (2, 5):
        frame = data[place + 4 : place + 9] + bytes((count,)) + b"\1\x11\0" * count
        segment = b"\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame
        error = refusal(data[:place] + segment + data[place + 19 :])
        assert f"a JPEG of {count} colours" in str(error)


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 30}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_without_its_end_mark_is_read(
    cut: int, options: dict[str, object], mode: str
) -> None:
    data = encoded(poster().convert(mode), "JPEG", **options)
    assert np.array_equal(load_image(data[:-cut], SIZE), load_image(data, SIZE))
    error = refusal(data[: len(data) * 2 // 3])
    assert (type(error), str(error)) == (BrokenImage, "the JPEG ends too early")


def test_a_progressive_cmyk_jpeg_of_20_mpx_is_read() -> None:
    """libjpeg writes 18 scans for four colours."""
    data = encoded(Image.new("CMYK", (4000, 5000), (0, 200, 200, 0)), "JPEG", progressive=True)
    assert data.count(b"\xff\xda") == 18
    assert load_image(data, SIZE)[0, 0].tolist() == [255, 55, 55]


def test_a_camera_jpeg_is_read_at_a_reduced_scale() -> None:
    """24 Mpx take 9 MB at an eighth of their sides; the limit counts what is decoded."""
    picture = poster().resize((6000, 4000), Image.Resampling.BILINEAR)
    data = encoded(picture, "JPEG", quality=60)
    expected = resize_image(pixels(picture), SIZE)
    assert difference(load_image(data, SIZE), expected) < 6
    with pytest.raises(
        TooManyPixels, match="6000 × 4000 = 24,000,000 pixels, over the limit of 20"
    ):
        decode_image(data)
    with pytest.raises(TooManyPixels, match="over the limit of 20,000,000"):
        load_image(data, SIZE, max_pixels=2_000_000)


def test_a_progressive_jpeg_is_limited_by_what_it_keeps() -> None:
    """2 bytes for each sample of each colour, at whatever scale it is decoded."""
    data = bytearray(encoded(Image.new("RGB", (16, 16)), "JPEG", progressive=True, subsampling=0))
    place = data.index(b"\xff\xc2")
    data[place + 5 : place + 9] = struct.pack(">2H", 6000, 5000)
    error = refusal(bytes(data))
    assert isinstance(error, TooManyPixels)
    assert "5000 × 6000 pixels in a progressive JPEG take 180 MB" in str(error)
    assert "not progressive" in error.fix


def test_segments_end_where_they_say() -> None:
    data = encoded(poster(), "JPEG", comment=b"\xff\xda" * 20)
    assert [marker for marker, *_ in segments(data)].count(0xDA) == 1
    frame = read_jpeg_header(data).frame
    assert frame and (frame.size, frame.bits, frame.samplings) == ((440, 300), 8, b'"\x11\x11')


# Sides


@pytest.mark.parametrize(("width", "height"), [(20_000_000, 1), (2_000_000, 10), (1, 4_000_000)])
def test_a_picture_with_an_endless_side_is_refused(width: int, height: int) -> None:
    data = png(np.zeros((1, 8, 1), np.uint8), 0, 8)
    claims = data[:8] + chunk(b"IHDR", struct.pack(">2I", width, height) + data[24:29]) + data[33:]
    error = refusal(claims)
    assert isinstance(error, TooManyPixels)
    assert f"{width} × {height} pixels, over the limit of 65,535 a side" in str(error)


@pytest.mark.parametrize("shape", [(65_535, 40), (40, 65_535), (1, 65_535), (65_535, 1)])
@pytest.mark.parametrize("size", [(160, 112), (2048, 2048)])
def test_a_long_picture_takes_little_in_between(
    shape: tuple[int, int], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    resize = resize_image.__globals__["cv2"].resize

    def spy(image: Pixels, *arguments: object, **options: object) -> Pixels:
        result: Pixels = resize(image, *arguments, **options)
        made.append(result.size)
        return result

    monkeypatch.setattr("cv2.resize", spy)
    picture = np.full((*shape, 3), 77, np.uint8)
    assert (resize_image(picture, size) == 77).all()
    assert max(made) <= 2 * max(picture.size, 3 * size[0] * size[1])


# Metadata


@pytest.mark.parametrize("name", [b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"eXIf", b"prVt"])
def test_metadata_of_a_png_refuses_no_pixels(name: bytes) -> None:
    """Pillow stops at a text or a profile of 1 MB, and takes 30 s for 9,600 of nearly so much."""
    picture = encoded(poster(61, 90), "PNG")
    stream = zlib.compress(bytes(2_000_000), 9)
    heads = {b"iCCP": b"a\0\0", b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}
    for body in (heads.get(name, b"") + stream, bytes(5_000_000), b"", b"\xff" * 99):
        data = picture[:33] + chunk(name, body) * 3 + picture[33:] + chunk(name, body)
        assert np.array_equal(decode_image(data), pixels(poster(61, 90)))


@pytest.mark.parametrize("name", [b"iCCP", b"eXIf"])
def test_a_damaged_chunk_of_a_png_beside_its_pixels_is_none(name: bytes) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    both = {"icc_profile": display_profile(), "exif": exif}
    own = "icc_profile" if name == b"iCCP" else "exif"
    picture = encoded(poster(61, 90), "PNG", **{own: both[own]})
    place = picture.index(name)
    end = place + 4 + int.from_bytes(picture[place - 4 : place], "big")
    damaged = picture[:end] + bytes((picture[end] ^ 1,)) + picture[end + 1 :]
    assert np.array_equal(decode_image(damaged), pixels(poster(61, 90)))
    whole = decode_image(picture)
    assert not np.array_equal(whole, pixels(poster(61, 90)))
    twice = damaged[: end + 4] + picture[place - 4 :]
    assert np.array_equal(decode_image(twice), whole)


@pytest.mark.parametrize(("mode", "usual"), [("RGB", 1), ("CMYK", 2)])
@pytest.mark.parametrize("transform", [1, 2, 5, 9, 255])
def test_any_transform_of_adobe_but_0_is_the_usual_one(
    mode: str, usual: int, transform: int
) -> None:
    def with_transform(number: int) -> bytes:
        segment = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes((number,))
        plain = encoded(poster(61, 90).convert(mode), "JPEG", quality=90)
        start = plain.index(b"\xff\xdb")
        return b"\xff\xd8" + segment + plain[start:]

    found = decode_image(with_transform(transform))
    assert np.array_equal(found, decode_image(with_transform(usual)))
    assert not np.array_equal(found, decode_image(with_transform(0)))


def test_pixels_of_a_png_in_many_pieces_are_read() -> None:
    picture = encoded(poster(61, 90), "PNG")
    start = picture.index(b"IDAT") - 4
    body = picture[start + 8 : picture.index(b"IEND") - 8]
    pieces = b"".join(chunk(b"IDAT", body[place : place + 1]) for place in range(len(body)))
    pieces = chunk(b"IDAT", b"") * 1000 + pieces
    data = picture[:start] + pieces + picture[picture.index(b"IEND") - 4 :]
    assert np.array_equal(decode_image(data), pixels(poster(61, 90)))


def test_a_png_with_a_wrong_checksum_in_its_header_is_broken() -> None:
    picture = bytearray(encoded(poster(61, 90), "PNG"))
    picture[29] ^= 1
    assert "checksum of IHDR" in str(refusal(bytes(picture)))


def test_comments_of_a_gif_refuse_no_pixels() -> None:
    picture = encoded(poster(61, 90).convert("P"), "GIF")
    frame = 13 + (3 << (picture[10] & 7) + 1)  # behind the palette
    comments = b"!\xfe" + b"\1a" * 100_000 + b"\0"
    data = picture[:frame] + comments + b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0" + picture[frame:]
    assert np.array_equal(decode_image(data), decode_image(picture))


# WebP and AVIF


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_webp_has_the_pixels_that_pillow_reads(mode: str, lossless: bool) -> None:
    picture = poster(61, 90).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize((61, 90)))
    data = encoded(picture, "WEBP", lossless=lossless, exif=b"Exif\0\0II*\0", xmp=b"<x/>" * 1000)
    with Image.open(io.BytesIO(data)) as seen:
        white = Image.new("RGBA", seen.size, "white")
        white.alpha_composite(seen.convert("RGBA"))
    assert np.abs(decode_image(data).astype(int) - pixels(white)).max() <= 1


@pytest.mark.parametrize("side", [1, 2, 3])
def test_the_smallest_webp_is_read(side: int) -> None:
    data = encoded(Image.new("RGB", (side, side), (9, 200, 30)), "WEBP", lossless=True)
    assert decode_image(data)[0, 0].tolist() == [9, 200, 30]


def test_a_first_frame_that_is_smaller_than_its_animation_is_on_white() -> None:
    frames = [Image.new("RGBA", (60, 40)) for _ in range(3)]
    for index, frame in enumerate(frames):
        frame.paste((200, 0, 0, 255), (10 + index, 10, 30, 30))
    data = encoded(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True,
        minimize_size=True,
    )  # fmt: skip
    expected = Image.new("RGB", (60, 40), "white")
    expected.paste((200, 0, 0), (10, 10, 30, 30))
    assert np.array_equal(decode_image(data), pixels(expected))


@pytest.mark.parametrize("options", [{}, {"subsampling": "4:4:4"}, {"range": "limited"}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_an_avif_is_read(mode: str, options: dict[str, object]) -> None:
    picture = poster().convert(mode)
    data = encoded(picture, "AVIF", quality=85, speed=10, **options)
    assert difference(load_image(data, SIZE), resize_image(pixels(picture), SIZE)) < 5
    assert isinstance(refusal(data[:100]), BrokenImage)
    assert isinstance(refusal(data[: len(data) // 2]), BrokenImage)
    with pytest.raises(TooManyPixels, match="300 × 440 = 132,000 pixels"):
        decode_image(data, max_pixels=131_999)


def test_an_avif_of_many_frames_is_its_first() -> None:
    first, second = (Image.new("RGB", (64, 96), colour) for colour in ("red", "blue"))
    data = encoded(first, "AVIF", save_all=True, append_images=[second], speed=10)
    assert difference(decode_image(data), pixels(first)) < 3


# What is not read


FTYP = b"\0\0\0\x18ftyp%b\0\0\0\0mif1%b"


@pytest.mark.parametrize(
    ("data", "name", "fix"),
    [
        (FTYP % (b"heic", b"heic"), "HEIC", "Most Compatible"),
        (FTYP % (b"mif1", b"heic"), "HEIC", "export it as JPEG"),
        (FTYP % (b"crx ", b"crx "), "CR3", "export"),
        (FTYP % (b"isom", b"mp42"), "video", "picture"),
        (encoded(poster(9, 9), "BMP"), "BMP", "JPEG or PNG"),
        (encoded(poster(9, 9), "TIFF"), "TIFF", "export it as JPEG or PNG"),
        (encoded(poster(9, 9).convert("I;16"), "TIFF", compression="tiff_lzw"), "TIFF", "JPEG"),
        (b"II+\0\x08\0\0\0", "TIFF", "JPEG"),
        (b"8BPS\0\1", "Photoshop", "export it as JPEG or PNG"),
        (encoded(poster(9, 9), "JPEG2000"), "JPEG 2000", "convert it to JPEG or PNG"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL", "JPEG or PNG"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", "JPEG or PNG"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG", "PNG"),
        (b"%PDF-1.7", "PDF", "export"),
        (b"%PDF-1.7\n1 0 obj stream\n" + encoded(poster(9, 9), "JPEG"), "PDF", "export"),
        (encoded(poster(16, 16), "TGA"), "Targa", "JPEG or PNG"),
        (b"icns\0\0\1\0", "ICNS", "JPEG or PNG"),
        (b"\0\0\2\0\1\0\x20\x20\0\0\1\0\1\0\x30\1\0\0\x16", "ICO", "JPEG or PNG"),
        (encoded(poster(16, 16), "ICO"), "ICO", "JPEG or PNG"),
        (b"gimp xcf v011", "GIMP", "export"),
        (encoded(poster(9, 9), "PPM"), "PNM", "JPEG or PNG"),
        (b"\n <!DOCTYPE html><title>404</title>", "HTML", "save the picture itself"),
        (b"PK\3\4", "ZIP", "unpack"),
        (b"\x1f\x8b\x08", "gzip", "unpack"),
        (b"RIFF\0\0\0\0WAVEfmt ", "WAV", "picture"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "AppleDouble", "without ._"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "Git LFS", "git lfs pull"),
        (b"outs:\n- md5: 0123\n  path: a.jpg\n", ".dvc file", "dvc pull"),
        (b'{"image": "/9j/4AAQ"}', "JSON", "bytes of a picture"),
    ],
)  # fmt: skip
def test_a_format_that_is_not_read_is_named_with_what_to_do(
    data: bytes, name: str, fix: str
) -> None:
    error = refusal(data)
    assert isinstance(error, UnsupportedImage)
    assert name in str(error)
    assert "not an image of a type that is read here" in str(error)
    assert fix in error.fix


# A height behind the pixels


def with_later_height(data: bytes, height: int, claimed: int = 0) -> bytes:
    """A JPEG whose frame has the height ``claimed``, and a DNL segment behind its first scan."""
    frame = next(
        data.index(bytes((0xFF, kind))) for kind in (0xC0, 0xC2) if bytes((0xFF, kind)) in data
    )
    changed = data[: frame + 5] + struct.pack(">H", claimed) + data[frame + 7 :]
    end = next(place + skipped for place, skipped in ends_of_first_scan(changed))
    return changed[:end] + b"\xff\xdc\0\4" + struct.pack(">H", height) + changed[end:]


def ends_of_first_scan(data: bytes) -> list[tuple[int, int]]:
    place, is_behind_scan = 2, False
    for marker, body, skipped in segments(data):
        if is_behind_scan:
            return [(place, skipped)]
        place += skipped + 4 + len(body)
        is_behind_scan = marker == 0xDA
    return [(data.rindex(b"\xff\xd9"), 0)]


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_whose_height_stands_behind_its_pixels_is_read(
    mode: str, options: dict[str, object]
) -> None:
    data = encoded(poster().convert(mode), "JPEG", **options)
    later = with_later_height(data, 440)
    assert read_jpeg_header(later).size == (440, 300)
    assert np.array_equal(load_image(later, SIZE), load_image(data, SIZE))
    assert np.array_equal(decode_image(later), decode_image(data))


def test_a_jpeg_without_a_height_is_told_so() -> None:
    data = encoded(poster(), "JPEG")
    place = data.index(b"\xff\xc0")
    without = data[: place + 5] + b"\0\0" + data[place + 7 :]
    assert str(refusal(without)) == "the JPEG says that it is 300 × 0 pixels"
    assert str(refusal(with_later_height(data, 0))) == "the JPEG says that it is 300 × 0 pixels"
    error = refusal(with_later_height(data, 65_000))
    assert isinstance(error, BrokenImage)


# The memory that an AVIF takes


def with_av1c_flags(data: bytes, flags: int) -> bytes:
    place = data.index(b"av1C") + 6
    return data[:place] + bytes((flags,)) + data[place + 1 :]


@pytest.mark.parametrize(
    ("mode", "flags", "says", "most"),
    [
        ("RGB", 0x48, "4:2:2, 10 or 12 bits", 19_200_000),
        ("RGB", 0x40, "4:4:4, 10 or 12 bits", 16_000_000),
        ("RGBA", 0x00, "4:4:4, 8 bits, with transparency", 16_000_000),
        ("RGBA", 0x40, "4:4:4, 10 or 12 bits, with transparency", 12_000_000),
    ],
)
def test_an_avif_of_a_costly_kind_is_told_its_limit(
    mode: str, flags: int, says: str, most: int
) -> None:
    picture = poster(8, 8).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize((8, 8)))
    data = with_av1c_flags(encoded(picture, "AVIF", speed=10), flags)
    place = data.index(b"ispe") + 8
    error = refusal(data[:place] + struct.pack(">2I", 4000, most // 4000 + 1) + data[place + 8 :])
    assert isinstance(error, TooManyPixels)
    assert f"in an AVIF of {says}, over its limit of {most:,}" in str(error)
    assert "4:2:0 with 8 bits" in error.fix


def test_the_limits_of_the_documentation_are_those_of_the_decoder() -> None:
    page = (Path(__file__).parents[2] / "docs" / "service.md").read_text("utf-8")
    samples = {"4:2:0": 0.5, "4:2:2": 1.0, "4:4:4": 2.0}
    rows = re.findall(
        r"^  \| (4:\d:\d)( with transparency)? \| ([\d.]+) Mpx \| ([\d.]+) Mpx", page, re.M
    )
    assert len(rows) == 5
    for sampling, alpha, *limits in rows:
        for limit, is_deep in zip(limits, (False, True), strict=True):
            layout = AvifLayout(bool(alpha), is_deep, samples[sampling])
            most = min(20, 20 * LAYOUT_BYTES / layout.bytes_per_pixel)
            assert 0 <= most - float(limit) < 0.1
