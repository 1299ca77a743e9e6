"""The files of a request's body, multipart or raw, with the limits enforced while they arrive."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.admission import Slot
from service.problems import Finding, Problem
from service.settings import Settings, megabytes

FIELD = "file"
EXAMPLE = "curl -F file=@poster.jpg http://127.0.0.1:8000/predict"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it was sent; ``filename`` is None for a raw body."""

    filename: str | None
    content: bytes


async def received(request: Request, settings: Settings, slot: Slot) -> list[Upload]:
    """Every file of the body; a Problem as soon as it breaks a limit or the form.

    What has arrived is counted in ``slot`` until the request is over.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind == b"multipart/form-data":
        return await _form(request, options.get(b"boundary", b""), settings, slot)
    if kind.startswith(b"image/"):
        return [await _raw(request, settings, slot)]
    shown = kind.decode("latin-1")
    raise Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        f"the body is {shown}" if shown else "the request has no Content-Type",
        f"send multipart/form-data ({EXAMPLE}) or one picture as image/jpeg, image/png, …",
    )


async def _raw(request: Request, settings: Settings, slot: Slot) -> Upload:
    limit = min(settings.max_file_bytes, settings.max_body_bytes)
    content = b"".join([chunk async for chunk in _chunks(request, limit, slot)])
    if not content:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "the body is empty (0 bytes)",
            f"send the bytes of a picture, or a form: {EXAMPLE}",
            errors=[Finding("empty (0 bytes)", 0)],
        )
    return Upload(None, content)


async def _form(request: Request, boundary: bytes, settings: Settings, slot: Slot) -> list[Upload]:
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
        async for chunk in _chunks(request, settings.max_body_bytes, slot):
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


async def _chunks(request: Request, limit: int, slot: Slot) -> AsyncIterator[bytes]:
    """The body piece by piece, never more than ``limit`` bytes of it."""
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isdecimal() else 0
    if size > limit:
        raise _too_large("the body", limit)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large("the body", limit)
        slot.hold(len(chunk))
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
    return re.sub(r" at (index )?\(?\d+\)?$", "", str(error))


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
