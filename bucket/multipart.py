"""A ``multipart/related`` upload, split as it arrives: a JSON description, then the bytes.

The end is looked for at the end alone: bytes that happen to look like a boundary stay bytes. Lines
may end in LF, as gcsfs ends them, or in CRLF. aiohttp's MultipartReader takes CRLF alone, and the
first boundary for the end.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from email.message import Message
from typing import Any

from bucket.errors import ApiError

_MAX_HEAD = 1 << 20
_HEADERS = rb"(?:[^\r\n]+\r?\n)*(\r?\n)"


def boundary_of(content_type: str) -> bytes:
    """The boundary that the header names; an ApiError where it names none."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/related" or not isinstance(boundary, str):
        raise _malformed("its Content-Type is no multipart/related with a boundary")
    return boundary.encode("utf-8", "surrogateescape")


async def read_parts(
    blocks: AsyncIterator[bytes], boundary: bytes, write: Callable[[bytes], None]
) -> dict[str, Any]:
    """The JSON description, after ``write`` got the bytes of the second part."""
    line = rb"--%b[ \t]*\r?\n" % re.escape(boundary) + _HEADERS
    head = re.compile(rb"\A\s*%b(.*?)\r?\n%b" % (line, line), re.DOTALL)
    tail_size = len(boundary) + 64  # the last boundary with its dashes, line ends and spaces
    buffer, text, line_end = b"", None, b""
    async for block in blocks:
        buffer += block
        if text is None:
            if not (match := head.match(buffer)):
                if len(buffer) > _MAX_HEAD:
                    raise _malformed("its description has no end")
                continue
            text, line_end, buffer = match[2], match[3], buffer[match.end() :]
        if len(buffer) > tail_size:
            write(buffer[:-tail_size])
            buffer = buffer[-tail_size:]
    if text is None:
        raise _malformed("it has no two parts")
    # The client's own line end: a CR before gcsfs's LF is the object's last byte.
    content, end, rest = buffer.rpartition(line_end + b"--" + boundary + b"--")
    if not end or rest.strip():
        raise _malformed("it stops before its end")
    write(content)
    return parse_description(text)


def parse_description(text: bytes) -> dict[str, Any]:
    """An object's metadata, as JSON; an ApiError where it is none."""
    try:
        document = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        raise _malformed("its description is no JSON") from None
    if not isinstance(document, dict):
        raise _malformed("its description is no JSON object")
    return document


def _malformed(why: str) -> ApiError:
    return ApiError(400, f"Malformed upload: {why}.")
