"""The text of Python code that is not in UTF-8."""

import io
import re
import tokenize

_ODD = re.compile("[\udc80-\udcff]")


def decode(content: bytes) -> str:
    """The text of a module with plain line ends, in the encoding that it declares (PEP 263).

    Without one, each byte that is no UTF-8 is kept as a lone surrogate, which find_error finds.
    """
    plain = content.decode("ascii", "replace").encode("ascii", "replace")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(plain).readline)
        text = content.decode(encoding)
    except (SyntaxError, ValueError, LookupError):  # no such encoding, or other bytes than it has
        text = content.decode("utf-8", "surrogateescape")
    return text.replace("\r\n", "\n")


def find_error(text: str) -> tuple[int, str] | None:
    """The line of the first byte that decode could not read, and Python's words on it."""
    found = _ODD.search(text)
    if found is None:
        return None
    byte = ord(found[0]) - 0xDC00
    line = text.count("\n", 0, found.start()) + 1
    return line, f"Non-UTF-8 code starting with '\\x{byte:02x}', but no encoding declared"
