"""A ``multipart/related`` upload taken apart as it comes: a JSON description, then the bytes.

The end is looked for at the end alone: bytes that happen to look like a boundary stay bytes. Lines
may end in LF, as gcsfs ends them, or in CRLF.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from email.message import Message
from typing import Any

from bucket.errors import RefusedError

_HEAD_BYTES = 1 << 20
_HEADERS = rb"(?:[^\r\n]+\r?\n)*(\r?\n)"


def boundary_of(content_type: str) -> bytes:
    """The boundary that the header names; a RefusedError where it names none."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/related" or not isinstance(boundary, str):
        raise _malformed("its Content-Type is no multipart/related with a boundary")
    return boundary.encode("utf-8", "surrogateescape")


async def described(
    blocks: AsyncIterator[bytes], boundary: bytes, write: Callable[[bytes], None]
) -> dict[str, Any]:
    """The JSON description, after ``write`` got the bytes of the second part."""
    line = rb"--%b[ \t]*\r?\n" % re.escape(boundary) + _HEADERS
    head = re.compile(rb"\A\s*%b(.*?)\r?\n%b" % (line, line), re.DOTALL)
    tail_bytes = len(boundary) + 64
    held, text, line_end = b"", None, b""
    async for block in blocks:
        held += block
        if text is None:
            if not (found := head.match(held)):
                if len(held) > _HEAD_BYTES:
                    raise _malformed("its description has no end")
                continue
            text, line_end, held = found[2], found[3], held[found.end() :]
        if len(held) > tail_bytes:
            write(held[:-tail_bytes])
            held = held[-tail_bytes:]
    if text is None:
        raise _malformed("it has no two parts")
    write(_without_end(held, line_end + b"--" + boundary + b"--"))
    return description(text)


def _without_end(held: bytes, end: bytes) -> bytes:
    """The last bytes; their own line end stays, so it matters which one the client writes."""
    content, found, rest = held.rpartition(end)
    if not found or rest.strip():
        raise _malformed("it stops before its end")
    return content


def description(text: bytes) -> dict[str, Any]:
    """An object's metadata, as JSON; a RefusedError where it is none."""
    try:
        document = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        raise _malformed("its description is no JSON") from None
    if not isinstance(document, dict):
        raise _malformed("its description is no JSON object")
    return document


def _malformed(why: str) -> RefusedError:
    return RefusedError(400, f"Malformed upload: {why}.")
