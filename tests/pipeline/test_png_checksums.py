"""The two checksums over the pixels of a PNG: one that is right is enough."""

import struct
import zlib

import numpy as np
import pytest

from pipeline.shared.pixels import BrokenImage, decode_image
from tests.pipeline.test_number_profiles import damaged
from tests.pipeline.test_pixels import chunk, encoded, pixels, png, poster

PICTURE = poster(300, 440)
LEVELS = np.random.default_rng(3).integers(0, 2**16, (90, 61, 3)).astype(np.uint16)
PNGS = {
    "RGB": encoded(PICTURE, "PNG"),
    "grey": encoded(PICTURE.convert("L"), "PNG"),
    "palette": encoded(PICTURE.quantize(16), "PNG"),
    "1 bit": encoded(PICTURE.convert("1"), "PNG"),
    "RGBA": encoded(PICTURE.convert("RGBA"), "PNG"),
    "16 bits": png(LEVELS, 2, 16, chunk(b"tRNS", struct.pack(">3H", *LEVELS[5, 5]))),
}
"""The larger ones have several IDATs."""


def stream_of(data: bytes) -> bytes:
    """The pixels of a PNG as they are compressed."""
    place, stream = 8, b""
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == b"IDAT":
            stream += data[place + 8 : place + 8 + length]
        place += length + 12
    return stream


def with_stream(data: bytes, *pieces: bytes) -> bytes:
    """A PNG with these IDATs."""
    start = data.index(b"IDAT") - 4
    chunks = (*(chunk(b"IDAT", piece) for piece in pieces), chunk(b"IEND", b""))
    return data[:start] + b"".join(chunks)


def with_wrong_sums(data: bytes) -> bytes:
    """A PNG whose IDATs all have a wrong CRC."""
    place, parts = 8, [data[:8]]
    while place < len(data):
        end = place + int.from_bytes(data[place : place + 4], "big") + 12
        part = data[place:end]
        parts.append(damaged(part) if part[4:8] == b"IDAT" else part)
        place = end
    return b"".join(parts)


@pytest.mark.parametrize("kind", PNGS)
@pytest.mark.parametrize("check_value", [bytes(4), b"\xff\xff\xff\xff", b"", b"\1\2"])
def test_a_wrong_check_value_behind_whole_pixels_refuses_none(
    kind: str, check_value: bytes
) -> None:
    data = PNGS[kind]
    whole, stream = decode_image(data), stream_of(data)
    wrong = stream[:-4] + check_value
    for pieces in ((wrong,), (wrong[:-3], wrong[-3:]), (stream[:-4], check_value)):
        assert np.array_equal(decode_image(with_stream(data, *pieces)), whole)
    assert np.array_equal(decode_image(with_stream(data, wrong + b"behind")), whole)
    assert np.array_equal(decode_image(with_stream(data, wrong, b"behind" * 9)), whole)


@pytest.mark.parametrize("kind", PNGS)
def test_a_wrong_crc_over_right_pixels_refuses_none(kind: str) -> None:
    assert np.array_equal(decode_image(with_wrong_sums(PNGS[kind])), decode_image(PNGS[kind]))


@pytest.mark.parametrize("kind", PNGS)
def test_pixels_of_which_no_checksum_is_right_are_damaged(kind: str) -> None:
    data = PNGS[kind]
    stream = stream_of(data)
    wrong = with_wrong_sums(with_stream(data, stream[:-4] + bytes(4)))
    with pytest.raises(BrokenImage, match="the PNG is damaged"):
        decode_image(wrong)


def test_pixels_that_are_missing_are_told_whatever_the_check_value() -> None:
    data = PNGS["RGB"]
    rows = zlib.decompress(stream_of(data))
    short = zlib.compress(rows[: len(rows) // 2 + 7])
    for stream in (short, short[:-4] + bytes(4), short[:-4]):
        with pytest.raises(BrokenImage, match="the PNG ends too early"):
            decode_image(with_stream(data, stream))


def test_pixels_without_end_are_not_inflated_for_their_check_value() -> None:
    """10 MB of such a stream are 10 GB: half a minute."""
    rows = zlib.compressobj(9)
    stream = rows.compress(bytes(100_000_000)) + rows.flush()
    data = png(np.zeros((1, 1, 1), np.uint8), 0, 8)
    assert decode_image(with_stream(data, stream[:-4] + bytes(4))).tolist() == [[[0, 0, 0]]]
    with pytest.raises(BrokenImage):
        decode_image(with_stream(data, b"\x78\xda" + b"\xff" + stream))


def test_rows_behind_the_last_one_refuse_none() -> None:
    data = PNGS["RGB"]
    rows = zlib.decompress(stream_of(data))
    stream = zlib.compress(rows + bytes(5000))
    for longer in (stream, stream[:-4] + bytes(4)):
        assert np.array_equal(decode_image(with_stream(data, longer)), pixels(PICTURE))
