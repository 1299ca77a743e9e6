"""A PNG to pixels: through Pillow, once more where nothing but a checksum is wrong."""

import math
import struct
import zlib
from dataclasses import replace

from PIL import PngImagePlugin

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.image_errors import BrokenImage
from pipeline.shared.decoding.orientation import StoredPicture
from pipeline.shared.decoding.pillow_decoding import decode_by_pillow
from pipeline.shared.decoding.png_chunks import pixel_stream, with_pixel_stream

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Of a pixel, by the colour type (W3C PNG, 11.2.1)."""
_PIECE_BYTES = 1_000_000


def decode_png(bare: BareImage, max_pixels: int) -> StoredPicture:
    """The pixels of a bare PNG, in sRGB and over white.

    Each byte of the pixels is checked twice, by the CRC of its chunk and by the zlib stream's
    Adler-32. One of them is enough: where only the Adler-32 is wrong, the file is what its encoder
    wrote (eustas/CafeUndZopfli#7), and Chromium's decoder does not compare it either; libpng and
    Pillow do where it stands in the same piece as the last row. Where both are wrong, it is damage.
    """
    try:
        return decode_by_pillow("PNG", PngImagePlugin.PngImageFile, bare, max_pixels)
    except BrokenImage:
        mended = _without_check_value(bare) if bare.is_intact else None
        if mended is None:
            raise
    return decode_by_pillow("PNG", PngImagePlugin.PngImageFile, mended, max_pixels)


def _without_check_value(bare: BareImage) -> BareImage | None:
    """``bare`` with nothing behind its compressed pixels, where Pillow stops without complaint.

    None where they do not end, or there is no more behind them.
    """
    stream = pixel_stream(bare)
    end = _end_of_pixels(stream, _most_bytes(bare))
    if end is None or end == len(stream):
        return None
    return replace(bare, data=with_pixel_stream(bare, stream[:end]))


def _most_bytes(bare: BareImage) -> int:
    """More than what the pixels are when they are inflated, interlaced or not."""
    width, height, bits, colour = struct.unpack_from(">2I2B", bare.data, 16)
    row: int = 1 + math.ceil(width * bits * _SAMPLES.get(colour, 4) / 8)
    most: int = 2 * height * row + 10_000
    return most


def _end_of_pixels(stream: memoryview, most_bytes: int) -> int | None:
    """Where the compressed data end in a zlib stream (RFC 1950); None if not within ``most_bytes``.

    In pieces, none of which is kept: 20 Mpx with 16 bits have 160 MB.
    """
    inflater, place, size = zlib.decompressobj(-zlib.MAX_WBITS), 2, 0
    try:
        while not inflater.eof and size <= most_bytes:
            piece = stream[place : place + _PIECE_BYTES]
            content = inflater.decompress(piece, _PIECE_BYTES)
            if not piece and not content:
                return None
            left = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            place, size = place + len(piece) - len(left), size + len(content)
    except zlib.error:
        return None
    return place if inflater.eof else None
