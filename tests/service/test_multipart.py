"""Forms as RFC 2046 allows them, and no browser writes them; werkzeug reads them too."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from email.generator import BytesGenerator
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.policy import compat32
from io import BytesIO

import pytest

from service.inference.multipart_form import UploadedFile, find_single_file, parse_form
from service.problems import Problem
from service.settings import ServiceSettings

HEAD = b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
FILE = UploadedFile("a.jpg", b"\xff\xd8picture")
ONE = b"--b\r\n" + HEAD + b"\r\n" + FILE.content + b"\r\n--b--\r\n"


def read(body: bytes, size: int = 1_000_000) -> list[UploadedFile]:
    """The files of a form with the boundary b that arrives in pieces of ``size``."""

    async def chunks() -> AsyncIterator[bytes]:
        for place in range(0, len(body), size):
            yield body[place : place + size]

    return asyncio.run(parse_form(chunks(), b"b", ServiceSettings()))


BODIES: dict[str, bytes] = {
    "as browsers write it": ONE,
    "a line end before it": b"\r\n" + ONE,
    "a preamble": b"This is a multi-part message in MIME format.\r\n" + ONE,
    "a preamble of lines": b"To whom it may concern\r\n--\r\n--c\r\n--bb\r\n\r\n" + ONE,
    "a preamble that ends like a boundary": b"a--b\r\n" + ONE,
    "an epilogue": ONE + b"Thank you.\r\n",
    "an epilogue like a part": ONE + ONE,
    "an epilogue in the last line": ONE[:-2] + b"Thank you.",
    "no line end at its end": ONE[:-2],
    "spaces behind its boundaries": ONE.replace(b"--b\r\n", b"--b \t \r\n").replace(
        b"--b--", b"--b-- \t"
    ),
    "a folded header": ONE.replace(b"; ", b";\r\n "),
    "a folded header with a tab": ONE.replace(b"; ", b";\r\n\t"),
    "a header folded twice in one place": ONE.replace(b"; ", b";\r\n \r\n "),
    "a folded header beside others": ONE.replace(
        HEAD, b"X-Note: one\r\n two\r\n" + HEAD + b"X-Other: three\r\n\tfour\r\n"
    ),
    "a header in small letters": ONE.replace(b"Content-Disposition: ", b"content-disposition:"),
    "a header with spaces around its value": ONE.replace(b": form", b": \t form").replace(
        b'.jpg"', b'.jpg" \t'
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_form_is_read_in_pieces_of_any_size(kind: str) -> None:
    body = BODIES[kind]
    for size in (1_000_000, 50, 7, 3, 2, 1):
        assert read(body, size) == [FILE]
    assert find_single_file(body, b"b") in (None, FILE)


CONTENTS = [b"", b"\r\n", b"\r\n--", b"\r", b"--b--", b"\r\n--c\r\n", b"\r\n--bb--\r\n",
            b"\n--b\n", b"\r\n--b-", b"\r\n--b x\r\n", b"\r\r\n-", b"\0" * 300]  # fmt: skip


@pytest.mark.parametrize("content", CONTENTS)
def test_content_that_is_nearly_a_boundary_is_content(content: bytes) -> None:
    body = ONE.replace(FILE.content, content + b"x" + content)
    for size in (1_000_000, 11, 1):
        assert read(body, size) == [UploadedFile("a.jpg", content + b"x" + content)]


def test_files_between_notes_are_read_in_order() -> None:
    body = b"".join(
        b"--b\r\n" + HEAD.replace(b"a.jpg", b"%d.jpg" % number) + b"\r\n%d\r\n" % number
        for number in range(3)
    )
    files = [UploadedFile(f"{number}.jpg", b"%d" % number) for number in range(3)]
    for size in (1_000_000, 13, 1):
        assert read(b"Three files\r\n" + body + b"--b--\r\nThe end", size) == files


def test_a_form_of_pythons_email_is_read() -> None:
    """It folds headers at 78 letters; as an email it begins with a preamble."""
    form = MIMEMultipart("form-data", boundary="b")
    form.preamble = "A picture"
    form.epilogue = "That was it"
    picture = MIMEImage(b"GIF89a\r\n", "gif", _encoder=lambda _: None)
    name = "the poster of a film with a name that is too long for one line.gif"
    picture.add_header("Content-Disposition", "form-data", name="file", filename=name)
    form.attach(picture)
    file = BytesIO()
    BytesGenerator(file, policy=compat32.clone(linesep="\r\n", max_line_length=60)).flatten(form)
    _, _, body = file.getvalue().partition(b"\r\n\r\n")
    assert b"\r\n filename=" in body and body.startswith(b"A picture")
    assert [file.filename for file in read(body)] == [name]


def test_spaces_without_end_behind_a_boundary_are_content() -> None:
    spaces = b" " * 100_000
    body = ONE.replace(FILE.content, FILE.content + b"\r\n--b" + spaces)
    assert read(body, 1000) == [UploadedFile("a.jpg", FILE.content + b"\r\n--b" + spaces)]


@pytest.mark.parametrize("size", [1_000_000, 9, 1])
def test_whatever_the_pieces_a_broken_form_is_the_same_problem(size: int) -> None:
    cut = [ONE[:end] for end in range(0, len(ONE) - 3, 7)]
    wrong = [b"x" * 40, ONE.replace(b"--b", b"--c"), ONE.replace(b"\r\n", b"\n"), b"--b--\r\n"]
    for body in itertools.chain(cut, wrong):
        with pytest.raises(Problem) as whole:
            read(body)
        with pytest.raises(Problem) as pieces:
            read(body, size)
        assert (whole.value.status, str(whole.value)) == (pieces.value.status, str(pieces.value))
