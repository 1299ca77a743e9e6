"""The bucket server answers as Google Cloud Storage does, errors included."""

import base64
import errno
import hashlib
import json
import os
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import google_crc32c
import pytest

from bucket.partial_file import PartialFile
from tests.bucket_server import BUCKET, RAW_BUCKET, BucketProcess, BucketResponse, serving

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

O = f"/storage/v1/b/{BUCKET}/o"  # noqa: E741 - as in the API
UP = f"/upload/storage/v1/b/{BUCKET}/o"
RELATED = "multipart/related; boundary=x"
MULTIPART = f"{UP}?uploadType=multipart"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketProcess]:
    folder = tmp_path_factory.mktemp("server")
    raw = folder / "posters"
    (raw / "Images").mkdir(parents=True)
    (raw / "Images" / "gp000001.jpg").write_bytes(b"poster")
    (raw / ".hidden").write_bytes(b"no")
    with serving(folder, "--raw", str(raw)) as running:
        yield running
        assert running.process.poll() is None
        assert "Traceback" not in running.log()


def md5_of(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


def related(head: str, content: bytes, end: str = "\r\n") -> bytes:
    lines = ["--x", "Content-Type: application/json", "", head, "--x", "Content-Type: a/b", "", ""]
    return end.join(lines).encode() + content + f"{end}--x--".encode()


def test_an_object_is_described_with_its_hashes(server: BucketProcess) -> None:
    content = b"hello"
    told = server.put("described/a", content).json()
    assert told == server.ask("GET", f"{O}/described%2Fa").json()
    crc32c = google_crc32c.value(content).to_bytes(4, "big")
    assert (told["md5Hash"], told["size"]) == (md5_of(content), "5")
    assert told["crc32c"] == base64.b64encode(crc32c).decode()
    assert (told["kind"], told["name"], told["bucket"]) == ("storage#object", "described/a", BUCKET)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "content",
    [b"", b"abc", b"\r", b"a\n", b"\r\n", b"\r\n--x--", b"--x\r\n" * 40_000, bytes(300_000)],
)
def test_a_described_upload_keeps_every_byte(
    server: BucketProcess, content: bytes, end: str
) -> None:
    body = related('{"name": "related"}', content, end)
    answer = server.ask("POST", MULTIPART, body, Content_Type=RELATED)
    assert answer.status == 200, answer.body
    assert server.get("related").body == content


def test_a_range_of_an_object_can_be_read(server: BucketProcess) -> None:
    server.put("range", b"0123456789")
    for wanted, content in [("2-4", b"234"), ("7-", b"789"), ("-3", b"789"), ("8-99", b"89")]:
        answer = server.get("range", Range=f"bytes={wanted}")
        assert (answer.status, answer.body) == (206, content)
    assert server.get("range", Range="bytes=2-4").headers["Content-Range"] == "bytes 2-4/10"
    for nonsense in ("bytes=4-2", "bytes=-", "lines=1-2", "bytes=1-2,4-5", "x"):
        assert server.get("range", Range=nonsense).status == 200
    for digits in ("bytes=\u0661-\u0662", "bytes=1-\uff12"):
        wanted = digits.encode().decode("latin-1")  # as http.client takes it
        assert server.get("range", Range=wanted).status == 200
    answer = server.get("range", Range="bytes=10-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */10")


def test_a_resumable_upload_goes_on_where_it_stopped(server: BucketProcess) -> None:
    content = bytes(range(256)) * 4096
    place = start(server, "resumed", {"md5Hash": md5_of(content)})
    half = len(content) // 2
    assert chunk(server, place, content, 0, half).status == 308
    asked = server.ask("PUT", place, b"", Content_Range=f"bytes */{len(content)}")
    assert (asked.status, asked.headers["Range"]) == (308, f"bytes=0-{half - 1}")
    gap = chunk(server, place, content, half + 1, len(content))
    assert gap.status == 400
    again = chunk(server, place, content, half - 1000, len(content))
    assert (again.status, again.json()["md5Hash"]) == (200, md5_of(content))
    assert server.get("resumed").body == content
    assert chunk(server, place, content, 0, half).status == 404


@pytest.mark.parametrize(
    "header",
    [
        "bytes 0-4", "bytes 0-4/4", "bytes 4-0/9", "bytes 0-9/9", "bytes -4/9", "5", "bytes 0-3/9",
        "bytes \u0660-\u0664/\u0669", "bytes */*/9", "items 0-4/9", f"bytes 0-{10**20}/*",
    ],
)  # fmt: skip
def test_a_part_that_contradicts_itself_is_refused(server: BucketProcess, header: str) -> None:
    name = "contradicting " + header.replace("/", "|")
    place = start(server, name)
    wanted = header.encode().decode("latin-1")
    assert server.ask("PUT", place, b"12345", Content_Range=wanted).status == 400
    assert server.get(name).status == 404
    assert server.ask("PUT", place, b"12345", Content_Range="bytes 0-4/*").status == 308
    for whole in ("bytes */3", "bytes 4-4/5"):  # five bytes are there
        status = server.ask("PUT", place, b"" if "*" in whole else b"5", Content_Range=whole).status
        assert status == (400 if "*" in whole else 200)
    assert server.get(name).body == b"12345"


def test_more_bytes_than_a_part_announces_are_refused(server: BucketProcess) -> None:
    place = start(server, "more")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = f"PUT {place} HTTP/1.1\r\nHost: x\r\nContent-Range: bytes 0-1/*\r\n"
        body = "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        connection.sendall((head + body).encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert server.ask("PUT", place, b"").status == 200
    assert server.get("more").body == b""


def test_a_folder_that_was_deleted_meanwhile_is_made_again(server: BucketProcess) -> None:
    shutil.rmtree(server.folder / ".partial")
    assert server.put("again", b"x").status == 200
    shutil.rmtree(server.folder / BUCKET)
    assert server.put("again", b"y").status == 200
    assert server.get("again").body == b"y"


def start(server: BucketProcess, name: str, description: dict[str, str] | None = None) -> str:
    body = json.dumps({"name": name, **(description or {})}).encode()
    answer = server.ask("POST", f"{UP}?uploadType=resumable", body)
    assert answer.status == 200, answer.body
    return "/" + answer.headers["Location"].split("/", 3)[3]


def chunk(
    server: BucketProcess, place: str, content: bytes, first: int, end: int
) -> BucketResponse:
    header = f"bytes {first}-{end - 1}/{len(content)}"
    return server.ask("PUT", place, content[first:end], Content_Range=header)


def test_a_cancelled_upload_leaves_nothing(server: BucketProcess) -> None:
    place = start(server, "cancelled")
    assert server.ask("DELETE", place).status == 499
    assert server.ask("PUT", place, b"x").status == 404
    assert server.get("cancelled").status == 404


def test_bytes_that_are_not_what_was_declared_are_refused(server: BucketProcess) -> None:
    wrong = md5_of(b"other")
    media = f"{UP}?uploadType=media&name=declared"
    body = related(json.dumps({"name": "declared", "md5Hash": wrong}), b"bytes")
    place = start(server, "declared", {"crc32c": "AAAAAA=="})
    answers = [
        server.ask("POST", media, b"bytes", Content_MD5=wrong),
        server.ask("POST", media, b"bytes", X_Goog_Hash=f"crc32c=AAAAAA==,md5={wrong}"),
        server.ask("POST", MULTIPART, body, Content_Type=RELATED),
        server.ask("PUT", place, b"bytes"),
    ]
    assert [answer.status for answer in answers] == [400] * 4
    assert "doesn't match" in answers[0].json()["error"]["message"]
    assert server.get("declared").status == 404


def test_a_listing_has_prefixes_delimiters_and_pages(server: BucketProcess) -> None:
    names = ["list/B", "list/a", "list/a-b", "list/a.b/1", "list/a/1", "list/a/2", "list/ü/x"]
    names.sort()
    for name in reversed(names):
        server.put(name, b"x") if name != "list/a" else None
    held = [name for name in names if name != "list/a"]
    assert server.names("prefix=list/") == held
    assert server.names("prefix=list/a") == [n for n in held if n.startswith("list/a")]
    assert server.names("prefix=list/&startOffset=list/a-b&endOffset=list/a/2") == [
        "list/a-b", "list/a.b/1", "list/a/1",
    ]  # fmt: skip
    assert pages(server, "prefix=list/&maxResults=2") == held
    assert pages(server, "prefix=list/&delimiter=/&maxResults=1") == [
        "list/B", "list/a-b", "list/a.b/", "list/a/", "list/ü/",
    ]  # fmt: skip
    assert sorted(pages(server, "prefix=list/&delimiter=-b")) == held


def test_a_long_part_of_a_name_is_listed_in_its_place(server: BucketProcess) -> None:
    """It goes on in a folder of its own, whose names come between those beside it."""
    part = "p" * 180
    names = [f"long/{part}{end}" for end in ("", "!", "z/1", "0", "-y", "é" * 40)]
    names += [f"long/{'q' * 174}{end}" for end in ("", "a", "é", "é/b", "éé", "z", "-/x", "z/y")]
    names += [f"long/{'/' * 900}x", f"long/{'É' * 500}", "long/\U0010ffff", "long/\U0010ffffx/y"]
    held = sorted(name for name in names if server.put(name, b"x").status == 200)
    assert len(held) >= len(names) - 3  # where a file lies, nothing can lie below
    for name in held:
        assert server.get(name).body == b"x"
    assert pages(server, "prefix=long/&maxResults=1") == held
    assert pages(server, f"prefix=long/{part}&maxResults=2") == [n for n in held if part in n]
    shown = {name[: name.index("/", 5) + 1] if "/" in name[5:] else name for name in held}
    assert pages(server, "prefix=long/&delimiter=/&maxResults=1") == sorted(shown)


def test_what_a_system_leaves_in_the_folder_is_no_object(server: BucketProcess) -> None:
    server.put("left/a", b"x")
    folder = server.folder / BUCKET / "left"
    for name in (".DS_Store", "Thumbs.db", "%zz", "a%+", "+b", "c%4C"):
        (folder / name).write_bytes(b"x")
    assert server.names("prefix=left/") == ["left/a"]


def pages(server: BucketProcess, query: str) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        page = server.ask("GET", f"{O}?{query}&pageToken={token}").json()
        found += [item["name"] for item in page.get("items", [])] + page.get("prefixes", [])
        if "nextPageToken" not in page:
            return found
        token = page["nextPageToken"]


def test_an_object_is_copied_moved_and_removed(server: BucketProcess) -> None:
    server.put("from/a", b"x")
    copied = server.ask("POST", f"{O}/from%2Fa/rewriteTo/b/{BUCKET}/o/from%2Fb").json()
    assert (copied["done"], copied["resource"]["name"]) == (True, "from/b")
    assert server.ask("POST", f"{O}/from%2Fb/moveTo/o/from%2Fc").status == 200
    assert server.names("prefix=from/") == ["from/a", "from/c"]
    assert server.ask("DELETE", f"{O}/from%2Fa").status == 204
    assert server.ask("DELETE", f"{O}/from%2Fa").status == 404
    assert server.ask("DELETE", f"{O}/from%2Fc").status == 204
    assert not (server.folder / BUCKET / "from").exists()


def test_an_object_is_not_made_twice_where_the_client_says_so(server: BucketProcess) -> None:
    path = f"{UP}?uploadType=media&name=once&ifGenerationMatch="
    assert server.ask("POST", path + "0", b"x").status == 200
    assert server.ask("POST", path + "0", b"y").status == 412
    assert server.ask("POST", path + "none", b"y").status == 400
    generation = server.ask("GET", f"{O}/once").json()["generation"]
    for condition, holds in {
        f"ifGenerationMatch={generation}": True,
        f"ifGenerationNotMatch={generation}": False,
        "ifGenerationNotMatch=0": True,
        "ifMetagenerationMatch=1": True,
        "ifMetagenerationMatch=2": False,
        "ifMetagenerationNotMatch=1": False,
    }.items():
        assert server.ask("GET", f"{O}/once?{condition}").status == (200 if holds else 412)
    assert server.ask("DELETE", f"{O}/once?ifGenerationMatch=1").status == 412
    assert server.get("once").body == b"x"


@pytest.mark.parametrize(
    "name", ["../../../outside", "/outside", "..", "c:\\outside", "a/../../outside", "nul", "A\0b"]
)
def test_no_name_leads_out_of_the_folder(server: BucketProcess, name: str) -> None:
    status = server.put(name, b"x").status
    assert status == (400 if name == ".." else 200)
    assert server.get(name).status == status
    assert {path.name for path in server.folder.parent.iterdir()} == {
        "bucket", "bucket.log", "posters",
    }  # fmt: skip
    assert {path.name for path in server.folder.iterdir()} == {BUCKET, RAW_BUCKET, ".partial"}


def test_the_raw_data_can_be_read_and_not_written(server: BucketProcess) -> None:
    assert server.names(bucket=RAW_BUCKET) == ["raw/Images/gp000001.jpg"]
    assert server.get("raw/Images/gp000001.jpg", RAW_BUCKET).body == b"poster"
    name = quote("raw/Images/gp000001.jpg", safe="")
    place = f"/storage/v1/b/{RAW_BUCKET}/o"
    refused = [
        server.put("raw/x", b"x", RAW_BUCKET),
        server.ask("POST", f"/upload{place}?uploadType=resumable&name=x", b"{}"),
        server.ask("DELETE", f"{place}/{name}"),
        server.ask("PATCH", f"{place}/{name}", b"{}"),
        server.ask("POST", f"{O}/a/rewriteTo/b/{RAW_BUCKET}/o/b"),
        server.ask("POST", f"{place}/{name}/moveTo/o/b"),
    ]
    assert [answer.status for answer in refused] == [403] * 6
    assert refused[0].json()["error"]["errors"][0]["reason"] == "forbidden"
    outside = [
        "../posters/.hidden",
        "raw/.hidden",
        "raw/../bucket.log",
        "raw//Images",
        "raw/Images",
    ]
    for path in outside:
        assert server.get(path, RAW_BUCKET).status == 404


MALFORMED = [
    (404, "GET", "/nothing/here", b"", {}),
    (404, "GET", "/storage/v1/b/no-such-bucket", b"", {}),
    (404, "GET", "/storage/v1/b/no-such-bucket/o", b"", {}),
    (404, "GET", f"{O}/absent", b"", {}),
    (404, "GET", f"{O}/a/b/c", b"", {}),
    (404, "POST", "/upload/storage/v1/b/no-such-bucket/o?uploadType=media&name=x", b"x", {}),
    (404, "PUT", f"{UP}?uploadType=resumable&upload_id=none", b"x", {}),
    (400, "GET", f"{O}/%ff", b"", {}),
    (400, "GET", f"{O}?pageToken=%C3%A9", b"", {}),
    (400, "GET", f"{O}?pageToken=AAA", b"", {}),
    (400, "GET", f"{O}?maxResults=none", b"", {}),
    (400, "GET", f"{O}?maxResults=0", b"", {}),
    (400, "GET", f"{O}/{'x' * 1025}", b"", {}),
    (400, "POST", UP, b"x", {}),
    (400, "POST", f"{UP}?uploadType=strange", b"x", {}),
    (400, "POST", f"{UP}?uploadType=media", b"x", {}),
    (400, "POST", f"{UP}?uploadType=media&name=%0A", b"x", {}),
    (400, "POST", MULTIPART, b"x", {}),
    (400, "POST", MULTIPART, b"x", {"Content_Type": "multipart/related"}),
    (400, "POST", MULTIPART, b"x", {"Content_Type": RELATED}),
    (400, "POST", MULTIPART, related("{", b""), {"Content_Type": RELATED}),
    (400, "POST", MULTIPART, related("[1]", b""), {"Content_Type": RELATED}),
    (400, "POST", MULTIPART, related('{"name": 1}', b""), {"Content_Type": RELATED}),
    (400, "POST", MULTIPART, related("{}", b"x")[:-3], {"Content_Type": RELATED}),
    (400, "POST", MULTIPART, bytes(2 << 20), {"Content_Type": RELATED}),
    (400, "POST", f"{UP}?uploadType=resumable", b"[" * 100_000, {}),
    (400, "POST", f"{UP}?uploadType=resumable", b"{}", {}),
    (400, "PATCH", f"{O}/absent", b"{}", {}),
    (403, "POST", "/storage/v1/b?project=p", b"{}", {}),
    (403, "DELETE", f"/storage/v1/b/{BUCKET}", b"", {}),
    (405, "PUT", O, b"", {}),
    (405, "POST", f"{O}/absent", b"", {}),
    (405, "GET", UP, b"", {}),
]  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: f"{case[0]} {case[1]} {case[2][:50]}")
def test_what_is_wrong_is_refused_in_googles_form(
    server: BucketProcess, case: tuple[int, str, str, bytes, dict[str, str]]
) -> None:
    status, method, path, body, headers = case
    answer = server.ask(method, path, body, **headers)
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (status, status)
    assert error["message"]
    assert error["errors"][0]["reason"]


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        f"POST {UP}?uploadType=media&name=x HTTP/1.1\r\nHost: x\r\n".encode()
        + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["nonsense", "version", "length", "chunk", "address", "header"],
)
def test_what_is_no_http_is_refused(server: BucketProcess, text: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(text)
        answer = b""
        while block := connection.recv(65536):
            answer += block
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == 400


@pytest.mark.parametrize("encoding", ["gzip", "br", "none such"])
def test_bytes_are_kept_as_they_come(server: BucketProcess, encoding: str) -> None:
    path = f"{UP}?uploadType=media&name=encoded"
    assert server.ask("POST", path, b"no gzip", Content_Encoding=encoding).status == 200
    assert server.get("encoded").body == b"no gzip"


def test_a_host_that_is_none_is_not_repeated(server: BucketProcess) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = f"POST {UP}?uploadType=resumable&name=x HTTP/1.1\r\nContent-Length: 2\r\n".encode()
        connection.sendall(head + b"Host: \xff<x>\r\nConnection: close\r\n\r\n{}")
        answer = b""
        while block := connection.recv(65536):
            answer += block
    assert b"Location: http://localhost/upload" in answer


def test_an_object_and_a_folder_of_one_name_are_told_apart(server: BucketProcess) -> None:
    assert server.put("both/a", b"x").status == 200
    answer = server.put("both", b"x")
    assert answer.status == 409
    assert "cannot be kept" in answer.json()["error"]["message"]
    assert server.put("both/a/b", b"x").status == 409
    assert server.names("prefix=both") == ["both/a"]


def test_a_full_disk_leaves_no_byte_that_is_not_hashed(tmp_path: Path) -> None:
    """What came before it was full stays, and the upload goes on from there."""
    file = PartialFile(tmp_path)
    file._file.close()
    file._file = disk = FullDiskFile(file.path, "wb")
    with pytest.raises(OSError, match="No space left"):
        file.write(b"abcdef")
    disk.room = 99
    file.write(b"abcdef"[file.size :])
    file.finish({"md5": md5_of(b"abcdef")})
    assert file.path.read_bytes() == b"abcdef"


class FullDiskFile(FileIO):
    """A file on a disk that has room for three bytes."""

    room = 3

    def write(self, block: "ReadableBuffer") -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left")
        written = super().write(memoryview(block)[: self.room])
        self.room -= written
        return written


def test_a_client_that_leaves_in_the_middle_leaves_no_object(server: BucketProcess) -> None:
    partial = server.folder / ".partial"
    before = set(partial.iterdir())  # resumable uploads that other tests began
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        head = (
            f"POST {UP}?uploadType=media&name=half HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n"
        )
        connection.sendall(head.encode() + b"\r\nhalf of it")
    until = time.monotonic() + 10
    while set(partial.iterdir()) != before and time.monotonic() < until:
        time.sleep(0.05)
    assert set(partial.iterdir()) == before
    assert server.get("half").status == 404


def greet(server: BucketProcess, protocol: str) -> None:
    """Begin to speak TLS, in two packets, and be cut off."""
    context, answer, hello = ssl.create_default_context(), ssl.MemoryBIO(), ssl.MemoryBIO()
    context.set_alpn_protocols([protocol])
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(answer, hello, server_hostname="localhost").do_handshake()
    words = hello.read()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(words[:100])
        time.sleep(0.05)
        connection.sendall(words[100:])
        assert connection.recv(100) == b""


def test_who_speaks_https_is_told_that_it_is_http(server: BucketProcess) -> None:
    before = server.log().count("minute for each object")
    greet(server, "http/1.1")
    assert "127.0.0.1: asks over https there, and this server speaks http" in server.log()
    assert "endpointurl http://" in server.log()
    assert server.log().count("minute for each object") == before


def test_an_endpoint_with_a_slash_at_its_end_leads_to_the_same(server: BucketProcess) -> None:
    server.put("ada/x", b"x")
    for path in (f"/storage/v1/b/{BUCKET}/o", f"/storage/v1/b/{BUCKET}/o/ada%2Fx", ""):
        once, twice = server.ask("GET", path or "/"), server.ask("GET", f"/{path}")
        assert (once.status, twice.status) == (200, 200)
        assert twice.body == once.body


def test_who_speaks_grpc_is_told_which_variable_is_missing(server: BucketProcess) -> None:
    greet(server, "h2")
    assert "127.0.0.1: DVC waits there, a minute for each object" in server.log()
    assert "export GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT=false" in server.log()


def test_many_at_once_mix_nothing(server: BucketProcess) -> None:
    def push(attendee: int) -> None:
        for number in range(40):
            server.put(f"room/{attendee}/{number}", f"{attendee} {number}".encode() * 100)

    threads = [threading.Thread(target=push, args=[attendee]) for attendee in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.names("prefix=room/")) == 320
    for attendee in range(8):
        assert server.get(f"room/{attendee}/7").body == f"{attendee} 7".encode() * 100


def test_the_first_page_of_a_browser_shows_the_commands(server: BucketProcess) -> None:
    assert "dvc remote add -d dvc-workshop gs://" in server.ask("GET", "/").body.decode()


def test_a_file_that_changed_on_disk_is_hashed_again(server: BucketProcess, tmp_path: Path) -> None:
    server.put("disk/a", b"before")
    (server.folder / BUCKET / "disk" / "a").write_bytes(b"after")
    assert server.ask("GET", f"{O}/disk%2Fa").json()["md5Hash"] == md5_of(b"after")


def test_a_name_of_very_many_parts_is_refused(server: BucketProcess) -> None:
    for name in ("/" * 1000, f"z{'/' * 900}x"):
        assert server.put(name, b"x").status == 400
        assert "parts between slashes" in server.get(name).json()["error"]["message"]
    deep = "/".join("deep" * 2 for _ in range(100))
    assert server.put(deep, b"x").status == 200
    assert server.names("prefix=deepdeep/") == [deep]
    assert server.ask("GET", O).status == 200


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no time of a file's last change")
def test_an_object_is_hashed_again_though_a_program_put_its_time_back(
    server: BucketProcess,
) -> None:
    server.put("back", b"one")
    path = server.folder / BUCKET / "back"
    before = path.stat()
    time.sleep(0.05)  # a file system's clock ticks in hundredths of a second
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert server.ask("GET", f"{O}/back").json()["md5Hash"] == md5_of(b"two")
