"""Text in UTF-16 is known by its bytes, and no other content is taken for it."""

import pytest

from grader.facts.encodings import has_utf16_lines, utf16_codec

TEXT = "stages:\r\n  prepare:\r\n    cmd: echo\r\n"


@pytest.mark.parametrize(
    ("content", "codec"),
    [
        (TEXT.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_utf16_is_known(content: bytes, codec: str) -> None:
    assert utf16_codec(content) == codec
    assert content.decode(codec) == TEXT


def test_lines_that_powershell_added_are_known() -> None:
    assert has_utf16_lines(b"/raw\n" + "/preprocess\r\n".encode("utf-16-le"))


@pytest.mark.parametrize(
    "content",
    [
        b"", TEXT.encode(), "Jürgen".encode(), b"\x89HDF\r\n\x1a\n\0 weights\xff", b"\0" * 64,
        b"\xff\xfe\0", bytes(range(256)),
    ],
)  # fmt: skip
def test_other_content_is_left_alone(content: bytes) -> None:
    assert utf16_codec(content) is None
    assert not has_utf16_lines(content)
