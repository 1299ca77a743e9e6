"""Text in UTF-16, as PowerShell 5 writes it with ``>``: git, DVC and Python read none of it."""

import codecs

_BEGIN = 512
"""Bytes that are looked at where no byte order mark tells."""


def utf16_codec(content: bytes) -> str | None:
    """The name of Python's codec for a text in UTF-16; None for any other content."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _codec_that_reads(content, "utf-16")
    begin = content[: _BEGIN - _BEGIN % 2]
    # Of a Latin text each second byte is NUL, and no other is.
    if begin and len(begin) % 2 == 0 and 0 not in begin[::2] and not any(begin[1::2]):
        return _codec_that_reads(content, "utf-16-le")
    return None


def has_utf16_lines(content: bytes) -> bool:
    """Whether lines in UTF-16 follow others: PowerShell 5 writes them with ``>>`` into any file."""
    text = content.replace(b"\0", b"")
    return len(text) < len(content) and text.isascii() and bool(text) and not utf16_codec(content)


def _codec_that_reads(content: bytes, codec: str) -> str | None:
    try:
        content.decode(codec)
    except UnicodeDecodeError:
        return None
    return codec
