"""How an EXIF block says that a picture is turned, as Pillow's exif_transpose reads it."""

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps

from pipeline.shared.decoding.orientation import StoredPicture, read_orientation
from pipeline.shared.pixels import decode_image, load_image
from tests.pipeline.test_pixels import chunk, encoded, poster

Entry = tuple[int, int, bytes]
"""A type, how many values, and four bytes: the values or their place."""


def block(order: str, *entries: Entry, behind: bytes = b"", start: bytes | None = None) -> bytes:
    head = start or (b"II*\0" if order == "<" else b"MM\0*")
    rows = [struct.pack(order + "HHI", 0x0112, kind, count) + body for kind, count, body in entries]
    table = struct.pack(order + "H", len(rows)) + b"".join(rows) + bytes(4)
    return head + struct.pack(order + "I", 8) + table + behind


def turned_by_pillow(exif: bytes) -> tuple[int, int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(encoded(Image.new("RGB", (30, 10)), "JPEG", exif=exif))) as seen:
            upright = ImageOps.exif_transpose(seen)
    return upright.height, upright.width


def entries(order: str) -> dict[str, tuple[Entry, bytes]]:
    def fields(form: str, *values: int) -> bytes:
        return struct.pack(order + form, *values).ljust(4, b"\0")

    far = fields("I", 26)  # behind the directory
    return {
        "SHORT": ((3, 1, fields("H", 6)), b""),
        "LONG": ((4, 1, fields("I", 6)), b""),
        "SBYTE": ((6, 1, fields("b", 6)), b""),
        "SSHORT": ((8, 1, fields("h", 6)), b""),
        "SLONG": ((9, 1, fields("i", 6)), b""),
        "IFD": ((13, 1, fields("I", 6)), b""),
        "BYTE": ((1, 1, fields("B", 6)), b""),
        "UNDEFINED": ((7, 1, fields("B", 6)), b""),
        "ASCII": ((2, 2, b"6\0\0\0"), b""),
        "no type": ((0, 1, fields("H", 6)), b""),
        "unknown type": ((99, 1, fields("H", 6)), b""),
        "no SHORT": ((3, 0, fields("H", 6)), b""),
        "two SHORTs": ((3, 2, fields("HH", 6, 1)), b""),
        "three SHORTs": ((3, 3, far), fields("HHH", 6, 1, 1)),
        "two LONGs": ((4, 2, far), fields("II", 6, 1)),
        "far and cut off": ((3, 3, fields("I", 9999)), b""),
        "0": ((3, 1, fields("H", 0)), b""),
        "9": ((3, 1, fields("H", 9)), b""),
        "a LONG of 65542": ((4, 1, fields("I", 65542)), b""),
        "a negative number": ((9, 1, fields("i", -6)), b""),
    }


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", entries("<"))
def test_an_orientation_of_any_type_is_read_as_pillow_reads_it(order: str, kind: str) -> None:
    entry, behind = entries(order)[kind]
    exif = b"Exif\0\0" + block(order, entry, behind=behind)
    picture = StoredPicture(np.zeros((10, 30, 3), np.uint8), read_orientation(exif))
    assert picture.upright().shape[:2] == turned_by_pillow(exif)
    is_turned = kind in ("SHORT", "LONG", "SBYTE", "SSHORT", "SLONG", "IFD") or kind.startswith("t")
    assert (picture.orientation == 6) == is_turned


@pytest.mark.parametrize("start", [b"II*\0", b"II\0*", b"MM\0*", b"MM*\0"])
def test_a_block_may_begin_with_the_other_orders_number(start: bytes) -> None:
    order = "<" if start.startswith(b"I") else ">"
    exif = block(order, (4, 1, struct.pack(order + "I", 8)), start=start)
    for prefix in (b"", b"Exif\0\0", b"Exif\0\0" * 2):
        assert read_orientation(prefix + exif) == 8


def test_the_first_of_two_orientations_counts() -> None:
    exif = block("<", (3, 1, b"\6\0\0\0"), (3, 1, b"\1\0\0\0"))
    assert read_orientation(exif) == 6


@pytest.mark.parametrize("place", [33, -12], ids=["before the pixels", "behind them"])
def test_a_long_of_a_big_endian_block_turns_a_png(place: int) -> None:
    exif = block(">", (4, 1, struct.pack(">I", 6)))
    picture = poster(61, 90)
    data = encoded(picture, "PNG")
    data = data[:place] + chunk(b"eXIf", exif) + data[place:]
    assert np.array_equal(decode_image(data), np.rot90(np.asarray(picture), -1))
    assert load_image(data, (30, 40)).shape == (30, 40, 3)


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_a_long_of_a_big_endian_block_turns_a_webp(prefix: bytes) -> None:
    exif = prefix + block(">", (4, 1, struct.pack(">I", 3)))
    picture = poster(61, 90)
    data = encoded(picture, "WEBP", lossless=True)
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x08\0\0\0" + bytes((60, 0, 0, 89, 0, 0))
    body = extended + data[12:] + b"EXIF" + struct.pack("<I", len(exif)) + exif
    data = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    assert np.array_equal(decode_image(data), np.asarray(picture)[::-1, ::-1])


def test_the_turns_of_an_avif_win_over_its_exif() -> None:
    """Without irot and imir it is upright, whatever its EXIF says (ISO 23008-12, 6.5.10)."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(poster(64, 48), "AVIF", exif=exif.tobytes(), quality=90, speed=10)
    assert decode_image(data).shape == (64, 48, 3)
    place = data.index(b"irot") + 4
    without = data[:place] + b"\0" + data[place + 1 :]
    assert decode_image(without).shape == (48, 64, 3)


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


def png_text(body: bytes) -> bytes:
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + body)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("stored", [1, 8, None])
def test_an_orientation_in_xmp_turns_nothing(kind: str, stored: int | None) -> None:
    """As in browsers, with or without EXIF beside it; Pillow reads XMP where EXIF has none."""
    picture, options = poster(61, 90), {"quality": 95, "exif": b""}
    if stored:
        exif = Image.Exif()
        exif[0x0112] = stored
        options["exif"] = exif.tobytes()
    plain = encoded(picture, kind, **options)
    if kind == "PNG":
        data = plain[:33] + png_text(XMP) + plain[33:]
    else:
        data = encoded(picture, kind, **options, xmp=XMP)
    assert b"tiff:Orientation" in data
    assert np.array_equal(decode_image(data), decode_image(plain))
    assert decode_image(data).shape == ((61, 90, 3) if stored == 8 else (90, 61, 3))


def test_pixels_are_turned_after_they_are_resized(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = []
    upright = StoredPicture.upright

    def spy(self: StoredPicture) -> object:
        turned.append(self.pixels.shape)
        return upright(self)

    monkeypatch.setattr(StoredPicture, "upright", spy)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        load_image(encoded(poster(), "PNG", exif=exif.tobytes()), (40, 30))
    assert turned == [(40, 30, 3)] * 4 + [(30, 40, 3)] * 4
