"""Whatever is sent to a real service: the right answer or the right problem, in bounded memory."""

import json
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.service import onnx_models, pictures, running
from tests.service.problem import problem_in
from tests.service.running import RunningService

MOST_MEGABYTES = 600
"""A service of 120 MB that decodes two pictures of 20 Mpx at a time, of some 140 MB each."""

TEXT = b"I am not a picture. " * 40


def multipart(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def part(content: bytes, name: str = "file", filename: str = "a.jpg") -> bytes:
    disposition = f'form-data; name="{name}"; filename="{filename}"'
    return f"Content-Disposition: {disposition}\r\n\r\n".encode() + content


def post_form(http: httpx.Client, body: bytes | Iterator[bytes]) -> httpx.Response:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    return http.post("/predict", content=body, headers=headers)


def post_raw(
    http: httpx.Client, body: bytes | Iterator[bytes], kind: str = "image/jpeg"
) -> httpx.Response:
    return http.post("/predict", content=body, headers={"Content-Type": kind})


GOOD: dict[str, Callable[[], bytes]] = {
    "JPEG": pictures.plain,
    "progressive JPEG": lambda: pictures.plain(progressive=True),
    "grey JPEG": lambda: pictures.encoded(Image.new("L", (182, 268), 133), "JPEG"),
    "CMYK JPEG": pictures.cmyk,
    "rotated by EXIF": pictures.rotated,
    "PNG": lambda: pictures.plain(kind="PNG"),
    "16-bit PNG": pictures.sixteen_bits,
    "palette with alpha": pictures.palette_with_alpha,
    "WebP": lambda: pictures.plain(kind="WEBP", lossless=True),
    "GIF": lambda: pictures.plain(kind="GIF"),
    "animated GIF": pictures.animated,
    "1 x 1": lambda: pictures.encoded(Image.new("RGB", (1, 1), pictures.RED), "PNG"),
    "just 20 Mpx": lambda: pictures.png(5000, 4000, pictures.rows(5000, 4000)),
}
GREY = {"grey JPEG", "16-bit PNG", "just 20 Mpx"}


@pytest.mark.parametrize("kind", GOOD)
def test_every_kind_of_picture_is_read(http: httpx.Client, kind: str) -> None:
    picture = GOOD[kind]()
    raw = post_raw(http, picture)
    assert raw.status_code == 200, raw.text
    genres = raw.json()["predictions"][0]["genres"]
    if kind in GREY:
        assert genres[0]["probability"] == pytest.approx(genres[-1]["probability"], abs=0.01)
    else:
        assert genres[0]["genre"] == "Drama"  # red
        assert genres[0]["probability"] == pytest.approx(0.95, abs=0.03)
    form = post_form(http, multipart(part(picture)))
    assert form.json()["predictions"][0]["genres"] == genres


def zero_by_zero() -> bytes:
    return pictures.png(0, 0, b"")


def truncated() -> bytes:
    return pictures.noise()[:-3000]


def jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG whose header claims other sides."""
    picture = pictures.plain()
    place = picture.index(b"\xff\xc0") + 5
    return picture[:place] + struct.pack(">HH", height, width) + picture[place + 4 :]


BAD_PICTURES: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "empty": (lambda: b"", 422, "empty"),
    "text": (lambda: TEXT, 415, "not an image"),
    "HTML": (lambda: b"<!doctype html><title>404</title>", 415, "not an image"),
    "truncated JPEG": (truncated, 422, "ends too early"),
    "JPEG of two bytes": (lambda: b"\xff\xd8", 415, "not an image"),
    "JPEG header alone": (lambda: pictures.noise()[:200], 422, "JPEG"),
    "truncated PNG": (lambda: pictures.plain(kind="PNG")[:-30], 422, "PNG"),
    "palette PNG without its palette": (
        lambda: pictures.png(16, 16, pictures.rows(16, 16, bits=1), bits=1, colours=3),
        422,
        "damaged",
    ),
    "bomb": (pictures.bomb, 413, "169,000,000 pixels"),
    "JPEG that claims 65500 x 65500": (lambda: jpeg_of(65500, 65500), 413, "pixels"),
    "PNG that claims 2^31 - 1": (lambda: pictures.png(2**31 - 1, 2**31 - 1, b""), 413, "pixels"),
    "0 x 0": (zero_by_zero, 422, "0"),
    "JPEG of 0 x 0": (lambda: jpeg_of(0, 0), 422, "JPEG"),
    "BMP": (lambda: pictures.plain(kind="BMP"), 415, "not an image"),
    "SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not an image"),
    "11 MB": (lambda: pictures.plain() + bytes(11_000_000), 413, "10 MB"),
}


@pytest.mark.parametrize("kind", BAD_PICTURES)
def test_every_bad_picture_gets_a_problem(http: httpx.Client, kind: str) -> None:
    build, status, says = BAD_PICTURES[kind]
    picture = build()
    assert says in problem_in(post_raw(http, picture), status)["detail"]
    document = problem_in(post_form(http, multipart(part(picture, filename="b.jpg"))), status)
    assert says in document["detail"]
    assert "b.jpg" in document["detail"]
    (error,) = document["errors"]
    assert (error["index"], error["filename"]) == (0, "b.jpg")


def test_one_bad_file_refuses_the_request_and_is_named(http: httpx.Client) -> None:
    good = part(pictures.plain(), filename="good.jpg")
    bad = part(truncated(), filename="bad.jpg")
    worse = part(TEXT, filename="notes.txt")
    document = problem_in(post_form(http, multipart(good, bad, good, worse)), 422)
    assert document["detail"].startswith("'bad.jpg': ")
    assert document["detail"].endswith("(and 1 more)")
    assert [(e["index"], e["filename"]) for e in document["errors"]] == [
        (1, "bad.jpg"),
        (3, "notes.txt"),
    ]


LONG_HEAD = "the headers of part 0 have more than 8,000 bytes"
FORMS: dict[str, tuple[bytes, int, str]] = {
    "empty body": (b"", 400, "closing boundary"),
    "no part": (b"--b--\r\n", 422, "no file"),
    "text for a form": (TEXT, 400, "no line of it is the boundary"),
    "another boundary": (
        multipart(part(b"x")).replace(b"--b", b"--c"),
        400,
        "no line of it is the boundary",
    ),
    "line ends of LF alone": (
        multipart(part(b"x")).replace(b"\r\n", b"\n"),
        400,
        "its lines end with LF alone",
    ),
    "truncated in a part": (multipart(part(pictures.plain()))[:500], 400, "closing boundary"),
    "truncated in the headers": (multipart(part(b""))[:20], 400, "closing boundary"),
    "without the end": (multipart(part(pictures.plain()), end=b""), 400, "closing boundary"),
    "a boundary alone": (b"--b", 400, "closing boundary"),
    "a header without a colon": (
        multipart(b"Nonsense\r\n\r\nx"),
        400,
        "part 0 has a line that is no header: 'Nonsense'",
    ),
    "a header of nothing": (
        multipart(b": x\r\n\r\nx"),
        400,
        "part 0 has a line that is no header: ': x'",
    ),
    "a header that goes on before it begins": (
        multipart(b" x: y\r\n\r\nx"),
        400,
        "part 0 has a line that is no header: ' x: y'",
    ),
    "a header of 10 KB": (multipart(b"X-Y: " + b"z" * 10_000 + b"\r\n\r\nx"), 400, LONG_HEAD),
    "a header without end": (b"--b\r\nX-Y: " + b"z" * 100_000, 400, LONG_HEAD),
    "a header that is folded without end": (
        multipart(b"X-Y: " + b"z\r\n " * 5_000 + b"\r\n\r\nx"),
        400,
        LONG_HEAD,
    ),
    "a header that ends in CR alone": (
        multipart(b"X-Y: z\rX-Z: z\r\n\r\nx"),
        400,
        "part 0 has a line that is no header: 'X-Y: z\\rX-Z: z'",
    ),
    "twenty headers": (multipart(b"X-Y: z\r\n" * 20 + b"\r\nx"), 400, "no Content-Disposition"),
    "no disposition": (multipart(b"\r\nx"), 400, "Content-Disposition"),
    "a disposition without a name": (
        multipart(b"Content-Disposition: form-data\r\n\r\nx"),
        400,
        "Content-Disposition",
    ),
    "a wrong field": (multipart(part(b"x", name="image")), 422, "'image'"),
    "a field too many": (multipart(part(pictures.plain()), part(b"3", name="top")), 422, "'top'"),
    "65 files": (multipart(*[part(pictures.plain())] * 65), 413, "64 files"),
    "no file chosen": (multipart(part(b"", filename="")), 422, "empty"),
}


@pytest.mark.parametrize("kind", FORMS)
def test_every_bad_form_gets_a_problem(http: httpx.Client, kind: str) -> None:
    body, status, says = FORMS[kind]
    document = problem_in(post_form(http, body), status)
    assert says in document["detail"]
    assert document["fix"]
    # The same in pieces of one byte, so that no limit and no state hangs on a boundary of a read.
    if len(body) < 2000:
        pieces = (body[place : place + 1] for place in range(len(body)))
        assert problem_in(post_form(http, pieces), status) == document


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "text/plain", "video/mp4"]
)
def test_wrong_content_type_gets_a_problem(http: httpx.Client, kind: str) -> None:
    document = problem_in(post_raw(http, pictures.plain(), kind), 415)
    assert kind in document["detail"]
    assert "curl -F file=@" in document["fix"]
    assert ("--data-binary wants -H" in document["fix"]) == ("urlencoded" in kind)


def test_no_content_type_gets_a_problem(http: httpx.Client) -> None:
    assert "no Content-Type" in problem_in(http.post("/predict", content=b"x"), 415)["detail"]


def test_form_without_boundary_gets_a_problem(http: httpx.Client) -> None:
    answer = post_raw(http, multipart(part(b"x")), "multipart/form-data")
    assert "boundary" in problem_in(answer, 400)["detail"]
    long = "multipart/form-data; boundary=" + "b" * 300
    assert (
        "has 300 bytes, over the limit of 256"
        in problem_in(post_raw(http, b"x", long), 400)["detail"]
    )


def test_headers_that_are_too_long_are_told_with_what_to_do(http: httpx.Client) -> None:
    for kind, what in (("a header of 10 KB", "shorten its name"), ("a header without end", "name")):
        assert what in problem_in(post_form(http, FORMS[kind][0]), 400)["fix"]


QUERIES = {
    "top=0": "top",
    "top=-1": "top",
    "top=1.5": "top",
    "top=many": "top",
    "top=" + "9" * 5000: "top",
    "threshold=2": "threshold",
    "threshold=-0.1": "threshold",
    "threshold=NaN": "threshold",
    "threshold=inf": "threshold",
    "threshold=half": "threshold",
    "threshold=": "threshold",
}


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:20])
def test_wrong_query_value_gets_a_problem(http: httpx.Client, query: str) -> None:
    answer = http.post(f"/predict?{query}", files={"file": pictures.plain()})
    document = problem_in(answer, 422)
    assert f"query value {QUERIES[query]}" in document["detail"]
    assert len(document["detail"]) < 300
    assert document["errors"] == [{"detail": document["detail"], "index": None, "filename": None}]


def test_top_beyond_the_genres_is_all_of_them(http: httpx.Client) -> None:
    answer = http.post("/predict?top=1000", files={"file": pictures.plain()})
    assert len(answer.json()["predictions"][0]["genres"]) == 3


def test_50_megabytes_are_refused_by_their_length(server: RunningService) -> None:
    """Told before a byte of the body is sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        answer = connection.recv(10_000)
        while b"}" not in answer:
            answer += connection.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert "32 MB" in json.loads(answer.partition(b"\r\n\r\n")[2])["detail"]


def test_50_megabytes_are_refused_when_sent(http: httpx.Client) -> None:
    assert "larger than 10 MB" in problem_in(post_raw(http, bytes(50_000_000)), 413)["detail"]


def test_50_megabytes_in_chunks_are_refused(http: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(800):
            yield bytes(62_500)

    assert "larger than 10 MB" in problem_in(post_raw(http, chunks()), 413)["detail"]


def test_50_megabytes_of_form_in_chunks_are_refused(http: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(10):
            yield b"--b\r\n" + part(bytes(5_000_000)) + b"\r\n"
        yield b"--b--\r\n"

    assert "larger than 32 MB" in problem_in(post_form(http, chunks()), 413)["detail"]


def test_client_that_disconnects_leaves_no_traceback(
    server: RunningService, http: httpx.Client
) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n"
                b"Content-Type: image/png\r\n\r\n\x89PNG"
            )
    assert http.post("/predict", files={"file": pictures.plain()}).status_code == 200
    assert "Traceback" not in server.log_path.read_text()


def test_many_large_pictures_take_no_more_than_one(tmp_path: Path) -> None:
    """With time for a machine on which other tests run, too: see ``max_answer_seconds``."""
    onnx_models.install(tmp_path, onnx_models.model())
    patient = {"WORKSHOP_MAX_ANSWER_SECONDS": "120", "WORKSHOP_MAX_DECODE_SECONDS": "60"}
    large = pictures.png(5000, 4000, pictures.rows(5000, 4000))
    with (
        running.in_process(tmp_path, tmp_path / "service.log", patient) as server,
        httpx.Client(base_url=server.url, timeout=120, trust_env=False) as http,
    ):
        answer = post_form(http, multipart(*[part(large)] * 8))
        assert len(answer.json()["predictions"]) == 8
        if sys.platform == "linux":
            assert server.peak_megabytes(with_children=True) < MOST_MEGABYTES


def test_nothing_above_was_a_bug_and_memory_stayed_bounded(server: RunningService) -> None:
    """Runs last in this file, on what all its requests left behind."""
    log = server.log_path.read_text()
    assert '" 500' not in log
    assert "Traceback" not in log
    if sys.platform == "linux":
        assert server.peak_megabytes() < MOST_MEGABYTES


def test_a_content_type_that_takes_long_to_parse_is_refused(http: httpx.Client) -> None:
    answer = post_raw(http, b"x", "multipart/form-data" + ";" * 5_000)
    detail = problem_in(answer, 431)["detail"]
    assert detail == "the Content-Type has 5,019 bytes, over the limit of 1,000"
