"""The files of a form: the usual form of one file by a search, any other form by a parser."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from python_multipart.multipart import parse_options_header

from service.inference.file_names import decode_name, read_file_name
from service.inference.multipart_parser import MalformedForm, MultipartParser, Part
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
LONGEST_SHOWN = 60
_AS_THEY_ARE = (b"", b"7bit", b"8bit", b"binary")
"""The values of Content-Transfer-Encoding that change no byte; in a form no other is used since
RFC 7578."""


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
    filename = None if head[1] is None else decode_name(head[1])
    return UploadedFile(filename, body[start:end])


async def parse_form(
    chunks: AsyncIterator[bytes], boundary: bytes, settings: ServiceSettings
) -> list[UploadedFile]:
    """The files of a form that arrives in ``chunks``; a Problem as soon as something is wrong."""
    if not boundary:
        raise _malformed_problem("its Content-Type names no boundary")
    form = _FormFiles(settings)
    try:
        parser = MultipartParser(boundary, form)
        async for chunk in chunks:
            parser.feed(chunk)
        parser.finish()
    except MalformedForm as error:
        raise _malformed_problem(str(error), error.fix) from None
    if not form.files:
        raise _no_file_problem("the form has no file")
    return form.files


def check_files(files: list[UploadedFile]) -> list[UploadedFile]:
    """The files of a form; a Problem where a field of it holds none.

    A browser sends a field without a name and a byte where no file was chosen, and ``curl -F
    file=a.jpg`` the text ``a.jpg``, as it was told.
    """
    for index, file in enumerate(files):
        if file.filename:
            continue
        if not file.content:
            what = f"the form's field {FIELD!r} is empty: no file was chosen"
            raise _no_file_problem(what, InvalidInput("no file", index, file.filename))
        if file.filename is None and (text := _short_text(file.content)):
            what = f"the form's field {FIELD!r} holds the text {text!r}, and no file"
            raise _no_file_problem(what, InvalidInput("text, and no file", index))
    return files


def _short_text(content: bytes) -> str | None:
    """The beginning of a text without markup; None where the bytes are something else."""
    head = content[:LONGEST_SHOWN]
    text = head.decode("utf-8", "ignore")
    # The last letter may be cut, of at most four bytes.
    is_whole = head.startswith(text.encode()) and len(head) - len(text.encode()) < 4
    return text if is_whole and text.isprintable() and not text.startswith("<") else None


def _no_file_problem(what: str, *errors: InvalidInput) -> Problem:
    fix = f"choose a picture, and send it as a file; curl wants an @ before its name: {EXAMPLE}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, what, fix, errors=errors)


class _FormFiles:
    """Collects the files of a form, as the parser reports them."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.files: list[UploadedFile] = []
        self._settings = settings
        self._filename: str | None = None
        self._pieces: list[bytes] = []
        self._size = 0

    def begin_part(self, headers: Part) -> None:
        if len(self.files) == self._settings.max_files:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the form has more than {self._settings.max_files} files",
                f"send at most {self._settings.max_files} files a request",
            )
        self._pieces, self._size = [], 0
        values = dict(headers)
        disposition = values.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        is_first = bool(headers) and headers[0][0] == b"content-disposition"
        self._filename = read_file_name(disposition, options, is_first=is_first)
        self._check_field(options.get(b"name"))
        self._check_encoding(values.get(b"content-transfer-encoding", b"").lower())

    def _check_field(self, name: bytes | None) -> None:
        index = len(self.files)
        if name is None:
            raise _malformed_problem(f"part {index} has no Content-Disposition with a name")
        if name != FIELD.encode():
            shown = name.decode("utf-8", "replace")
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"the form has a field {shown!r}; only {FIELD!r} is read",
                f"call each picture's field {FIELD!r}: {EXAMPLE}",
                errors=[InvalidInput(f"a field {shown!r}", index, self._filename)],
            )

    def _check_encoding(self, encoding: bytes) -> None:
        index = len(self.files)
        if encoding not in _AS_THEY_ARE:
            shown = encoding.decode("latin-1")
            raise Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"{self._filename or f'file {index}'} is written as {shown}",
                "send its bytes as they are, without Content-Transfer-Encoding",
                errors=[InvalidInput(f"written as {shown}", index, self._filename)],
            )

    def add_content(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._settings.max_file_bytes:
            index = len(self.files)
            raise too_large_problem(
                self._filename or f"file {index}",
                self._settings.max_file_bytes,
                InvalidInput("too many bytes", index, self._filename),
            )
        self._pieces.append(piece)

    def end_part(self) -> None:
        self.files.append(UploadedFile(self._filename, b"".join(self._pieces)))


def _malformed_problem(reason: str, fix: str = "") -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST,
        f"the multipart body is malformed: {reason}",
        fix or f"let the client build the form: {EXAMPLE}",
    )


def too_large_problem(what: str, limit: int, *errors: InvalidInput) -> Problem:
    """The answer where ``what`` has more than ``limit`` bytes."""
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{what} is larger than {megabytes(limit)}",
        "send a smaller picture, or fewer at a time",
        errors=errors,
    )
