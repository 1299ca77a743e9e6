"""The body of a request: in blocks, within time limits, and split where it has two parts.

A ``multipart/related`` upload has a JSON description, then the bytes. Their end is looked for at
the end alone: bytes that happen to look like a boundary stay bytes. Lines may end in LF, as gcsfs
ends them, or in CRLF. aiohttp's MultipartReader takes CRLF alone, and the first boundary for the
end.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from email.message import Message
from typing import Any

from aiohttp.web import BaseRequest
from aiohttp.web_exceptions import HTTPException

from bucket.errors import ApiError

_SILENCE_S = 30.0
_GRACE_S = 60.0
_SLOWEST = 8192  # bytes a second, after the grace: bad Wi-Fi has more
_MAX_DESCRIPTION = 1 << 20  # gcsfs sends some hundred bytes
_HEADERS = rb"(?:[^\r\n]+\r?\n)*(\r?\n)"


async def read_blocks(request: BaseRequest) -> AsyncIterator[bytes]:
    """The body as it arrives; an ApiError where it arrives too slowly or is malformed."""
    clock = asyncio.get_running_loop().time
    start, size = clock(), 0
    while True:
        seconds_left = start + _GRACE_S + size / _SLOWEST - clock()
        try:
            async with asyncio.timeout(min(_SILENCE_S, seconds_left)):
                block = await request.content.readany()
        except TimeoutError:
            raise ApiError(408, "The body did not come in time.") from None
        except (HTTPException, ValueError, AssertionError) as error:
            raise ApiError(400, f"Malformed body: {error}") from None
        if not block:
            return
        size += len(block)
        yield block


async def read_description(request: BaseRequest) -> dict[str, Any]:
    """A whole body that describes an object as JSON; an ApiError where it is none, or too long."""
    content = bytearray()
    async for block in read_blocks(request):
        content += block
        if len(content) > _MAX_DESCRIPTION:
            raise ApiError(400, f"The description is longer than {_MAX_DESCRIPTION} bytes.")
    return _parse_description(bytes(content))


async def read_multipart(request: BaseRequest, write: Callable[[bytes], None]) -> dict[str, Any]:
    """The JSON description, after ``write`` got the bytes of the second part."""
    boundary = _boundary_of(request.headers.get("Content-Type", ""))
    line = rb"--%b[ \t]*\r?\n" % re.escape(boundary) + _HEADERS
    head = re.compile(rb"\A\s*%b(.*?)\r?\n%b" % (line, line), re.DOTALL)
    tail_size = len(boundary) + 64  # the last boundary with its dashes, line ends and spaces
    buffer, text, line_end = b"", None, b""
    async for block in read_blocks(request):
        buffer += block
        if text is None:
            if not (match := head.match(buffer)):
                if len(buffer) > _MAX_DESCRIPTION:
                    raise _malformed_error("its description has no end")
                continue
            text, line_end, buffer = match[2], match[3], buffer[match.end() :]
        if len(buffer) > tail_size:
            write(buffer[:-tail_size])
            buffer = buffer[-tail_size:]
    if text is None:
        raise _malformed_error("it has no two parts")
    # The client's own line end: a CR before gcsfs's LF is the object's last byte.
    content, end, rest = buffer.rpartition(line_end + b"--" + boundary + b"--")
    if not end or rest.strip():
        raise _malformed_error("it stops before its end")
    write(content)
    return _parse_description(text)


def _boundary_of(content_type: str) -> bytes:
    """The boundary that the header names; an ApiError where it names none."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/related" or not isinstance(boundary, str):
        raise _malformed_error("its Content-Type is no multipart/related with a boundary")
    return boundary.encode("utf-8", "surrogateescape")


def _parse_description(text: bytes) -> dict[str, Any]:
    """An object's metadata, as JSON; an ApiError where it is none."""
    try:
        document = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        raise _malformed_error("its description is no JSON") from None
    if not isinstance(document, dict):
        raise _malformed_error("its description is no JSON object")
    return document


def _malformed_error(why: str) -> ApiError:
    return ApiError(400, f"Malformed upload: {why}.")
