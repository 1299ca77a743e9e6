"""What clients really send, byte by byte: curl, httpx, requests, aiohttp, Java, .NET, browsers."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from tests.service import onnx_models, pictures, running
from tests.service.conftest import http_client
from tests.service.problem import problem_in
from tests.service.running import RunningService

PAGE = "https://example.org"


@pytest.fixture
def model_path(repo_dir: Path) -> Path:
    return onnx_models.install(repo_dir, onnx_models.model())


# Requests that offer another protocol

OFFER = (
    b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
)
POST = b"POST /predict?top=1 HTTP/1.1\r\nContent-Type: image/jpeg\r\n"
PING = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
PICTURE = pictures.plain()


def with_length(offer: bytes = OFFER) -> bytes:
    return POST + offer + b"Content-Length: %d\r\n\r\n" % len(PICTURE) + PICTURE


def in_chunks() -> bytes:
    half = len(PICTURE) // 2
    parts = (PICTURE[:half], PICTURE[half:], b"")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return POST + OFFER + b"Transfer-Encoding: chunked\r\n\r\n" + chunks


OFFERS = {
    "Java, with a length": [with_length()],
    "Java, head and body in two segments": with_length().partition(b"\r\n\r\n"),
    "in many segments": [with_length()[place : place + 50] for place in range(0, 1500, 50)]
    + [with_length()[1500:]],
    "in chunks": [in_chunks()],
    "behind another request": [PING + with_length()],
    "before another request": [with_length() + PING],
    "twice": [with_length() + in_chunks()],
    "of a protocol that nobody knows": [with_length(OFFER.replace(b"h2c", b"TLS/1.0"))],
    "of none, after all": [with_length(b"Host: x\r\n")],
}


def answers_to(server: RunningService, segments: Any, count: int) -> list[tuple[int, Any]]:
    """Status and JSON of ``count`` answers on one connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for segment in segments:
            connection.sendall(segment)
            time.sleep(0.002)
        with connection.makefile("rb") as file:
            return [read_answer(file) for _ in range(count)]


def read_answer(file: Any) -> tuple[int, Any]:
    status = int(file.readline().split()[1])
    headers = dict(line.rstrip().split(b": ", 1) for line in iter(file.readline, b"\r\n"))
    return status, json.loads(file.read(int(headers[b"content-length"])))


@pytest.mark.parametrize("kind", OFFERS)
def test_an_offer_of_another_protocol_is_ignored_with_its_body_read(
    server: RunningService, kind: str
) -> None:
    segments = list(OFFERS[kind])
    text = b"".join(segments)
    expected = [PING in text] + [True] * text.count(b"POST ")
    answers = answers_to(server, [*segments, PING], sum(expected) + 1)
    assert [status for status, _ in answers] == [200] * len(answers)
    predicted = [answer for _, answer in answers if "predictions" in answer]
    assert len(predicted) == text.count(b"POST ")
    for answer in predicted:
        assert answer["predictions"][0]["genres"][0]["genre"] == "Drama"


def test_many_offers_in_one_segment_are_all_answered(server: RunningService) -> None:
    offer = b"GET /healthz HTTP/1.1\r\n" + OFFER + b"\r\n"
    assert answers_to(server, [offer * 1200], 1200) == [(200, {"status": "alive"})] * 1200


TRAILER = b"0\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n"
WHOLE_REQUESTS = {
    "what follows is no HTTP": with_length() + b"JUNK\r\n\r\n",
    "what follows an offer is no HTTP": with_length(OFFER) + b"\0",
    "trailers like headers": in_chunks()[: -len(b"0\r\n\r\n")] + TRAILER,
    "the client says no more": with_length(),
}


@pytest.mark.parametrize("kind", WHOLE_REQUESTS)
def test_a_request_that_came_whole_is_answered(server: RunningService, kind: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(WHOLE_REQUESTS[kind])
        if "says no more" in kind:
            connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            status, answer = read_answer(file)
            if "trailers" not in kind:
                assert file.read() == b""  # the connection ends with the answer
    assert status == 200, answer
    assert answer["predictions"][0]["genres"][0]["genre"] == "Drama"


NO_HTTP = {
    "words": b"GARBAGE\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60),
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an address without a path": b"GET http://x HTTP/1.1\r\nHost: x\r\n\r\n",
    "an address without end": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "gzip in place of chunks": POST + b"Host: x\r\nTransfer-Encoding: gzip\r\n\r\n\x1f\x8b",
    "a length that is none": b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
    "CONNECT": b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
    "chunks that are none": POST + b"Host: x\r\nTransfer-Encoding: chunked\r\n\r\nnope\r\n",
}


@pytest.mark.parametrize("kind", NO_HTTP)
def test_what_is_no_http_gets_a_problem(server: RunningService, kind: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(NO_HTTP[kind])
        port = connection.getsockname()[1]
        with connection.makefile("rb") as file:
            head, _, body = file.read().partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    assert status_line == "HTTP/1.1 400 Bad Request"
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers["connection"] == "close"
    document = problem_in(httpx.Response(400, headers=headers, content=body), 400)
    assert document["detail"].startswith("this is no HTTP/1.1 request that can be read: ")
    fixes = {
        "HTTP/2 without asking": "curl without --http2-prior-knowledge",
        "gzip in place of chunks": "with a Content-Length",
        "chunks that are none": "with a Content-Length",
    }
    assert fixes.get(kind, "http://") in document["fix"]
    address = "its address is too long, or has no path"
    names = {
        "an address without a path": address,
        "an address without end": address,
        "TLS": "it is TLS, and",
        "HTTP/2 without asking": "it is HTTP/2 without an offer",
    }
    assert names.get(kind, "") in document["detail"]
    # A client of another protocol shows no answer of HTTP/1.1: the log says the same.
    reason = document["detail"].removeprefix("this is no HTTP/1.1 request that can be read: ")
    assert f"No HTTP/1.1 request from 127.0.0.1:{port}: {reason}" in server.log_path.read_text()


# Names of files

NAMES: dict[str, tuple[bytes, str]] = {
    "httpx": (b'filename="M\xc3\xbcller %221%22.jpg"', 'Müller "1".jpg'),
    "a browser, with a percent sign": (b'filename="100%25.jpg"', "100%25.jpg"),
    "a browser, with a line end": (b'filename="a%0D%0Ab.jpg"', "a\r\nb.jpg"),
    "curl 7.80": (b'filename="a\\"b\\\\c.jpg"', 'a"b\\c.jpg'),
    "RFC 5987": (b"filename*=UTF-8''M%C3%BCller%20%231.jpg", "Müller #1.jpg"),
    "RFC 5987 with a language": (b"filename*=utf-8'de'M%C3%BCller.jpg", "Müller.jpg"),
    "RFC 5987 in Latin-1": (b"filename*=iso-8859-1''M%FCller.jpg", "Müller.jpg"),
    "RFC 5987 before the plain name": (
        b"filename*=UTF-8''M%C3%BCller.jpg; filename=\"M_ller.jpg\"",
        "Müller.jpg",
    ),
    "RFC 5987 in capitals, in quotes": (
        b"FileName*=\"UTF-8''M%C3%BCller.jpg\"; filename=x.jpg",
        "Müller.jpg",
    ),
    ".NET": (
        b"filename=\"=?utf-8?B?TcO8bGxlci5qcGc=?=\"; filename*=utf-8''M%C3%BCller.jpg",
        "Müller.jpg",
    ),
    "RFC 2047, base64": (b'filename="=?utf-8?B?TcO8bGxlci5qcGc=?="', "Müller.jpg"),
    "RFC 2047, quoted-printable": (b'filename="=?ISO-8859-1?Q?M=FCller_1.jpg?="', "Müller 1.jpg"),
    "RFC 2047, two words": (
        b'filename="=?utf-8?B?TcO8bGxlcg==?= =?utf-8?Q?=2Ejpg?="',
        "Müller.jpg",
    ),
    "RFC 2047 that is none": (b'filename="=?utf-8?B?%%%?="', "=?utf-8?B?%%%?="),
    "RFC 2047 in no charset": (b'filename="=?rot13?Q?abc?="', "=?rot13?Q?abc?="),
    "RFC 5987 that is none": (b"filename*=M%FCller.jpg; filename=a.jpg", "a.jpg"),
    "RFC 5987 in bytes of another charset": (
        b"filename*=utf-8''M%FCller.jpg; filename=a.jpg",
        "a.jpg",
    ),
    "RFC 5987 within a name": (
        b"filename=\"a; filename*=utf-8''b.jpg\"",
        "a; filename*=utf-8''b.jpg",
    ),
    "not quoted": (b"filename=a.jpg", "a.jpg"),
    "with its folder, from Windows": (b'filename="C:\\pictures\\a.jpg"', "a.jpg"),
}


def post_part(http: httpx.Client, *lines: bytes, content: bytes = PICTURE) -> httpx.Response:
    body = b"--b\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + content + b"\r\n--b--\r\n"
    return http.post(
        "/predict?top=1", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_is_read_as_its_client_means_it(http: httpx.Client, kind: str) -> None:
    written, name = NAMES[kind]
    disposition = b'Content-Disposition: form-data; name="file"; ' + written
    for lines in (
        [disposition, b"Content-Type: image/jpeg"],
        [disposition, b"Content-Length: 3", b"X-Other: 1"],
    ):
        answer = post_part(http, *lines)
        assert answer.status_code == 200, answer.text
        assert answer.json()["predictions"][0]["filename"] == name


def test_an_unquoted_field_of_dotnet_is_read(http: httpx.Client) -> None:
    """With its headers in .NET's order: the Content-Type first."""
    answer = post_part(
        http,
        b"Content-Type: image/jpeg",
        b"Content-Disposition: form-data; name=file; filename=100%25.jpg;"
        b" filename*=utf-8''100%2525.jpg",
    )
    assert answer.json()["predictions"][0]["filename"] == "100%25.jpg"


@pytest.mark.parametrize("quote_fields", [True, False])
def test_a_name_from_aiohttp_is_read(server: RunningService, quote_fields: bool) -> None:
    name = 'Müller "1" 100%25 名.jpg' if quote_fields else "Müller 100%25.jpg"

    async def send() -> Any:
        form = aiohttp.FormData(quote_fields=quote_fields)
        form.add_field("file", PICTURE, filename=name, content_type="image/jpeg")
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{server.url}/predict", data=form) as answer,
        ):
            return await answer.json()

    assert asyncio.run(send())["predictions"][0]["filename"] == name


# Bodies


@pytest.mark.parametrize(
    "kind",
    ["application/octet-stream", "binary/octet-stream", "APPLICATION/binary; charset=binary"],
)
def test_octets_are_a_raw_picture(http: httpx.Client, kind: str) -> None:
    answer = http.post("/predict", content=PICTURE, headers={"Content-Type": kind})
    assert answer.json()["predictions"][0]["filename"] is None


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "gzip, identity"])
def test_a_compressed_body_is_refused_in_words(http: httpx.Client, encoding: str) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "image/jpeg"}
    answer = http.post("/predict", content=b"\x1f\x8b...", headers=headers)
    document = problem_in(answer, 415)
    assert f"Content-Encoding: {encoding}" in document["detail"]
    assert "without Content-Encoding" in document["fix"]
    assert answer.headers["accept-encoding"] == "identity"


def test_a_body_that_says_it_is_not_compressed_is_read(http: httpx.Client) -> None:
    headers = {"Content-Encoding": "identity", "Content-Type": "image/jpeg"}
    assert http.post("/predict", content=PICTURE, headers=headers).status_code == 200


def test_a_part_in_base64_is_refused_in_words(http: httpx.Client) -> None:
    disposition = b'Content-Disposition: form-data; name="file"; filename="a.jpg"'
    answer = post_part(http, disposition, b"Content-Transfer-Encoding: base64", content=b"/9j/")
    assert problem_in(answer, 415)["detail"] == "a.jpg is written as base64"
    answer = post_part(http, disposition, b"Content-Transfer-Encoding: binary")
    assert answer.status_code == 200


BOUNDARIES = ("*=utf-8''b%20b", '*0=b; boundary*1=" b"', "*0*=utf-8''b%20; boundary*1=b")


@pytest.mark.parametrize("written", BOUNDARIES)
def test_an_extended_boundary_is_read(http: httpx.Client, written: str) -> None:
    """RFC 7578 forbids it in a form, and RFC 2231 has it."""
    body = b'--b b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    answer = http.post(
        "/predict",
        content=body + PICTURE + b"\r\n--b b--\r\n",
        headers={"Content-Type": f"multipart/form-data; boundary{written}"},
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("count", "status"), [(9, 200), (63, 200), (64, 400), (300, 400)])
def test_a_part_may_have_many_headers(http: httpx.Client, count: int, status: int) -> None:
    disposition = b'Content-Disposition: form-data; name="file"; filename="a.jpg"'
    answer = post_part(http, disposition, *(b"X-%d: 1" % number for number in range(count)))
    assert answer.status_code == status
    if status == 400:
        assert "part 0 has more than 64 headers" in problem_in(answer, 400)["detail"]


@pytest.mark.parametrize("codings", [(b"gzip, chunked",), (b"gzip", b"chunked")])
def test_a_body_that_is_compressed_on_its_way_is_not_read(
    server: RunningService, codings: tuple[bytes, ...]
) -> None:
    head = b"".join(b"Transfer-Encoding: %b\r\n" % coding for coding in codings)
    request = POST + b"Host: x\r\n" + head + b"\r\n2\r\n\x1f\x8b\r\n0\r\n\r\n"
    ((status, document),) = answers_to(server, [request], 1)
    assert status == document["status"] == 501
    assert document["detail"] == "the body is sent with Transfer-Encoding: gzip, chunked"
    assert "chunked alone" in document["fix"]


NO_FILE = {
    "a browser, nothing chosen": ('; filename=""', b"", "no file was chosen"),
    "curl without @": ("", b"poster.jpg", "holds the text 'poster.jpg', and no file"),
    "an empty field": ("", b"", "no file was chosen"),
    "a text with a cut letter": ("", b"x" * 59 + "ü".encode() * 9, "holds the text"),
}


@pytest.mark.parametrize("kind", NO_FILE)
def test_a_form_without_a_file_is_told_in_words_of_its_own(http: httpx.Client, kind: str) -> None:
    option, content, says = NO_FILE[kind]
    disposition = f'Content-Disposition: form-data; name="file"{option}'.encode()
    for more in ([], [b"X-Other: 1"]):
        document = problem_in(post_part(http, disposition, *more, content=content), 422)
        assert says in document["detail"]
        assert "viewer" not in document["fix"]
        assert "@" in document["fix"]
        assert document["errors"][0]["index"] == 0


def test_a_picture_without_a_name_is_no_text(http: httpx.Client) -> None:
    disposition = b'Content-Disposition: form-data; name="file"'
    for picture in (PICTURE, pictures.plain(kind="PNG"), pictures.plain(kind="GIF")):
        assert post_part(http, disposition, content=picture).status_code == 200
    answer = post_part(http, disposition, content=b"<svg/>")
    assert "not an image" in problem_in(answer, 415)["detail"]


# Addresses

UNKNOWN_KEYS = (
    ("POST", "/predict?topp=3", "topp", "top or threshold"),
    ("POST", "/predict?top=3&Threshold=1", "Threshold", "top or threshold"),
    ("GET", "/lessons?remot=true", "remot", "use remote"),
    ("GET", "/pipeline?stage=train", "stage", "leave out the ?"),
    ("GET", "/pipeline/train?x", "x", "leave out the ?"),
    ("GET", "/model?x=%22", "x", "leave out the ?"),
    ("GET", "/results/metrics?file=a", "file", "leave out the ?"),
)


@pytest.mark.parametrize(("method", "address", "key", "fix"), UNKNOWN_KEYS)
def test_an_unknown_query_key_is_named(
    http: httpx.Client, method: str, address: str, key: str, fix: str
) -> None:
    files = {"file": PICTURE} if method == "POST" else None
    address = address if address != "/pipeline/train?x" else "/pipeline/train?x="
    document = problem_in(http.request(method, address, files=files), 422)
    assert repr(key) in document["detail"]
    assert fix in document["fix"]
    assert document["errors"] == [
        {"detail": f"an unknown query key {key!r}", "index": None, "filename": None}
    ]


@pytest.mark.parametrize(
    ("method", "address", "key"),
    [
        ("POST", "/predict?top=1&top=2", "top"),
        ("POST", "/predict?top=1&threshold=0.5&top=1", "top"),
        ("POST", "/predict?threshold=0&threshold=0", "threshold"),
        ("GET", "/lessons?remote=true&remote=false", "remote"),
    ],
)
def test_a_query_key_that_comes_twice_is_named(
    http: httpx.Client, method: str, address: str, key: str
) -> None:
    files = {"file": PICTURE} if method == "POST" else None
    document = problem_in(http.request(method, address, files=files), 422)
    assert f"the query key {key!r} comes 2 times" in document["detail"]
    assert document["fix"] == f"send {key} once"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/healthz", "GET, HEAD"),
        ("POST", "/model", "GET, HEAD"),
        ("POST", "/pipeline/train", "GET, HEAD"),
        ("PUT", "/docs", "GET, HEAD"),
        ("GET", "/predict", "POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    http: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = http.request(method, path)
    document = problem_in(answer, 405)
    assert answer.headers["allow"] == allowed
    assert f"use {allowed}" in document["fix"]


def test_a_probe_may_add_to_its_address(http: httpx.Client) -> None:
    for address in ("/healthz?verbose=1", "/readyz?verbose=1", "/metrics?name[]=x"):
        assert http.get(address).status_code == 200


PATHS = (
    *("/healthz", "/readyz", "/metrics", "/model", "/pipeline", "/pipeline/graph", "/lessons"),
    *("/results/metrics", "/results/plots", "/results/plots/none.png", "/docs", "/openapi.json"),
    *("/nowhere", "/predict"),
)


@pytest.mark.parametrize("path", PATHS)
def test_head_answers_as_get_without_a_body(http: httpx.Client, path: str) -> None:
    head, get = http.head(path), http.get(path)
    assert head.status_code == get.status_code
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]
    if path != "/metrics":  # which counts this request
        assert head.headers["content-length"] == get.headers["content-length"]
    assert http.get("/healthz").json() == {"status": "alive"}  # on the same connection


SLASHED = (*(("GET", f"{path}/") for path in PATHS), ("POST", "/predict/"), ("GET", "/predict//"))


@pytest.mark.parametrize(("method", "path"), SLASHED)
def test_a_slash_at_the_end_sends_nobody_to_another_host(
    http: httpx.Client, method: str, path: str
) -> None:
    files = {"file": PICTURE} if method == "POST" else None
    headers = {"Host": "203.0.113.9"}
    answer = http.request(method, path, files=files, headers=headers, follow_redirects=False)
    if path.startswith("/pipeline/"):  # the name of a stage, and there is no repository
        problem_in(answer, 503)
    else:
        assert "leave out the / at its end" in problem_in(answer, 404)["fix"]
    assert "location" not in answer.headers
    assert "203.0.113.9" not in str(answer.headers) + answer.text


def test_head_is_counted_as_head(http: httpx.Client) -> None:
    http.head("/results/plots")
    line = 'http_requests_total{method="HEAD",route="/results/plots",status="200"}'
    assert line in http.get("/metrics").text


# Pages of other sites


def test_no_page_of_another_site_may_read_the_answers_by_default(http: httpx.Client) -> None:
    answer = http.get("/healthz", headers={"Origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    problem_in(preflight(http, PAGE), 405)


def preflight(http: httpx.Client, origin: str, path: str = "/predict") -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-request-id",
    }
    return http.options(path, headers=headers)


@pytest.fixture
def open_service(environment: pytest.MonkeyPatch, model_path: Path) -> Iterator[httpx.Client]:
    """A service that the pages of one site and of files may ask."""
    environment.setenv("WORKSHOP_CORS_ORIGINS", f"{PAGE}, null")
    with running.in_thread() as url, http_client(url) as client:
        yield client


def test_a_page_of_a_named_site_may_ask_and_read(open_service: httpx.Client) -> None:
    for origin in (PAGE, "null"):
        question = preflight(open_service, origin)
        assert (question.status_code, question.content) == (204, b"")
        assert question.headers["access-control-allow-origin"] == origin
        assert question.headers["access-control-allow-headers"] == "content-type,x-request-id"
        assert "POST" in question.headers["access-control-allow-methods"]
        for answer in (
            open_service.post("/predict", files={"file": PICTURE}, headers={"Origin": origin}),
            open_service.get("/model", headers={"Origin": origin}),
            open_service.get("/nowhere", headers={"Origin": origin}),
            open_service.post("/predict", content=b"", headers={"Origin": origin}),
        ):
            assert answer.headers["access-control-allow-origin"] == origin
            assert "x-request-id" in answer.headers["access-control-expose-headers"]
            assert answer.headers["vary"] == "Origin"


def test_a_page_of_another_site_may_not(open_service: httpx.Client) -> None:
    other = "https://example.com"
    for answer in (
        preflight(open_service, other),
        open_service.get("/healthz", headers={"Origin": other}),
        open_service.get("/healthz"),
    ):
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"


def test_all_pages_may_where_the_setting_says_so(
    environment: pytest.MonkeyPatch, model_path: Path
) -> None:
    environment.setenv("WORKSHOP_CORS_ORIGINS", "*")
    with running.in_thread() as url, http_client(url) as client:
        assert client.get("/readyz").headers["access-control-allow-origin"] == "*"
        assert preflight(client, PAGE).headers["access-control-allow-origin"] == "*"


# What is served


def test_the_model_is_described(client: httpx.Client, model_path: Path, repo_dir: Path) -> None:
    del client  # started before there was a model
    metrics = repo_dir / "results" / "metrics" / "test.json"
    metrics.parent.mkdir(parents=True)
    metrics.write_text('{"map": 0.71, "n": 120}')
    with running.in_thread() as url, http_client(url) as http:
        description = http.get("/model").json()
        served = http.post("/predict", files={"file": PICTURE}).json()
        schema = http.get("/openapi.json").json()["components"]["schemas"]["ModelDescription"]
        metrics.write_text("{")
        broken = http.get("/model").json()
    assert {name: description[name] for name in ("path", "md5")} == {
        name: served["model"][name] for name in ("path", "md5")
    }
    height, width = onnx_models.SIZE
    assert description["input"] == {
        "name": "image", "type": "uint8", "height": height, "width": width, "channels": 3
    }  # fmt: skip
    assert [genre["genre"] for genre in description["genres"]] == list(onnx_models.GENRES)
    selected = [g for g in served["predictions"][0]["genres"] if g["selected"]]
    thresholds = {genre["genre"]: genre["threshold"] for genre in description["genres"]}
    assert all(g["probability"] >= thresholds[g["genre"]] for g in selected)
    assert description["metrics"] == {"test.json": {"map": 0.71, "n": 120}}
    assert description["measured_md5"] is None
    assert set(description) == set(schema["properties"]) == set(schema["required"])
    assert broken["metrics"] is None


def test_the_model_that_was_measured_is_named(
    client: httpx.Client, model_path: Path, repo_dir: Path
) -> None:
    (repo_dir / ".dvc").mkdir()
    (repo_dir / "dvc.yaml").write_text(
        "stages:\n  evaluate:\n    cmd: x\n    deps: [models/classifier.onnx]\n"
        "    metrics: [results/metrics/test.json: {cache: false}]\n"
    )
    (repo_dir / "dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  evaluate:\n    cmd: x\n    deps:\n"
        f"    - {{path: models/classifier.onnx, hash: md5, md5: {'a' * 32}}}\n"
    )
    deadline = time.monotonic() + 10
    while client.get("/model").json()["measured_md5"] != "a" * 32:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_a_model_there_is_none_to_describe(client: httpx.Client) -> None:
    assert "dvc repro" in problem_in(client.get("/model"), 503)["fix"]


def test_generated_clients_know_that_a_picture_is_a_file(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]
    form = content["multipart/form-data"]["schema"]["properties"]["file"]["items"]
    raw = content["application/octet-stream"]["schema"]
    for schema in (form, raw):
        assert (schema["type"], schema["format"]) == ("string", "binary")
