"""GIF: its blocks (GIF89a specification, sections 17 to 25)."""

import struct
from typing import NamedTuple

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.image_errors import BrokenImage

_EXTENSION, _FRAME, _CONTROL = 0x21, 0x2C, 0xF9


def bare_gif(data: bytes) -> BareImage:
    """The first frame of a GIF, with the transparent colour that the block before it names.

    Comments and programs' own blocks come in pieces of 1 to 255 bytes, and Pillow makes an object
    of each: 10 MB of comments take it 540 MB. It fills what the frame leaves of the screen with
    colour 0, which browsers show as transparent: so the frame comes as large as its screen.
    """
    control, place = _find_frame(data, len(data))
    frame = _read_frame(data, place)
    size = struct.pack("<2H", frame.width, frame.height)
    screen = data[:6] + size + data[10 : _screen_end(data)]
    bare = screen + control + data[place : place + 1] + bytes(4) + data[place + 5 :]
    canvas = _canvas(data, frame)
    return BareImage(
        bare,
        (frame.height, frame.width),
        canvas=None if canvas == (frame.height, frame.width) else canvas,
        position=(frame.top, frame.left),
    )


def gif_size(data: bytes, most_pieces: int) -> tuple[int, int] | None:
    """(height, width); None where more pieces of extensions stand before the frame."""
    try:
        _, place = _find_frame(data, most_pieces)
    except _TooManyPieces:
        return None
    return _canvas(data, _read_frame(data, place))


class _TooManyPieces(Exception):  # noqa: N818 - an end, and nobody's error
    """The extensions before the frame are longer than was to be read."""


def _find_frame(data: bytes, most_pieces: int) -> tuple[bytes, int]:
    """The control block before the first frame, and the place of the frame."""
    place, control = _screen_end(data), b""
    try:
        while data[place] == _EXTENSION:
            end, pieces = _skip_pieces(data, place + 2, most_pieces)
            most_pieces -= pieces + 1
            if data[place + 1] == _CONTROL:
                control = data[place:end]
            place = end
        is_frame = data[place] == _FRAME
    except IndexError:
        raise BrokenImage("the GIF ends too early") from None
    if not is_frame:
        raise BrokenImage("the GIF has no frame")
    return control, place


class _Frame(NamedTuple):
    """Where a frame stands on the screen, and its size."""

    left: int
    top: int
    width: int
    height: int


def _read_frame(data: bytes, place: int) -> _Frame:
    if len(data) < place + 10:
        raise BrokenImage("the GIF ends too early")
    return _Frame(*struct.unpack_from("<4H", data, place + 1))


def _canvas(data: bytes, frame: _Frame) -> tuple[int, int]:
    """(height, width) of the screen, or what holds the frame too where that sticks out of it.

    As in Pillow and Chromium.
    """
    height, width = _little_endian(data[8:10]), _little_endian(data[6:8])
    return max(height, frame.top + frame.height), max(width, frame.left + frame.width)


def _screen_end(data: bytes) -> int:
    """Where the header, 6 bytes, the screen, 7, and its palette end; extensions may follow."""
    return 13 + _palette_bytes(data[10:11])


def _skip_pieces(data: bytes, place: int, most: int) -> tuple[int, int]:
    """Where the pieces of an extension end, and how many they are.

    Each is behind its length, and an empty one ends the extension.
    """
    pieces = 0
    while length := data[place]:
        place += 1 + length
        pieces += 1
        if pieces > most:
            raise _TooManyPieces
    if most < 0:
        raise _TooManyPieces
    return place + 1, pieces


def _palette_bytes(flags: bytes) -> int:
    packed = _little_endian(flags)
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _little_endian(field: bytes) -> int:
    return int.from_bytes(field, "little")
