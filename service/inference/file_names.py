"""The name of an uploaded file, in each way in which clients write one that is not plain ASCII.

| client | writes ``Müller "1".jpg`` as |
|---|---|
| browsers, curl, httpx, requests | ``filename="Müller %221%22.jpg"`` in UTF-8, as HTML says |
| .NET | ``filename="=?utf-8?B?…?="; filename*=utf-8''M%C3%BCller…`` (RFC 2047, RFC 5987) |
| requests with urllib3 1 | ``filename*=utf-8''M%C3%BCller…`` alone |
| aiohttp | ``filename="M%C3%BCller%20%221%22.jpg"``, behind a ``Content-Type`` |
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote, unquote_to_bytes

# ; key="a \"quoted\" text" and ; key=plain
_OPTION = re.compile(rb';\s*([^=;\s]+)\s*=\s*("(?:\\.|[^"\\])*"|[^;]*)')
# utf-8''M%C3%BCller.jpg and utf-8'de'M%C3%BCller.jpg
_EXTENDED = re.compile(r"([\w-]+)'[\w-]*'([^'\s]*)", re.ASCII)
# =?utf-8?B?TcO8bGxlci5qcGc=?= and several of them, with white space between
_ENCODED_WORDS = re.compile(r"(?:=\?[\w-]+\?[bq]\?[^?\s]*\?=\s*)+", re.ASCII | re.IGNORECASE)
# M%C3%BCller%20%221%22.jpg, with no other character
_ESCAPED = re.compile(rb"(?:[\w.~-]|%[0-9A-F]{2})*", re.ASCII)
_CHARSET = re.compile(
    r"utf-?(8|16|16le|16be)|us-ascii|iso-8859-\d+|windows-\d+|gb2312|gbk|gb18030|big5|shift_jis"
    r"|euc-(jp|kr)|iso-2022-jp|koi8-[ru]",
    re.IGNORECASE,
)
"""What names letters alone: Python has codecs for other things too, some of them slow."""
_HTML_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}
"""All that a browser escapes: a ``%`` of the name stays as it is."""


def read_file_name(
    disposition: bytes, options: Mapping[bytes, bytes], *, is_first: bool
) -> str | None:
    """The name in a ``Content-Disposition``; None where it has none.

    ``options`` are those of ``disposition`` without the extended ones (``filename*``), as
    python-multipart reads them; ``is_first``: no header of the part stands before it.
    """
    if b"*" in disposition:
        for key, value in _OPTION.findall(disposition):
            extended = _read_extended(value) if key.lower() == b"filename*" else None
            if extended is not None:
                return extended
    plain = options.get(b"filename")
    if plain is None:
        return None
    # aiohttp escapes all but these characters; it alone writes another header first.
    is_escaped = not is_first and _ESCAPED.fullmatch(plain)
    return unquote(plain.decode("ascii")) if is_escaped else decode_name(plain)


def decode_name(plain: bytes) -> str:
    """The name in a plain ``filename``."""
    text = plain.decode("utf-8", "replace")
    if "=?" in text and _ENCODED_WORDS.fullmatch(text):
        return _decode_words(text)
    if "%" in text:
        for escape, char in _HTML_ESCAPES.items():
            text = text.replace(escape, char)
    return text


def _read_extended(value: bytes) -> str | None:
    """The name in an extended value (RFC 5987); None where it is none."""
    match = _EXTENDED.fullmatch(value.decode("latin-1").strip().strip('"'))
    return _decode(unquote_to_bytes(match[2]), match[1]) if match else None


def _decode_words(text: str) -> str:
    """The name in encoded words (RFC 2047); ``text`` itself where one cannot be decoded."""
    import email.header  # here: 15 ms that few names need

    try:
        words = email.header.decode_header(text)
    except email.errors.HeaderParseError:  # base64 that is none
        return text
    parts = [_decode(content, charset or "us-ascii") for content, charset in words]
    return text if None in parts else "".join(filter(None, parts)) or text


def _decode(content: bytes | str, charset: str) -> str | None:
    if isinstance(content, str):
        return content
    try:
        return content.decode(charset) if _CHARSET.fullmatch(charset) else None
    except (LookupError, UnicodeDecodeError):
        return None
