"""The form that nearly every client sends, one file in one part, taken apart without a parser."""

import re

from service.inference.upload import FIELD, Upload

_HEAD = re.compile(
    rb'Content-Disposition: form-data; name="%b"(?:; filename="([^"\\\r\n]*)")?'
    rb"(?:\r\nContent-Type: [\w/+.-]+)?" % FIELD.encode()
)
"""No escapes and no other header: whoever sends these gets the parser."""
LONGEST_HEAD = 500


def one_file(body: bytes | bytearray, boundary: bytes) -> Upload | None:
    """The file of ``body``, a form that has arrived as a whole; None where it is anything else.

    What comes out is what the parser in ``service.inference.uploads`` makes of the same body.
    """
    opening, closing = b"--%b\r\n" % boundary, b"\r\n--%b--" % boundary
    if not body.startswith(opening):
        return None
    blank = body.find(b"\r\n\r\n", len(opening), LONGEST_HEAD)
    head = _HEAD.fullmatch(body, len(opening), blank) if blank > 0 else None
    if head is None:
        return None
    start = blank + 4
    # The first delimiter in the content has to be the closing one, with nothing behind it.
    end = body.find(closing[:-2], start - 2)
    if end < start or body[end:] not in (closing, closing + b"\r\n"):
        return None
    filename = None if head[1] is None else head[1].decode("utf-8", "replace")
    return Upload(filename, bytes(body[start:end]))
