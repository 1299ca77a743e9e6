"""Which reader looks at the header of a file, and which decoder gets what it leaves."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import GifImagePlugin

from pipeline.shared.decoding.avif import bare_avif, decode_avif
from pipeline.shared.decoding.avif_boxes import is_avif
from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.foreign_formats import foreign_error, unknown_error
from pipeline.shared.decoding.gif_blocks import bare_gif, gif_size
from pipeline.shared.decoding.jpeg import is_jpeg
from pipeline.shared.decoding.mangled_pictures import mangled_error
from pipeline.shared.decoding.orientation import StoredPicture
from pipeline.shared.decoding.pillow_decoding import decode_by_pillow
from pipeline.shared.decoding.png import decode_png
from pipeline.shared.decoding.png_chunks import SIGNATURE, bare_png, png_size
from pipeline.shared.decoding.webp import decode_webp
from pipeline.shared.decoding.webp_chunks import bare_webp, webp_size

Decoder = Callable[[BareImage, int], StoredPicture]
"""Of a bare picture, whose pixels have been counted, and of the most pixels that it may have."""


SHORT_LOOK = 1_000
"""Pieces of a header that are read in half a millisecond; programs write up to some hundred."""


@dataclass(frozen=True)
class ImageKind:
    """What a file is called by its first bytes, and how its size and its pixels are read.

    ``read_header`` looks at the bytes in Python alone: no decoder sees a picture whose size has not
    been checked, since some allocate as soon as they open it. ``find_size`` is the part of it that
    finds the size, which ends with None where that is behind more than SHORT_LOOK pieces.
    """

    name: str
    begins: Callable[[bytes], bool]
    find_size: Callable[[bytes], tuple[int, int] | None]
    read_header: Callable[[bytes], BareImage]
    decode: Decoder


def image_kind(data: bytes) -> ImageKind:
    """The kind of picture that ``data`` begins like, JPEG apart; UnsupportedImage for any other."""
    for kind in _KINDS:
        if kind.begins(data):
            return kind
    # A foreign format first: a PDF may hold a whole picture near its beginning.
    raise foreign_error(data) or mangled_error(data, _is_picture) or unknown_error(data)


def _is_picture(data: bytes) -> bool:
    return is_jpeg(data) or any(kind.begins(data) for kind in _KINDS)


_KINDS = (
    ImageKind(
        "PNG",
        lambda data: data.startswith(SIGNATURE),
        png_size,
        bare_png,
        decode_png,
    ),
    ImageKind(
        "WebP",
        lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP",
        lambda data: webp_size(data, SHORT_LOOK),
        bare_webp,
        lambda bare, _: decode_webp(bare),
    ),
    ImageKind(
        "GIF",
        lambda data: data.startswith((b"GIF87a", b"GIF89a")),
        lambda data: gif_size(data, SHORT_LOOK),
        bare_gif,
        lambda bare, most: decode_by_pillow("GIF", GifImagePlugin.GifImageFile, bare, most),
    ),
    ImageKind("AVIF", is_avif, lambda data: bare_avif(data).size, bare_avif, decode_avif),
)
