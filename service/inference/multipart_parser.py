"""The parts of a multipart body (RFC 2046, 5.1), read while it arrives.

Written here and not taken from python-multipart, which refuses a preamble and folded headers; both
are in the RFC, and Python's ``email`` writes them. It also tells by its words alone what is wrong.
"""

import re
from enum import Enum, auto
from typing import Protocol

MAX_BOUNDARY = 256
"""In bytes; RFC 2046 allows 70."""
MAX_HEAD_BYTES = 8_000
"""Of the headers of a part together: a name of 255 letters has up to 3,060 when it is
percent-encoded, and may come twice."""
MAX_HEADERS = 64
"""Of a part: clients write one to four, and proxies add some."""
_MOST_PADDING = 200
_LINE_END = b"\r\n"

Part = list[tuple[bytes, bytes]]
"""The headers of a part: names in small letters, and values."""
# "Content-Type: image/jpeg": a token (RFC 9110, 5.6.2), a colon and what is no control character
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*", re.DOTALL)
# What follows a boundary: two hyphens at the end of the form, or the end of its line.
_END = re.compile(rb"--|[ \t]{0,%d}\r\n" % _MOST_PADDING)
_BEGINNING_OF_END = re.compile(rb"-?|[ \t]{0,%d}\r?" % _MOST_PADDING)


class MalformedForm(Exception):  # noqa: N818 - no fault of this program
    """The body is no form; the message says why, ``fix`` what to do if there is more to say."""

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.fix = fix


class PartReceiver(Protocol):
    """Who is told of the parts."""

    def begin_part(self, headers: Part) -> None:
        """Take the headers of the next part."""

    def add_content(self, piece: bytes) -> None:
        """Take the next piece of its content."""

    def end_part(self) -> None:
        """Take note that it is whole."""


class _Place(Enum):
    """What the next bytes belong to."""

    PREAMBLE = auto()
    HEAD = auto()
    CONTENT = auto()
    EPILOGUE = auto()


class MultipartParser:
    """Parses one body; what stands before the first boundary and behind the last is passed over."""

    def __init__(self, boundary: bytes, receiver: PartReceiver) -> None:
        if len(boundary) > MAX_BOUNDARY:
            raise MalformedForm(
                f"its boundary has {len(boundary):,} bytes, over the limit of {MAX_BOUNDARY}"
            )
        self._delimiter = b"\r\n--" + boundary
        self._receiver = receiver
        self._place = _Place.PREAMBLE
        # The first boundary may stand at the very beginning, without a line end before it.
        self._buffer = _LINE_END
        self._count = 0
        self._is_empty, self._has_bare_line_ends = True, False

    def feed(self, chunk: bytes) -> None:
        """Parse the next bytes; a MalformedForm where they fit into no form."""
        if self._place is _Place.EPILOGUE:
            return
        self._buffer += chunk
        self._is_empty = self._is_empty and not chunk
        while self._read_head() if self._place is _Place.HEAD else self._read_to_boundary():
            pass

    def finish(self) -> None:
        """Take note that no more bytes come; a MalformedForm if the form is not whole."""
        if self._place is _Place.EPILOGUE:
            return
        has_begun = self._place is not _Place.PREAMBLE or self._buffer.startswith(self._delimiter)
        if has_begun or self._is_empty:
            raise MalformedForm("it stops before its closing boundary")
        if self._has_bare_line_ends:
            raise MalformedForm("its lines end with LF alone, and those of a form with CR LF")
        raise MalformedForm("no line of it is the boundary that its Content-Type names")

    def _read_to_boundary(self) -> bool:
        """Whether there is a boundary, with more to read behind it."""
        start, end = self._next_boundary()
        if self._place is _Place.CONTENT:
            if start:
                self._receiver.add_content(self._buffer[:start])
        elif self._delimiter[2:] + b"\n" in self._buffer:
            self._has_bare_line_ends = True
        if end is None:
            self._buffer = self._buffer[start:]
            return False
        is_last = self._buffer[end - 2 : end] == b"--"
        self._buffer = self._buffer[end:]
        if self._place is _Place.CONTENT:
            self._receiver.end_part()
        self._place = _Place.EPILOGUE if is_last else _Place.HEAD
        return not is_last

    def _next_boundary(self) -> tuple[int, int | None]:
        """Where the next boundary begins and ends.

        Without its end where the buffer ends in it, or in what may become one.
        """
        buffer, delimiter = self._buffer, self._delimiter
        place = buffer.find(delimiter)
        while place >= 0:
            behind = place + len(delimiter)
            if match := _END.match(buffer, behind):
                return place, match.end()
            if _BEGINNING_OF_END.fullmatch(buffer, behind):
                return place, None
            place = buffer.find(delimiter, behind)  # a line that only begins like it is content
        # It begins with a CR and has no other: the last one may be the beginning of it.
        place = buffer.rfind(b"\r", max(0, len(buffer) - len(delimiter) + 1))
        if place >= 0 and delimiter.startswith(buffer[place:]):
            return place, None
        return len(buffer), None

    def _read_head(self) -> bool:
        """Whether the headers of a part have arrived: they end with an empty line."""
        buffer = self._buffer
        is_without = buffer.startswith(_LINE_END)
        last_line = 0 if is_without else buffer.find(_LINE_END * 2)
        if last_line > MAX_HEAD_BYTES or (last_line < 0 and len(buffer) > MAX_HEAD_BYTES):
            raise MalformedForm(
                f"the headers of part {self._count} have more than {MAX_HEAD_BYTES:,} bytes",
                "send a file with the headers Content-Disposition and Content-Type, and shorten "
                "its name",
            )
        if last_line < 0:
            return False
        self._receiver.begin_part([] if is_without else _headers(buffer[:last_line], self._count))
        self._buffer = buffer[last_line + (2 if is_without else 4) :]
        self._count += 1
        self._place = _Place.CONTENT
        return True


def _headers(head: bytes, index: int) -> Part:
    """The headers of the part of that number; a line that begins with a space continues one."""
    headers: Part = []
    for line in re.sub(rb"\r\n[ \t]+", b" ", head).split(_LINE_END):
        match = _HEADER.fullmatch(line)
        if match is None:
            shown = line[:60].decode("latin-1")
            raise MalformedForm(f"part {index} has a line that is no header: {shown!r}")
        headers.append((match[1].lower(), match[2]))
    if len(headers) > MAX_HEADERS:
        raise MalformedForm(
            f"part {index} has more than {MAX_HEADERS} headers",
            "send a file with the headers Content-Disposition and Content-Type",
        )
    return headers
