"""A JPEG to pixels: through libjpeg-turbo, at a reduced scale where that is enough."""

import re
from io import BytesIO
from itertools import islice

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from pipeline.shared.decoding.colour_profiles import (
    STRIP_PIXELS,
    convert_pixels,
    find_converter,
)
from pipeline.shared.decoding.image_errors import (
    MAX_PIXELS,
    BrokenImage,
    TooManyPixels,
    check_sides,
)
from pipeline.shared.decoding.jpeg_header import (
    SCAN,
    Frame,
    bare_jpeg,
    checked_frame,
    read_jpeg_header,
    segments,
    with_height,
)
from pipeline.shared.decoding.orientation import (
    StoredPicture,
    read_orientation,
    size_in_stored_order,
)
from pipeline.shared.decoding.pillow_decoding import pillow_errors

FULL_FACTOR = 10
"""A JPEG may have so many times the pixels that are allowed, if a reduced scale gives few enough:
24 Mpx to an eighth of their sides take 90 ms."""
COEFFICIENT_BYTES = 8
"""Of memory for each pixel that is allowed: a progressive JPEG keeps 2 bytes for each sample."""
MAX_SCANS = 64
"""The most scans of a JPEG: encoders write one, or 10 to 24 where it is progressive."""
MAX_SCANNED_SAMPLES = 48 * MAX_PIXELS
"""The most samples that all scans together pass over: each, though it be ten bytes, is a pass."""
MAX_PROFILE_PARTS = 1_000
"""The most segments of colour profile: libjpeg keeps each, and 10 MB hold 2,500,000."""
_NAMED_SAMPLINGS = frozenset(
    (*((first, 0x11) for first in (0x11, 0x21, 0x22, 0x12, 0x41, 0x14)),
     (0x22, 0x12), (0x22, 0x21), (0x12, 0x12), (0x21, 0x21), (0x13, 0x13), (0x31, 0x31))
)  # fmt: skip
"""Those of brightness and of both colour differences that TurboJPEG knows (its getSubsamp)."""
_SCAN_BYTES = re.compile(rb"\xff\xda")
"""Searched for in a sixth of the time that bytes.count takes."""
_PROFILE_BYTES = re.compile(rb"\xff\xe2")
_END = b"\xff\xd9"


def is_jpeg(data: bytes) -> bool:
    """Whether ``data`` begins like a JPEG: a start mark, and the first byte of the next mark."""
    return data.startswith(b"\xff\xd8\xff")


def decode_jpeg(data: bytes, at_least: tuple[int, int] | None, max_pixels: int) -> StoredPicture:
    """The pixels of a JPEG; at a reduced scale where that covers ``at_least``, once upright."""
    header = read_jpeg_header(data)
    frame = checked_frame(header)
    check_sides("JPEG", frame.size)
    data = with_height(data, header)
    orientation = read_orientation(header.exif)
    if at_least:
        at_least = size_in_stored_order(at_least, orientation)
    factor = _reduction(frame.size, at_least)
    _check_pixels(frame, factor, max_pixels)
    if frame.is_progressive or header.first_scan[0] < len(frame.samplings):
        _check_coefficients(frame, max_pixels)
    _check_scans(data, frame)
    converter = find_converter(header.profile(), len(frame.samplings))
    if len(frame.samplings) == 4:
        inks = _decode(data, frame, factor, "CMYK")
        # Adobe's convention, which Pillow follows for all: 0 is full ink.
        cv2.bitwise_not(inks, inks)
        to_rgb = converter.to_srgb if converter else _without_profile
        pixels = convert_pixels(inks, "CMYK", to_rgb)
    elif converter:
        mode = "GRAY" if converter.mode == "L" else "RGB"
        levels = _decode(data, frame, factor, mode)
        pixels = convert_pixels(levels, converter.mode, converter.to_srgb)
    else:
        pixels = _decode(data, frame, factor, "RGB")
    return StoredPicture(pixels, orientation)


def _without_profile(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


def _decode(data: bytes, frame: Frame, factor: int, colours: str) -> NDArray[np.uint8]:
    """The levels, (height, width, colours), at 1/``factor`` of the size; BrokenImage on damage."""
    if not _turbojpeg_knows(frame.samplings):
        return _decode_by_pillow(bare_jpeg(data), frame, factor, colours)
    is_open = not data.endswith(_END)
    if is_open and not frame.is_arithmetic:
        # Programs forget the end mark, or write behind it. With one, libjpeg has no complaint about
        # pixels that are whole, and another one about those that are not; except in arithmetic
        # coding, where it takes what is missing for zeros.
        data += _END
    if len(data) > 100 * MAX_PROFILE_PARTS and any(
        islice(_PROFILE_BYTES.finditer(data), MAX_PROFILE_PARTS, None)
    ):
        data = bare_jpeg(data)
    # simplejpeg takes the smallest scale that gives these; libjpeg rounds sizes up.
    options = {"min_height": -(-frame.size[0] // factor), "min_width": -(-frame.size[1] // factor)}
    levels: NDArray[np.uint8]
    try:
        levels = simplejpeg.decode_jpeg(data, colours, **options)
    except ValueError as error:
        _refuse_damage(str(error), is_open)
        try:
            # Of the complaints that are left, simplejpeg takes those about the header for errors.
            levels = simplejpeg.decode_jpeg(bare_jpeg(data), colours, strict=False, **options)
        except ValueError as failure:
            raise BrokenImage(f"the JPEG is damaged: {failure}") from None
    return levels


def _turbojpeg_knows(samplings: bytes) -> bool:
    """Whether TurboJPEG has a name for these: it decodes no others, though libjpeg does."""
    if len(samplings) == 1:
        return True
    first, *rest = samplings
    if len(samplings) == 4 and rest.pop() != first:  # black has to be as fine as brightness
        return False
    if any(each != rest[0] for each in rest):
        return False
    return (first, rest[0]) in _NAMED_SAMPLINGS


def _decode_by_pillow(data: bytes, frame: Frame, factor: int, colours: str) -> NDArray[np.uint8]:
    """The levels of a bare JPEG, as simplejpeg gives them, through Pillow's libjpeg.

    It does not tell of wrong codes, only of an early end.
    """
    with pillow_errors("JPEG"):
        image = JpegImagePlugin.JpegImageFile(BytesIO(data))
        if factor > 1:
            image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))
        image.load()
        channels = len(frame.samplings)
        levels = np.empty((image.height, image.width, channels), np.uint8)
        rows = max(1, STRIP_PIXELS // image.width)
        for top in range(0, image.height, rows):
            end = min(top + rows, image.height)
            levels[top:end] = np.asarray(image.crop((0, top, image.width, end)))
    if colours == "CMYK":  # which Pillow inverts
        cv2.bitwise_not(levels, levels)
    return levels


def _check_pixels(frame: Frame, factor: int, max_pixels: int) -> None:
    height, width = frame.size
    limit = max_pixels * min(factor**2, FULL_FACTOR)
    if (pixels := height * width) > limit:
        raise TooManyPixels(f"{width} × {height} = {pixels:,} pixels, over the limit of {limit:,}")


def _check_coefficients(frame: Frame, max_pixels: int) -> None:
    needed, limit = 2 * _samples(frame), COEFFICIENT_BYTES * max_pixels
    if needed > limit:
        height, width = frame.size
        raise TooManyPixels(
            f"{width} × {height} pixels in a progressive JPEG take {needed / 1e6:.0f} MB "
            f"to decode, over the limit of {limit / 1e6:.0f}",
            "scale the picture down, or save it as a JPEG that is not progressive",
        )


def _samples(frame: Frame) -> int:
    """How many samples all components have together."""
    across = max(1, *(sampling >> 4 for sampling in frame.samplings))
    down = max(1, *(sampling & 15 for sampling in frame.samplings))
    height, width = frame.size
    return sum(
        -(-width * (sampling >> 4) // across) * -(-height * (sampling & 15) // down)
        for sampling in frame.samplings
    )


def _check_scans(data: bytes, frame: Frame) -> None:
    """Bound the time that a JPEG takes beyond what its bytes and its pixels do."""
    if not any(islice(_SCAN_BYTES.finditer(data), 1, None)):
        return
    # A thumbnail, a colour profile or the film that some cameras append may hold these bytes too.
    samples, colours = _samples(frame), len(frame.samplings)
    scans = scanned = 0
    for marker, body, _ in segments(data):
        if marker == SCAN and body:
            scans += 1
            scanned += samples * min(body[0], colours) // colours
            if scans > MAX_SCANS or scanned > max(MAX_SCANNED_SAMPLES, samples):
                height, width = frame.size
                raise BrokenImage(
                    f"the JPEG has more than {scans - 1} scans of {width * height:,} pixels"
                )


def _reduction(size: tuple[int, int], at_least: tuple[int, int] | None) -> int:
    """The largest of 8, 4, 2 and 1 by which the picture may shrink and still cover ``at_least``.

    libjpeg-turbo has vector code for these only: of a 300 × 440 poster, 3/8 takes longer than 1/2.
    """
    if at_least:
        for factor in (8, 4, 2):
            if all(-(-have // factor) >= want for have, want in zip(size, at_least, strict=True)):
                return factor
    return 1


def _refuse_damage(complaint: str, is_open: bool) -> None:
    """Refuse what libjpeg fills with grey; return for what it calls a warning too and is none.

    Harmless are extraneous bytes between segments and unusual chroma subsampling. The words are
    those of its jerror.h: TurboJPEG gives no number.
    """
    if "Premature end of JPEG file" in complaint:
        raise BrokenImage("the JPEG ends too early")
    if is_open and "premature end of data segment" in complaint:
        raise BrokenImage("the JPEG ends too early")
    for damage in ("premature end of data segment", "bad Huffman code", "instead of RST"):
        if damage in complaint:
            raise BrokenImage(
                f"the JPEG is damaged: {complaint.removeprefix('Corrupt JPEG data: ')}"
            )
