"""The files of a form: the usual form of one file by a search, any other form by a parser."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.problems import InvalidInput, Problem
from service.settings import ServiceSettings, megabytes

FIELD = "file"
EXAMPLE = f"curl -F {FIELD}=@poster.jpg http://127.0.0.1:8000/predict"

# The head of the part that nearly every client sends:
#   Content-Disposition: form-data; name="file"; filename="a.jpg"
#   Content-Type: image/jpeg
# The parser reads all others: escapes in the filename, other headers, another order.
_USUAL_HEAD = re.compile(
    rb'Content-Disposition: form-data; name="%b"(?:; filename="([^"\\\r\n]*)")?'
    rb"(?:\r\nContent-Type: [\w/+.-]+)?" % FIELD.encode()
)
LONGEST_HEAD = 500


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """One file of a request; ``filename`` is None for a raw body."""

    filename: str | None
    content: bytes


def find_single_file(body: bytes, boundary: bytes) -> UploadedFile | None:
    """The file of ``body``, a whole form of one part; None for any other form.

    It is what ``parse_form`` makes of the same body.
    """
    opening, closing = b"--%b\r\n" % boundary, b"\r\n--%b--" % boundary
    if not body.startswith(opening):
        return None
    blank = body.find(b"\r\n\r\n", len(opening), LONGEST_HEAD)
    head = _USUAL_HEAD.fullmatch(body, len(opening), blank) if blank > 0 else None
    if head is None:
        return None
    start = blank + 4
    # The first delimiter in the content has to be the closing one, with nothing behind it.
    end = body.find(closing[:-2], start - 2)
    if end < start or body[end:] not in (closing, closing + b"\r\n"):
        return None
    filename = None if head[1] is None else head[1].decode("utf-8", "replace")
    return UploadedFile(filename, body[start:end])


async def parse_form(
    chunks: AsyncIterator[bytes], boundary: bytes, settings: ServiceSettings
) -> list[UploadedFile]:
    """The files of a form that arrives in ``chunks``; a Problem as soon as something is wrong."""
    if not boundary:
        raise _malformed_problem("its Content-Type names no boundary")
    form = _FormFiles(settings)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.begin_part,
                "on_header_field": form.add_header_name,
                "on_header_value": form.add_header_value,
                "on_header_end": form.end_header,
                "on_headers_finished": form.check_field,
                "on_part_data": form.add_content,
                "on_part_end": form.end_part,
                "on_end": form.end,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
    except FormParserError as error:
        raise _malformed_problem(_describe(error)) from None
    if not form.is_complete:
        raise _malformed_problem("it stops before its closing boundary")
    if not form.files:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "the form has no file", f"add one: {EXAMPLE}"
        )
    return form.files


class _FormFiles:
    """Collects the files of a form from the callbacks of the parser.

    A header's name or value, and a file's content, may each come in several pieces.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self.files: list[UploadedFile] = []
        self.is_complete = False
        self._settings = settings

    def begin_part(self) -> None:
        if len(self.files) == self._settings.max_files:
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

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def check_field(self) -> None:
        _, options = parse_options_header(self._disposition)
        index, name = len(self.files), options.get(b"name")
        if name is None:
            raise _malformed_problem(f"part {index} has no Content-Disposition with a name")
        if b"filename" in options:
            self._filename = options[b"filename"].decode("utf-8", "replace")
        if name != FIELD.encode():
            shown = name.decode("utf-8", "replace")
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"the form has a field {shown!r}; only {FIELD!r} is read",
                f"call each picture's field {FIELD!r}: {EXAMPLE}",
                errors=[InvalidInput(f"a field {shown!r}", index, self._filename)],
            )

    def add_content(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > self._settings.max_file_bytes:
            index = len(self.files)
            raise too_large_problem(
                self._filename or f"file {index}",
                self._settings.max_file_bytes,
                InvalidInput("too many bytes", index, self._filename),
            )
        self._pieces.append(data[start:end])

    def end_part(self) -> None:
        self.files.append(UploadedFile(self._filename, b"".join(self._pieces)))

    def end(self) -> None:
        self.is_complete = True


def _describe(error: FormParserError) -> str:
    """The parser's message without its position, which counts from the start of a chunk."""
    if "boundary character" in str(error):
        return "it does not begin with the boundary that its Content-Type names"
    # "Found 0-length header at 17", "Did not find CR at end of boundary (12)"
    return re.sub(r" (at (index )?)?\(?\d+\)?$", "", str(error))


def _malformed_problem(reason: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST,
        f"the multipart body is malformed: {reason}",
        f"let the client build the form: {EXAMPLE}",
    )


def too_large_problem(what: str, limit: int, *errors: InvalidInput) -> Problem:
    """The answer where ``what`` has more than ``limit`` bytes."""
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{what} is larger than {megabytes(limit)}",
        "send a smaller picture, or fewer at a time",
        errors=errors,
    )
