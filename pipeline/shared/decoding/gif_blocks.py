"""GIF: its blocks (GIF89a specification, sections 17 to 25)."""

import struct

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.image_errors import BrokenImage

_EXTENSION, _FRAME, _CONTROL = 0x21, 0x2C, 0xF9


def bare_gif(data: bytes) -> BareImage:
    """The first frame of a GIF, with the transparent colour that the block before it names.

    Comments and programs' own blocks come in pieces of 1 to 255 bytes, and Pillow makes an object
    of each: 10 MB of comments take it 540 MB.
    """
    height, width = _little_endian(data[8:10]), _little_endian(data[6:8])
    # Behind the header, 6 bytes, and the screen, 7, come a palette and extensions.
    place = screen_end = 13 + _palette_bytes(data[10:11])
    control = b""
    try:
        while data[place] == _EXTENSION:
            end = _skip_pieces(data, place + 2)
            if data[place + 1] == _CONTROL:
                control = data[place:end]
            place = end
        is_frame = data[place] == _FRAME
    except IndexError:
        raise BrokenImage("the GIF ends too early") from None
    if not is_frame:
        raise BrokenImage("the GIF has no frame")
    left, top, frame_width, frame_height = struct.unpack(
        "<4H", data[place + 1 : place + 9].ljust(8)
    )
    # The frame may stick out of the screen, and Pillow makes a picture that holds both.
    size = max(height, top + frame_height), max(width, left + frame_width)
    return BareImage(data[:screen_end] + control + data[place:], size)


def _skip_pieces(data: bytes, place: int) -> int:
    """Where the pieces of an extension end: each is behind its length, and an empty one ends it."""
    while length := data[place]:
        place += 1 + length
    return place + 1


def _palette_bytes(flags: bytes) -> int:
    packed = _little_endian(flags)
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _little_endian(field: bytes) -> int:
    return int.from_bytes(field, "little")
