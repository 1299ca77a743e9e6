"""Pictures that a program on their way took for text: what it did, and how to send them."""

from collections.abc import Callable, Sequence

from pipeline.shared.decoding.image_errors import BrokenImage, ImageError, UnsupportedImage

_BINARY = "read and write the file as bytes (binary), never as text"
_UTF_8_MARK, _UTF_16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_LOST = b"\xef\xbf\xbd"
"""What stands in UTF-8 for a byte that was none: U+FFFD."""
_AS_LATIN_1 = (b"\xc3\xbf\xc3\x98\xc3\xbf", b"\xc2\x89PNG")
"""The beginnings of a JPEG and of a PNG, each byte above 7F written as two of UTF-8."""
_PNG_LINES = (b"\x89PNG\n\x1a\n", b"\x89PNG\r\r\n", b"\x89PNG\r\x1a", b"\tPNG\r\n")
"""A PNG begins with line ends, and with a byte above 7F, for this very purpose."""
_BASE64 = (b"data:image/", b"/9j/", b"iVBORw0KGgo", b"R0lGOD", b"UklGR")
"""A data: address, and a JPEG, a PNG, a GIF and a WebP in base64."""
LONGEST_BEFORE = 1_000
"""A picture is searched for within so many bytes: white space, or the warning of a script."""


def mangled_error(data: bytes, is_picture: Callable[[bytes], bool]) -> ImageError | None:
    """Why ``data`` begins like no picture where it is one that was changed; None for all else.

    ``is_picture`` tells whether bytes begin like a picture.
    """
    if data.startswith(_UTF_8_MARK) and is_picture(data[len(_UTF_8_MARK) :]):
        return BrokenImage(
            "a byte order mark (EF BB BF) stands before the picture: a program wrote it as text",
            f"remove its first 3 bytes, or {_BINARY}",
        )
    if data.startswith(_UTF_16_MARKS):
        return BrokenImage(
            "text in UTF-16: PowerShell's > writes a picture so, and its bytes are lost",
            "save it again with curl -o or Invoke-WebRequest -OutFile",
        )
    if data.startswith((_LOST, *_AS_LATIN_1)):
        return BrokenImage("the picture was read as text, and written as UTF-8", _BINARY)
    if data.startswith(_PNG_LINES):
        return BrokenImage(
            "the PNG's line ends were changed, as those of a text",
            f"{_BINARY}; git does so without * -text, and FTP with ascii",
        )
    if data.startswith(_BASE64):
        return UnsupportedImage(
            "text in base64, not an image of a type that is read here",
            "decode it first, and send the bytes of the picture",
        )
    if data.startswith(b"--") and b"Content-Disposition:" in data[:LONGEST_BEFORE]:
        return UnsupportedImage(
            "a form (multipart/form-data), not an image of a type that is read here",
            "send it with the Content-Type multipart/form-data and its boundary, or send the "
            "picture alone",
        )
    return _later_picture_error(data, is_picture)


def _later_picture_error(data: bytes, is_picture: Callable[[bytes], bool]) -> ImageError | None:
    """For a picture behind what a script printed before it."""
    for place in _places(data, (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")):
        if is_picture(data[place : place + 100]) and data[:place].isascii():
            return BrokenImage(
                f"{place} bytes stand before the picture: {data[: min(place, 40)]!r}",
                "send the picture alone; a script must print nothing before it",
            )
    return None


def _places(data: bytes, starts: Sequence[bytes]) -> list[int]:
    found = [data.find(start, 1, LONGEST_BEFORE) for start in starts]
    return sorted(place for place in found if place > 0)
