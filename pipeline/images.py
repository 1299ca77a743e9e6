"""Bytes of a picture to pixels, the same for training and serving.

ImageError               one sentence for whoever sent the picture
├── UnsupportedImage     not a JPEG, PNG, WebP or GIF
├── TooManyPixels        its header says more pixels than are allowed; nothing was decoded
└── BrokenImage          says that it is a picture and does not decode: truncated, damaged, 0 × 0

A JPEG of the usual kind goes through simplejpeg, at a reduced scale where that is enough; all else
goes through Pillow. Pixels are (height, width, 3) arrays of uint8, red first.

One module, though a long one: each is a dep that every stage declares, and attendees type.
"""

import math
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Literal

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

Pixels = NDArray[np.uint8]

MAX_PIXELS = 20_000_000
MAX_SCANS = 50
"""The most scans of a JPEG: encoders write one, or about ten where it is progressive."""
MAX_SCANNED_PIXELS = 16 * MAX_PIXELS
"""The most pixels of a JPEG times its scans: each, though it be ten bytes, is a pass over all."""
MAX_SEGMENTS = 1_000
"""The most segments before a JPEG's first scan: 255 of colour profile, …"""
MAX_FILL_BYTES = 10_000
"""The most bytes between these segments, which Pillow takes one by one."""
STRIP_PIXELS = 500_000
"""Brought to RGB at one time."""


class ImageError(ValueError):
    """These bytes give no picture; the message says why in one sentence."""


class UnsupportedImage(ImageError):  # noqa: N818 - its base is named Error
    """The bytes are no JPEG, PNG, WebP or GIF."""


class TooManyPixels(ImageError):  # noqa: N818
    """The picture has more pixels than are allowed, told before it is decoded."""


class BrokenImage(ImageError):  # noqa: N818
    """The bytes begin like a picture and do not decode."""


def load(data: bytes, size: tuple[int, int], *, max_pixels: int = MAX_PIXELS) -> Pixels:
    """The picture stretched to ``size``, which is (height, width); an ImageError if there is none.

    A JPEG is within a mean difference of 6 of 255 of Pillow's full decode and bilinear resize
    (200 real posters to three sizes: 1 to 2, at most 5.9), and 0 to 3 from a PNG of itself.
    """
    return resize(decode(data, at_least=enough_for(size), max_pixels=max_pixels), size)


def enough_for(size: tuple[int, int]) -> tuple[int, int]:
    """What ``decode`` has to give at least for ``resize`` to ``size``; both are (height, width).

    libjpeg's reduced scales are sharper than a resize: this leaves a fifth for it to smooth.
    """
    return math.ceil(size[0] * 1.2), math.ceil(size[1] * 1.2)


def decode(
    data: bytes, *, at_least: tuple[int, int] | None = None, max_pixels: int = MAX_PIXELS
) -> Pixels:
    """The picture upright and over white, its first frame if it moves.

    With ``at_least``, a (height, width), a JPEG may come smaller than it is, never smaller than
    that unless it is so itself. Every other type comes at its full size, exact to the bit.
    """
    kind = _kind(data)
    if kind is _JPEG:
        return _decoded_jpeg(data, at_least, max_pixels)
    _check_size(kind, _SIZES[kind](data), max_pixels)
    return _decoded_by_pillow(kind, data, max_pixels)


def resize(image: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture stretched to ``size``, which is (height, width).

    Where it shrinks, each pixel is the mean of evenly spaced linear samples at most 1.2 pixels
    apart, so that nothing aliases. On posters this lies closer to Pillow's antialiased bilinear
    filter (mean 1 to 3 of 255) than OpenCV's INTER_AREA does, in half its time; plain INTER_LINEAR
    is off by up to 8. The same bits come out whatever the number of OpenCV's threads.
    """
    per_pixel = [
        max(1, math.ceil(have / want - 0.2))
        for have, want in zip(image.shape[:2], size, strict=True)
    ]
    samples = (size[0] * per_pixel[0], size[1] * per_pixel[1])
    if samples != image.shape[:2]:
        image = cv2.resize(image, samples[::-1], interpolation=cv2.INTER_LINEAR)
    if samples != size:
        image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
    return image


@dataclass(frozen=True)
class _Kind:
    name: str
    open: Callable[[BytesIO], ImageFile.ImageFile]
    """Pillow's plugin itself: Image.open tries others too, and warns of large pictures."""


def _kind(data: bytes) -> _Kind:
    if data.startswith(b"\xff\xd8\xff"):
        return _JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _GIF
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _WEBP
    if not data:
        raise UnsupportedImage("not an image: it is empty")
    raise UnsupportedImage(
        f"not an image of a type that is read here (JPEG, PNG, WebP, GIF): "
        f"the first bytes are {data[:8]!r}"
    )


def _png_size(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        raise BrokenImage("the PNG does not begin with its header")
    return _big_endian(data[20:24]), _big_endian(data[16:20])


def _webp_size(data: bytes) -> tuple[int, int]:
    """(height, width) of the canvas (RFC 9649, sections 2.5 to 2.7)."""
    match data[12:16]:
        case b"VP8 ":
            return _little_endian(data[28:30]) & 0x3FFF, _little_endian(data[26:28]) & 0x3FFF
        case b"VP8L":
            bits = _little_endian(data[21:25])
            return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
        case b"VP8X":
            return _little_endian(data[27:30]) + 1, _little_endian(data[24:27]) + 1
    raise BrokenImage("the WebP does not begin with its header")


def _gif_size(data: bytes) -> tuple[int, int]:
    """(height, width) that hold both the screen and the first frame, which may stick out of it."""
    height, width = _little_endian(data[8:10]), _little_endian(data[6:8])
    place = 13 + _gif_palette_bytes(data[10:11])
    while data[place : place + 1] == b"!":
        place += 2
        while length := _little_endian(data[place : place + 1]):
            place += 1 + length
        place += 1
    if data[place : place + 1] != b",":
        raise BrokenImage("the GIF has no frame")
    left, top, frame_width, frame_height = struct.unpack(
        "<4H", data[place + 1 : place + 9].ljust(8)
    )
    return max(height, top + frame_height), max(width, left + frame_width)


def _gif_palette_bytes(flags: bytes) -> int:
    packed = _little_endian(flags)
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _big_endian(field: bytes) -> int:
    return int.from_bytes(field, "big")


def _little_endian(field: bytes) -> int:
    return int.from_bytes(field, "little")


_JPEG = _Kind("JPEG", JpegImagePlugin.JpegImageFile)
_PNG = _Kind("PNG", PngImagePlugin.PngImageFile)
_GIF = _Kind("GIF", GifImagePlugin.GifImageFile)
_WEBP = _Kind("WebP", WebPImagePlugin.WebPImageFile)
# Read before Pillow opens the picture, because some of its plugins allocate on opening.
_SIZES = {_PNG: _png_size, _GIF: _gif_size, _WEBP: _webp_size}


def _check_size(kind: _Kind, size: tuple[int, int], max_pixels: int) -> None:
    height, width = size
    pixels = height * width
    if pixels == 0:
        raise BrokenImage(f"the {kind.name} says that it is {width} × {height} pixels")
    if pixels > max_pixels:
        raise TooManyPixels(
            f"{width} × {height} = {pixels:,} pixels, over the limit of {max_pixels:,}"
        )


def _decoded_jpeg(data: bytes, at_least: tuple[int, int] | None, max_pixels: int) -> Pixels:
    header = _jpeg_header(data)
    if header.size:
        _check_size(_JPEG, header.size, max_pixels)
    orientation = _orientation(header.exif)
    if at_least and orientation >= 5:  # it lies on its side
        at_least = at_least[::-1]
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        _check_size(_JPEG, (height, width), max_pixels)
        _check_scans(data, height * width)
        factor = _reduction((height, width), at_least)
        pixels: Pixels = simplejpeg.decode_jpeg(
            data, min_height=-(-height // factor), min_width=-(-width // factor)
        )
    except ImageError:
        raise
    except (ValueError, KeyError) as error:  # the second for a subsampling without a name
        _refuse_damage(str(error))
        return _decoded_by_pillow(_JPEG, data, max_pixels)
    if colours in ("CMYK", "YCCK"):  # whole, but Pillow knows which inks are inverted
        return _decoded_by_pillow(_JPEG, data, max_pixels)
    return _upright(pixels, orientation)


@dataclass(frozen=True)
class _JpegHeader:
    exif: bytes
    size: tuple[int, int] | None


def _jpeg_header(data: bytes) -> _JpegHeader:
    """The first EXIF block and the (height, width) in the segments before the first scan."""
    exif, size, fill = b"", None, 0
    for number, (marker, body, skipped) in enumerate(_segments(data)):
        fill += skipped
        if number == MAX_SEGMENTS or fill > MAX_FILL_BYTES:
            raise BrokenImage("the JPEG has too much before its first scan")
        if marker == _SCAN:
            break
        if marker == _APP1 and body.startswith(b"Exif\0\0") and not exif:
            exif = body
        if marker in _FRAMES and size is None and len(body) >= 5:
            size = _big_endian(body[1:3]), _big_endian(body[3:5])
    return _JpegHeader(exif, size)


_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")
"""Those of a segment and the end mark: the others (TEM, RST, SOI) have no length and no body."""
_SCAN_BYTES = re.compile(rb"\xff\xda")
"""Searched for in a sixth of the time that bytes.count takes."""
_SCAN, _END, _APP1 = 0xDA, 0xD9, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Each segment's marker, body and bytes skipped before it, up to the end mark.

    They are where libjpeg finds them: like its own, the search passes over fill bytes, rubbish and
    entropy-coded data, in which an FF is followed by 00 or is a marker; it never looks for a
    marker within a segment.
    """
    place = 2  # behind the start mark
    while (found := _MARKER.search(data, place)) and (marker := found[1][0]) != _END:
        length = _big_endian(data[found.end() : found.end() + 2])
        skipped = found.start() - place
        place = found.end() + max(length, 2)
        yield marker, data[found.end() + 2 : place], skipped


def _check_scans(data: bytes, pixels: int) -> None:
    """Bound the time that a JPEG takes beyond what its bytes and its pixels do."""
    allowed = min(MAX_SCANS, MAX_SCANNED_PIXELS // pixels)
    if not any(islice(_SCAN_BYTES.finditer(data), allowed, None)):
        return
    # A thumbnail, a colour profile or the film that some cameras append may hold these bytes too.
    scans = 0
    for number, (marker, *_) in enumerate(_segments(data)):
        scans += marker == _SCAN
        if scans > allowed or number > 2 * MAX_SEGMENTS:
            raise BrokenImage(f"the JPEG has more than {allowed} scans of {pixels:,} pixels")


def _reduction(size: tuple[int, int], at_least: tuple[int, int] | None) -> int:
    """The largest of 8, 4, 2 and 1 by which the picture may shrink and still cover ``at_least``.

    libjpeg-turbo has vector code for these only: of a 300 × 440 poster, 3/8 takes longer than 1/2.
    """
    if at_least:
        for factor in (8, 4, 2):
            if all(-(-have // factor) >= want for have, want in zip(size, at_least, strict=True)):
                return factor
    return 1


def _refuse_damage(complaint: str) -> None:
    """Refuse what libjpeg fills with grey; leave to Pillow what it knows and simplejpeg does not.

    libjpeg calls both "warnings"; harmless are extraneous bytes between segments and unusual
    chroma subsampling. The words are those of its jerror.h.
    """
    if "Premature end of JPEG file" in complaint:
        raise BrokenImage("the JPEG ends too early")
    for damage in ("premature end of data segment", "bad Huffman code", "instead of RST"):
        if damage in complaint:
            raise BrokenImage(
                f"the JPEG is damaged: {complaint.removeprefix('Corrupt JPEG data: ')}"
            )


# A plugin reads its fields from hostile bytes and raises whatever the first nonsense leads to. Of
# 40,000 mutated files the first three types came; the others its code can raise where it slices,
# divides, unpacks or inflates, and PIL.ImageFile wraps only some of them, and only on opening.
_FAILURES = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    AssertionError,  # a PNG with a palette and without one
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    struct.error,
    zlib.error,
)


def _decoded_by_pillow(kind: _Kind, data: bytes, max_pixels: int) -> Pixels:
    _silence_pillow()
    try:
        image = kind.open(BytesIO(data))
        _check_size(kind, image.size[::-1], max_pixels)
        image.load()
        pixels = _over_white(image, data)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise TooManyPixels(str(error)) from None
    except _FAILURES as error:
        raise BrokenImage(_complaint(kind, error)) from None
    return _upright(pixels, _orientation(image.info.get("exif", b"")))


def _silence_pillow() -> None:
    """Keep Pillow's warnings of odd files off stderr: what matters of them is raised.

    A filter, added once, and not warnings.catch_warnings: that is not safe between threads.
    """
    if not any(
        action == "ignore" and module and module.pattern == _PILLOW
        for action, _, _, module, _ in warnings.filters
    ):
        warnings.filterwarnings("ignore", module=_PILLOW)


_PILLOW = r"PIL\."


def _complaint(kind: _Kind, error: Exception) -> str:
    text = str(error)
    if "truncated" in text.lower():
        return f"the {kind.name} ends too early"
    return f"the {kind.name} is damaged: {text or 'its parts do not fit'}"


def _over_white(image: Image.Image, data: bytes) -> Pixels:
    """The pixels of a loaded ``image`` in RGB, its transparent parts white.

    A strip at a time: as a whole, each step would take as much memory again, and some keep Python's
    other threads waiting until they are done.
    """
    if isinstance(image, PngImagePlugin.PngImageFile) and image.has_transparency_data:
        _scale_transparent_colour(image, bits=data[24])
    rows = max(1, STRIP_PIXELS // image.width)
    if rows >= image.height:
        return _strip_over_white(image)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, rows):
        end = min(top + rows, image.height)
        pixels[top:end] = _strip_over_white(image.crop((0, top, image.width, end)))
    return pixels


def _strip_over_white(image: Image.Image) -> Pixels:
    if image.mode == "I;16":
        return _grey_of_16_bits(image)
    if not image.has_transparency_data:
        return np.asarray(_as(image, "RGB"))
    image = _as(image, "RGBA")
    over = Image.new("RGB", image.size, "white")
    over.paste(image, mask=image.getchannel("A"))
    return np.asarray(over)


def _as(image: Image.Image, mode: str) -> Image.Image:
    """The image in that mode; convert() would copy it even where it is so already."""
    return image if image.mode == mode else image.convert(mode)


def _grey_of_16_bits(image: Image.Image) -> Pixels:
    """The upper byte of each level, as Pillow takes it in colour; its convert() clips at 255."""
    levels = np.asarray(image)
    grey = (levels >> 8).astype(np.uint8)
    if (transparent := image.info.get("transparency")) is not None:
        grey[levels == transparent] = 255
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def _scale_transparent_colour(image: Image.Image, bits: int) -> None:
    """Bring the one transparent colour to 8 bits: Pillow does so to the pixels and forgets it."""
    colour = image.info.get("transparency")
    if isinstance(colour, tuple) and bits == 16:
        image.info["transparency"] = tuple(level >> 8 for level in colour)
    if isinstance(colour, int) and image.mode == "L" and bits < 8:
        image.info["transparency"] = colour * 255 // (2**bits - 1)


def _orientation(exif: bytes) -> int:
    """How the camera was held, 1 to 8, from the first directory of an EXIF block (EXIF 2.3, 4.6.2).

    Read here and not by Pillow, which takes ten times as long and warns of odd blocks.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return 1
    order: Literal["little", "big"] = "little" if tiff[:1] == b"I" else "big"
    start = int.from_bytes(tiff[4:8], order)
    entries = int.from_bytes(tiff[start : start + 2], order)
    for place in range(start + 2, min(start + 2 + 12 * entries, len(tiff)), 12):
        if int.from_bytes(tiff[place : place + 2], order) == 0x0112:
            value = int.from_bytes(tiff[place + 8 : place + 10], order)
            return value if 1 <= value <= 8 else 1
    return 1


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """The pixels as they are meant to be seen; OpenCV turns large ones faster than NumPy."""
    turn = _TURNS.get(orientation)
    return turn(pixels) if turn else pixels


_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.flip(pixels, -1),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: lambda pixels: cv2.transpose(pixels),
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.transpose(cv2.flip(pixels, -1)),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
