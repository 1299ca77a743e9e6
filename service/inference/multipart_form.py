"""The files of a form: the usual form of one file by a search, any other form by a parser."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.inference.file_names import decode_name, read_file_name
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
MAX_HEADERS = 64
"""Of a part: clients write one to four, and proxies add some; the parser's own limit is eight."""
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
            max_header_count=MAX_HEADERS + 1,  # end_header says it in words of its own
        )
        async for chunk in chunks:
            parser.write(chunk)
    except FormParserError as error:
        raise _malformed_problem(_describe(error)) from None
    if not form.is_complete:
        raise _malformed_problem("it stops before its closing boundary")
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
        self._header_count = 0
        self._transfer_encoding = b""
        self._is_first_header = self._has_disposition_first = True
        self._filename: str | None = None
        self._pieces: list[bytes] = []
        self._size = 0

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        match self._name.lower():
            case b"content-disposition":
                self._disposition = bytes(self._value)
                self._has_disposition_first = self._is_first_header
            case b"content-transfer-encoding":
                self._transfer_encoding = bytes(self._value).strip().lower()
        self._is_first_header = False
        self._header_count += 1
        if self._header_count > MAX_HEADERS:
            index = len(self.files)
            raise _malformed_problem(f"part {index} has more than {MAX_HEADERS} headers")
        self._name, self._value = bytearray(), bytearray()

    def check_field(self) -> None:
        _, options = parse_options_header(self._disposition)
        index, name = len(self.files), options.get(b"name")
        if name is None:
            raise _malformed_problem(f"part {index} has no Content-Disposition with a name")
        self._filename = read_file_name(
            self._disposition, options, is_first=self._has_disposition_first
        )
        if name != FIELD.encode():
            shown = name.decode("utf-8", "replace")
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"the form has a field {shown!r}; only {FIELD!r} is read",
                f"call each picture's field {FIELD!r}: {EXAMPLE}",
                errors=[InvalidInput(f"a field {shown!r}", index, self._filename)],
            )
        if self._transfer_encoding not in _AS_THEY_ARE:
            encoding = self._transfer_encoding.decode("latin-1")
            raise Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"{self._filename or f'file {index}'} is written as {encoding}",
                "send its bytes as they are, without Content-Transfer-Encoding",
                errors=[InvalidInput(f"written as {encoding}", index, self._filename)],
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
    # "Found 0-length header at 17", "Did not find LF at end of headers (found 81)"
    return re.sub(r" (at (index )?|\(found )?\(?\d+\)?$", "", str(error))


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
