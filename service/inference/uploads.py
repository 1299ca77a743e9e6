"""The files of a request's body, a form or raw, with the limits enforced while they arrive."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from python_multipart.multipart import parse_options_header

from service.inference.admission import Slot
from service.inference.multipart_form import (
    EXAMPLE,
    UploadedFile,
    check_files,
    find_single_file,
    parse_form,
    too_large_problem,
)
from service.problems import InvalidInput, Problem
from service.protocol import Headers, Receive
from service.settings import ServiceSettings

SMALL_FORM = 1_000_000
"""A form of at most so many bytes is read as a whole before it is searched for its file."""
LONGEST_CONTENT_TYPE = 1_000
"""In bytes: a boundary has 70 at most. One of 2 MB takes the event loop 3 s to parse."""
_OCTETS = frozenset(
    (
        b"application/octet-stream",
        b"binary/octet-stream",  # of S3, where nobody says another
        b"application/x-octet-stream",
        b"application/binary",
    )
)
"""What clients call bytes of which they do not know what they are."""
_CURL_DATA = b"application/x-www-form-urlencoded"
"""What curl says of all --data where nobody says another."""
# multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk, and no other option or quotes
_PLAIN_FORM = re.compile(rb"multipart/form-data; ?boundary=([\w'+.-]{1,70})")


class ClientDisconnected(Exception):  # noqa: N818 - an end, and nobody's error
    """The client closed its connection while it sent its body: nobody reads an answer."""


async def read_uploads(
    headers: Headers, receive: Receive, settings: ServiceSettings, slot: Slot
) -> list[UploadedFile]:
    """Every file of the body; a Problem as soon as it breaks a limit or the form.

    ``slot`` counts the bytes that have arrived.
    """
    try:
        async with asyncio.timeout(settings.receive_seconds):
            return await _read_body(headers, receive, settings, slot)
    except TimeoutError:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the body did not arrive within {settings.receive_seconds:g} s",
            "send fewer or smaller pictures, or try a better network",
            headers={"Connection": "close"},
        ) from None


async def _read_body(
    headers: Headers, receive: Receive, settings: ServiceSettings, slot: Slot
) -> list[UploadedFile]:
    values = dict(headers)
    if b"content-encoding" in values:
        _check_encoding(_join(headers, b"content-encoding"))
    if b"transfer-encoding" in values:
        _check_transfer(_join(headers, b"transfer-encoding"))
    content_type = values.get(b"content-type", b"")
    length = values.get(b"content-length", b"")
    body = _Body(receive, int(length) if length.isdigit() else 0, slot)
    plain_form = _PLAIN_FORM.fullmatch(content_type)
    # A body within the limit of a file has no file beyond it: find_single_file checks no limit.
    if plain_form and 0 < body.declared <= min(SMALL_FORM, settings.max_file_bytes):
        return await _read_small_form(body, plain_form[1], settings)
    if len(content_type) > LONGEST_CONTENT_TYPE:
        raise Problem(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"the Content-Type has {len(content_type):,} bytes, over the limit of "
            f"{LONGEST_CONTENT_TYPE:,}",
            "send the Content-Type alone: multipart/form-data with its boundary, or image/jpeg",
        )
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        chunks = body.chunks(settings.max_body_bytes)
        boundary = options.get(b"boundary") or _read_extended_boundary(content_type)
        return check_files(await parse_form(chunks, boundary, settings))
    if kind.startswith(b"image/") or kind in _OCTETS:
        return [await _read_raw(body, settings)]
    shown = kind.decode("latin-1")
    curl = "; curl --data-binary wants -H 'Content-Type: image/jpeg'" if kind == _CURL_DATA else ""
    raise Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        f"the body is {shown}" if shown else "the request has no Content-Type",
        f"send multipart/form-data ({EXAMPLE}) or one picture as image/jpeg, image/png, … or "
        f"application/octet-stream{curl}",
    )


def _read_extended_boundary(content_type: bytes) -> bytes:
    """The boundary in ``boundary*=utf-8''…`` or ``boundary*0=…`` (RFC 2231); empty without one."""
    if b"*" not in content_type:
        return b""
    from email.message import Message  # here: 15 ms that next to no request needs

    message = Message()
    message["Content-Type"] = content_type.decode("latin-1")
    return (message.get_boundary() or "").encode("latin-1", "replace")


def _join(headers: Headers, name: bytes) -> bytes:
    """All values of a list (RFC 9110, 5.3), which may come in several headers."""
    return b", ".join(value for each, value in headers if each == name)


def _check_transfer(coding: bytes) -> None:
    """A Problem for a body that is compressed on its way; uvicorn takes it out of chunks alone."""
    if coding.strip().lower() != b"chunked":
        raise Problem(
            HTTPStatus.NOT_IMPLEMENTED,  # RFC 9112, 6.1
            f"the body is sent with Transfer-Encoding: {coding.decode('latin-1')}",
            "send it with a Content-Length, or with Transfer-Encoding: chunked alone",
            headers={"Connection": "close"},
        )


def _check_encoding(encoding: bytes) -> None:
    """A Problem for a body that is compressed as a whole: pictures are, each in itself."""
    if encoding.strip().lower() not in (b"", b"identity"):
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"the body is compressed (Content-Encoding: {encoding.decode('latin-1')})",
            "send it as it is, without Content-Encoding: a picture gains nothing by it",
            headers={"Accept-Encoding": "identity"},  # RFC 9110, 12.5.3: what would do
        )


async def _read_raw(body: "_Body", settings: ServiceSettings) -> UploadedFile:
    limit = min(settings.max_file_bytes, settings.max_body_bytes)
    content = b"".join([chunk async for chunk in body.chunks(limit)])
    if not content:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "the body is empty (0 bytes)",
            f"send the bytes of a picture, or a form: {EXAMPLE}",
            errors=[InvalidInput("empty (0 bytes)", 0)],
        )
    return UploadedFile(None, content)


async def _read_small_form(
    body: "_Body", boundary: bytes, settings: ServiceSettings
) -> list[UploadedFile]:
    content = b"".join([chunk async for chunk in body.chunks(settings.max_body_bytes)])
    file = find_single_file(content, boundary)
    files = [file] if file else await parse_form(_as_one_chunk(content), boundary, settings)
    return check_files(files)


async def _as_one_chunk(content: bytes) -> AsyncIterator[bytes]:
    yield content


@dataclass(frozen=True, slots=True)
class _Body:
    """What a request sends; ``declared`` is its Content-Length, or 0."""

    receive: Receive
    declared: int
    slot: Slot

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """The body piece by piece, never more than ``limit`` bytes of it."""
        if self.declared > limit:
            raise too_large_problem("the body", limit)
        size, more = 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            chunk, more = message.get("body", b""), message.get("more_body", False)
            size += len(chunk)
            if size > limit:
                raise too_large_problem("the body", limit)
            self.slot.hold(len(chunk))
            yield chunk
