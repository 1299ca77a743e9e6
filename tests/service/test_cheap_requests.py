"""The fast ways for what nearly every client sends: the same answers, and nothing slow."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.shared import pixels
from pipeline.shared.decoding.jpeg_header import read_jpeg_header, segments
from service.inference.admission import Gate
from service.inference.cheap_jpeg import is_cheap_to_decode
from service.inference.multipart_form import UploadedFile
from service.inference.predictor import INLINE_FILES
from service.inference.uploads import read_uploads
from service.problems import Problem
from service.settings import ServiceSettings
from tests.service import onnx_models, pictures, running
from tests.service.conftest import http_client
from tests.service.problem import problem_in

LIMITS = ServiceSettings(max_file_bytes=100_000, max_body_bytes=200_000)


def read_form(
    body: bytes, content_type: str, pieces: int = 1
) -> list[UploadedFile] | tuple[Any, ...]:
    """What the service makes of a form: its files, or the problem with it."""
    size = max(1, -(-len(body) // pieces))
    chunks = [body[place : place + size] for place in range(0, len(body), size)] or [b""]

    async def receive() -> dict[str, Any]:
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", b"%d" % len(body)),
    ]
    with Gate(1, 1_000_000).admit() as slot:
        try:
            return asyncio.run(read_uploads(headers, receive, LIMITS, slot))
        except Problem as problem:
            return problem.status, problem.detail, problem.errors


DELIMITERS = st.sampled_from([b"--b\r\n", b"--b--\r\n", b"--b--", b"--b", b"--", b"--bb\r\n"])
HEADS = st.sampled_from(
    [
        b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n',
        b'Content-Disposition: form-data; name="file"; filename="\xc3\xbc%22;.jpg"\r\n',
        b'Content-Disposition: form-data; name="file"; filename="a\\"b.jpg"\r\n',
        b'Content-Disposition: form-data; name="file"; filename=""\r\n',
        b'Content-Disposition: form-data; name="file"\r\n',
        b'content-disposition: form-data; name="file"; filename=a.jpg\r\n',
        b'Content-Disposition: form-data; name="top"\r\n',
        b"Content-Type: image/jpeg\r\n",
        b"X-Other: 1\r\n",
    ]
)
PIECES = st.lists(
    st.one_of(DELIMITERS, HEADS, st.sampled_from([b"\r\n", b"\r", b"\n", b"\xff\xd8", b"x" * 40]))
)
FORMS = st.one_of(
    PIECES.map(b"".join),
    st.builds(
        lambda heads, content, end: (
            b"--b\r\n" + b"".join(heads) + b"\r\n" + b"".join(content) + b"\r\n--b--" + end
        ),
        st.lists(HEADS, min_size=1, max_size=2),
        PIECES,
        st.sampled_from([b"", b"\r\n", b"\r\n\r\n", b"x"]),
    ),
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(FORMS, st.integers(1, 5))
def test_the_fast_way_through_a_form_finds_what_the_parser_finds(body: bytes, pieces: int) -> None:
    fast = read_form(body, "multipart/form-data; boundary=b", pieces)
    assert fast == read_form(body, "multipart/form-data; charset=utf-8; boundary=b")


def plain_form(content: bytes) -> bytes:
    head = b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return b"--b\r\n" + head + content + b"\r\n--b--\r\n"


def test_a_form_of_one_file_needs_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("service.inference.multipart_form.MultipartParser")
    found = read_form(plain_form(b"abc\r\n--"), "multipart/form-data; boundary=b")
    assert found == [UploadedFile("a.jpg", b"abc\r\n--")]


# Pictures that are cheap to decode

CHEAP: dict[str, Callable[[], bytes]] = {
    "poster": pictures.plain,
    "grey": lambda: pictures.encoded(Image.new("L", (182, 268)), "JPEG"),
    "lying on its side": pictures.rotated,
    "2 Mpx": lambda: pictures.encoded(Image.new("RGB", (2000, 1000)), "JPEG"),
}
COSTLY: dict[str, Callable[[], bytes]] = {
    "progressive": lambda: pictures.plain(progressive=True),
    "CMYK": pictures.cmyk,
    "over 2 Mpx": lambda: pictures.encoded(Image.new("RGB", (2001, 1000)), "JPEG"),
    "over 400 KB": lambda: pictures.plain() + bytes(400_000),
    "PNG": lambda: pictures.plain(kind="PNG"),
    "GIF": pictures.animated,
    "text": lambda: b"I am not a picture. " * 40,
    "empty": lambda: b"",
    "a scan for each colour": lambda: one_colour_a_scan(pictures.plain()),
    "a mark without a length": lambda: b"\xff\xd8\xff\xd0" + pictures.plain()[2:],
    "fill bytes": lambda: b"\xff\xd8\xff\xff" + pictures.plain()[2:],
    "another frame, hidden behind a mark": lambda: hidden_frame(pictures.plain()),
    "two frames": lambda: two_frames(pictures.plain()),
    "odd sampling": lambda: with_sampling(pictures.plain(), 0x41),
    "very long": lambda: pictures.encoded(Image.new("RGB", (30, 65500)), "JPEG"),
    "70 notes": lambda: b"\xff\xd8" + b"\xff\xfe\0\4no" * 70 + pictures.plain()[2:],
}


def one_colour_a_scan(jpeg: bytes) -> bytes:
    """As if its first scan held one colour, and others followed."""
    place = jpeg.index(b"\xff\xda") + 4
    return jpeg[:place] + b"\1" + jpeg[place + 1 :]


def hidden_frame(jpeg: bytes) -> bytes:
    """libjpeg passes over a mark that has no length, and finds a progressive frame behind it."""
    frame = b"\xff\xc2\0\x0b\x08\x11\x78\x11\x78\1\1\x11\0"
    return b"\xff\xd8\xff\xd0" + frame + bytes(0xFFC2 - len(frame)) + jpeg[2:]


def two_frames(jpeg: bytes) -> bytes:
    place = jpeg.index(b"\xff\xc0")
    frame = jpeg[place : place + 19]
    return jpeg[:place] + frame + jpeg[place:]


def with_sampling(jpeg: bytes, luma: int) -> bytes:
    place = jpeg.index(b"\xff\xc0") + 11
    return jpeg[:place] + bytes((luma,)) + jpeg[place + 1 :]


@pytest.mark.parametrize("kind", CHEAP)
def test_small_plain_jpegs_are_cheap(kind: str) -> None:
    assert is_cheap_to_decode(CHEAP[kind]())


def test_of_four_each_may_have_a_fourth() -> None:
    for size in ((1000, 500), (1001, 500)):
        picture = pictures.encoded(Image.new("RGB", size), "JPEG")
        assert is_cheap_to_decode(picture)
        assert is_cheap_to_decode(picture, among=4) == (size == (1000, 500))
    picture = pictures.plain()
    for size_of_file in (100_000, 100_001):
        padded = picture + bytes(size_of_file - len(picture))
        assert is_cheap_to_decode(padded, among=4) == (size_of_file <= 100_000)


@pytest.mark.parametrize("kind", COSTLY)
def test_all_else_is_not_cheap(kind: str) -> None:
    assert not is_cheap_to_decode(COSTLY[kind]())


def test_a_cut_picture_is_judged_too() -> None:
    whole = pictures.plain()
    assert {is_cheap_to_decode(whole[:size]) for size in range(800)} == {False, True}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=8))
def test_what_is_cheap_has_at_most_2_mpx_and_one_scan(changes: Sequence[tuple[int, int]]) -> None:
    data = bytearray(pictures.plain())
    for place, value in changes:
        data[place] = value
    if is_cheap_to_decode(bytes(data)):
        header = read_jpeg_header(bytes(data))
        assert header.size
        assert np.prod(header.size) <= 2_000_000
        frames = [marker for marker, *_ in segments(bytes(data)) if 0xC0 <= marker < 0xC4]
        assert frames in ([0xC0], [0xC1])


# Where they are computed


def test_a_costly_picture_delays_no_other_request(
    environment: pytest.MonkeyPatch, repo_dir: Path
) -> None:
    """While every thread of the pool is stuck, small plain JPEGs and `/healthz` are answered."""
    onnx_models.install(repo_dir, onnx_models.model())
    environment.setenv("WORKSHOP_THREADS", "1")
    goes_on, stuck = threading.Event(), threading.Event()
    load = pixels.load_image

    def load_png_late(data: bytes, *arguments: Any, **options: Any) -> Any:
        if data.startswith(b"\x89PNG"):
            stuck.set()
            assert goes_on.wait(20)
        return load(data, *arguments, **options)

    environment.setattr(pixels, "load_image", load_png_late)
    with running.in_thread() as url, http_client(url) as client:
        answers = []

        def send() -> None:
            with http_client(url) as other:
                answers.append(other.post("/predict", files={"file": pictures.plain(kind="PNG")}))

        sender = threading.Thread(target=send)
        sender.start()
        try:
            assert stuck.wait(20)
            assert post_files(client, [pictures.plain()]) == 200
            assert post_files(client, [pictures.plain()] * INLINE_FILES) == 200
            assert client.get("/healthz").status_code == 200
        finally:
            goes_on.set()
            sender.join()
        assert answers[0].status_code == 200


def post_files(client: httpx.Client, contents: Sequence[bytes]) -> int:
    """The status of the answer to a form with these files."""
    files = [("file", content) for content in contents]
    return client.post("/predict", files=files).status_code


def test_more_files_than_a_few_wait_for_a_thread(
    environment: pytest.MonkeyPatch, repo_dir: Path
) -> None:
    onnx_models.install(repo_dir, onnx_models.model())
    environment.setenv("WORKSHOP_MAX_POOL_WAIT_SECONDS", "0.000001")
    jpeg, png = pictures.plain(), pictures.plain(kind="PNG")
    with running.in_thread() as url, http_client(url) as client:
        assert post_files(client, [jpeg] * INLINE_FILES) == 200
        assert post_files(client, [jpeg] * (INLINE_FILES + 1)) == 503
        assert post_files(client, [jpeg, png]) == 503


def test_a_request_that_would_wait_too_long_gets_a_503(
    environment: pytest.MonkeyPatch, repo_dir: Path
) -> None:
    onnx_models.install(repo_dir, onnx_models.model())
    environment.setenv("WORKSHOP_MAX_WAIT_SECONDS", "0.000001")
    environment.setenv("WORKSHOP_MAX_POOL_WAIT_SECONDS", "0.000001")
    with running.in_thread() as url, http_client(url) as client:
        for kind in ("JPEG", "PNG"):
            answer = client.post("/predict", files={"file": pictures.plain(kind=kind)})
            assert "too busy" in problem_in(answer, 503)["detail"]
            assert answer.headers["retry-after"] == "1"
