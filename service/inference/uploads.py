"""The files of a request's body, multipart or raw, with the limits enforced while they arrive."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.app.asgi import Headers, Receive
from service.app.problems import Finding, Problem
from service.inference.admission import Slot
from service.inference.one_file_form import one_file
from service.inference.upload import EXAMPLE, FIELD, Upload
from service.settings import Settings, megabytes

LIGHT_BODY = 1_000_000
"""A form of at most so many bytes is taken apart when it is there as a whole."""
_PLAIN_FORM = re.compile(rb"multipart/form-data; ?boundary=([\w'+.-]{1,70})")


class ClientGone(Exception):  # noqa: N818 - an end, and nobody's error
    """The client hung up while it sent its body: nobody reads an answer."""


async def received(
    headers: Headers, receive: Receive, settings: Settings, slot: Slot
) -> list[Upload]:
    """Every file of the body; a Problem as soon as it breaks a limit or the form.

    What has arrived is counted in ``slot`` until the request is over.
    """
    about = dict(headers)
    content_type = about.get(b"content-type", b"")
    size = about.get(b"content-length", b"")
    body = _Body(receive, int(size) if size.isdigit() else 0, slot)
    plain = _PLAIN_FORM.fullmatch(content_type)
    if plain and 0 < body.declared <= min(LIGHT_BODY, settings.max_file_bytes):
        return await _light_form(body, plain[1], settings)
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        chunks = body.chunks(settings.max_body_bytes)
        return await _form(chunks, options.get(b"boundary", b""), settings)
    if kind.startswith(b"image/"):
        return [await _raw(body, settings)]
    shown = kind.decode("latin-1")
    raise Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        f"the body is {shown}" if shown else "the request has no Content-Type",
        f"send multipart/form-data ({EXAMPLE}) or one picture as image/jpeg, image/png, …",
    )


async def _raw(body: "_Body", settings: Settings) -> Upload:
    limit = min(settings.max_file_bytes, settings.max_body_bytes)
    content = b"".join([chunk async for chunk in body.chunks(limit)])
    if not content:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "the body is empty (0 bytes)",
            f"send the bytes of a picture, or a form: {EXAMPLE}",
            errors=[Finding("empty (0 bytes)", 0)],
        )
    return Upload(None, content)


async def _light_form(body: "_Body", boundary: bytes, settings: Settings) -> list[Upload]:
    chunks = [chunk async for chunk in body.chunks(settings.max_body_bytes)]
    upload = one_file(b"".join(chunks), boundary)
    return [upload] if upload else await _form(_each(chunks), boundary, settings)


async def _each(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _form(chunks: AsyncIterator[bytes], boundary: bytes, settings: Settings) -> list[Upload]:
    if not boundary:
        raise _malformed("its Content-Type names no boundary")
    form = _Form(settings)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.part_begins,
                "on_header_field": form.header_name,
                "on_header_value": form.header_value,
                "on_header_end": form.header_ends,
                "on_headers_finished": form.headers_end,
                "on_part_data": form.part_data,
                "on_part_end": form.part_ends,
                "on_end": form.ends,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
    except FormParserError as error:
        raise _malformed(_complaint(error)) from None
    if not form.complete:
        raise _malformed("it stops before its closing boundary")
    if not form.uploads:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "the form has no file", f"add one: {EXAMPLE}"
        )
    return form.uploads


@dataclass(frozen=True, slots=True)
class _Body:
    """What a request sends, and what it says that it sends: ``declared`` bytes, or 0."""

    receive: Receive
    declared: int
    slot: Slot

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """The body piece by piece, never more than ``limit`` bytes of it."""
        if self.declared > limit:
            raise _too_large("the body", limit)
        size, more = 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk, more = message.get("body", b""), message.get("more_body", False)
            size += len(chunk)
            if size > limit:
                raise _too_large("the body", limit)
            self.slot.hold(len(chunk))
            yield chunk


class _Form:
    """Collects the files of a form from the callbacks of the push parser."""

    def __init__(self, settings: Settings) -> None:
        self.uploads: list[Upload] = []
        self.complete = False
        self._settings = settings

    def part_begins(self) -> None:
        if len(self.uploads) == self._settings.max_files:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the form has more than {self._settings.max_files} files",
                f"send at most {self._settings.max_files} files a request",
            )
        self._name, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._filename: str | None = None
        self._pieces: list[bytes] = []
        self._size = 0

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_ends(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        index, name = len(self.uploads), options.get(b"name")
        if name is None:
            raise _malformed(f"part {index} has no Content-Disposition with a name")
        if b"filename" in options:
            self._filename = options[b"filename"].decode("utf-8", "replace")
        if name != FIELD.encode():
            shown = name.decode("utf-8", "replace")
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"the form has a field {shown!r}; only {FIELD!r} is read",
                f"call each picture's field {FIELD!r}: {EXAMPLE}",
                errors=[Finding(f"a field {shown!r}", index, self._filename)],
            )

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > self._settings.max_file_bytes:
            raise _too_large(
                self._filename or f"file {len(self.uploads)}",
                self._settings.max_file_bytes,
                errors=[Finding("too many bytes", len(self.uploads), self._filename)],
            )
        self._pieces.append(data[start:end])

    def part_ends(self) -> None:
        self.uploads.append(Upload(self._filename, b"".join(self._pieces)))

    def ends(self) -> None:
        self.complete = True


def _complaint(error: FormParserError) -> str:
    """The parser's own words without its positions: it counts from the last read."""
    if "boundary character" in str(error):
        return "it does not begin with the boundary that its Content-Type names"
    return re.sub(r" (at (index )?)?\(?\d+\)?$", "", str(error))


def _malformed(reason: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST,
        f"the multipart body is malformed: {reason}",
        f"let the client build the form: {EXAMPLE}",
    )


def _too_large(what: str, limit: int, errors: list[Finding] | None = None) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{what} is larger than {megabytes(limit)}",
        "send a smaller picture, or fewer at a time",
        errors=errors or (),
    )
