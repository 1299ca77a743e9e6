"""The public data set comes whole from anywhere, or not at all and with a reason."""

import errno
import io
import os
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

import pytest

from pipeline.posters import archives, download, public
from pipeline.shared import outs
from pipeline.shared.errors import DatasetError

TABLE = "Id,Genre,Drama,Sci-Fi\ntt1,\"['Drama']\",1,0\ntt2,\"['Sci-Fi']\",0,1\n"
FILES = {"train.csv": TABLE.encode(), "Images/tt1.jpg": b"one" * 9000, "Images/tt2.jpg": b"two"}


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    return tmp_path / "data" / "raw"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def nothing_is_left(raw_dir: Path) -> bool:
    return not raw_dir.parent.exists() or not list(raw_dir.parent.iterdir())


def as_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def as_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def as_tar(path: Path, files: dict[str, bytes], *odd: tarfile.TarInfo) -> Path:
    kind = {".gz": "gz", ".bz2": "bz2", ".xz": "xz"}.get(path.suffix, "")
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
        for info in odd:
            archive.addfile(info)
    return path


MAKERS: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {
    "set": as_folder,
    "set.zip": as_zip,
    "set.tar": as_tar,
    "set.tar.gz": as_tar,
    "set.tar.bz2": as_tar,
    "set.tar.xz": as_tar,
    "without-ending": as_zip,
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("below", ["", "Multi_Label_dataset/", "./a/b/"])
def test_a_set_is_found_wherever_it_lies(
    name: str, below: str, tmp_path: Path, raw_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = {
        "README.txt": b"read me",
        f"{below}Images/.DS_Store": b"",
        f"{below}Images/small/tt1.jpg": b"",
        f"{below}notes/train.csv": b"not the one",
        "__MACOSX/Images/._tt1.jpg": b"",
    }
    files = others | {below + name: body for name, body in FILES.items()}
    source = MAKERS[name](tmp_path / name, files)
    public.install(str(source), raw_dir)
    assert contents(raw_dir) == FILES
    assert [path.name for path in raw_dir.parent.iterdir()] == ["raw"]
    told = capsys.readouterr().out
    assert told == f"{raw_dir}: 2 posters, 100.0% of them with an image\n"


def test_missing_images_are_told_shortly(
    tmp_path: Path, raw_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"tt{number},\"['Drama']\",1,0\n" for number in range(3, 10))
    files = FILES | {"train.csv": (TABLE + rows).encode()}
    public.install(str(as_zip(tmp_path / "set.zip", files)), raw_dir)
    assert capsys.readouterr().out.endswith(
        ": 9 posters, 22.2% of them with an image; missing: tt3, tt4, tt5, tt6, tt7 and 2 more\n"
    )


# What is refused, and what then is left


def refusal(source: Path | str, raw_dir: Path) -> DatasetError:
    with pytest.raises(DatasetError) as told:
        public.install(str(source), raw_dir)
    assert "\n" not in told.value.problem + told.value.fix and told.value.fix
    assert outs.PARTIAL not in told.value.problem
    return told.value


def test_what_was_there_is_replaced(tmp_path: Path, raw_dir: Path) -> None:
    as_folder(raw_dir, {"mine.txt": b"mine"})
    public.install(str(as_zip(tmp_path / "set.zip", FILES)), raw_dir)
    assert contents(raw_dir) == FILES


def test_an_empty_folder_is_no_other_data(tmp_path: Path, raw_dir: Path) -> None:
    raw_dir.mkdir(parents=True)
    public.install(str(as_folder(tmp_path / "set", FILES)), raw_dir)
    assert contents(raw_dir) == FILES


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"train.csv": b""}, "none of its 1 files is a train.csv beside a folder Images"),
        (FILES | {"train.csv": b"Id,Label\n"}, "train.csv of SOURCE, line 1: the columns must"),
        (FILES | {"train.csv": b"Id,Genre,Drama\n"}, "train.csv of SOURCE: the table has no rows"),
        (
            {"train.csv": TABLE.encode(), "Images/other.jpg": b""},
            "none of the 2 posters in train.csv has its Images/<Id>.jpg",
        ),
    ],
)
def test_a_set_that_is_none_replaces_nothing(
    files: dict[str, bytes], problem: str, tmp_path: Path, raw_dir: Path
) -> None:
    source = as_zip(tmp_path / "set.zip", files)
    assert problem.replace("SOURCE", str(source)) in refusal(source, raw_dir).problem
    assert nothing_is_left(raw_dir)
    as_folder(raw_dir, {"mine.txt": b"mine"})
    refusal(source, raw_dir)
    assert contents(raw_dir.parent) == {"raw/mine.txt": b"mine"}


def test_a_source_that_is_not_there_is_told(tmp_path: Path, raw_dir: Path) -> None:
    assert refusal(tmp_path / "set.zip", raw_dir).problem.endswith("no such file or folder")


def test_an_empty_source_is_not_the_current_folder(
    tmp_path: Path, raw_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(as_folder(tmp_path / "set", FILES))
    assert "is empty" in refusal("", raw_dir).problem


@pytest.mark.skipif(os.name != "posix", reason="Windows has no FIFO")
def test_a_source_that_may_never_end_is_refused(tmp_path: Path, raw_dir: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for source in (tmp_path / "fifo", Path("/dev/zero")):
        assert refusal(source, raw_dir).problem == f"{source} is neither a file nor a folder"


@pytest.mark.skipif(os.name != "posix", reason="symbolic links take a privilege on Windows")
def test_links_in_a_folder_are_followed_save_in_a_circle(tmp_path: Path, raw_dir: Path) -> None:
    images = tmp_path / "disk" / "posters"
    source = as_folder(tmp_path / "set", {"train.csv": FILES["train.csv"]})
    as_folder(images, {"tt1.jpg": FILES["Images/tt1.jpg"]})
    as_folder(tmp_path, {"tt2.jpg": FILES["Images/tt2.jpg"]})
    (images / "tt2.jpg").symlink_to(tmp_path / "tt2.jpg")
    (images / "again").symlink_to(source)
    (source / "Images").symlink_to(images)
    public.install(str(source), raw_dir)
    assert contents(raw_dir) == FILES
    assert not (raw_dir / "Images" / "tt2.jpg").is_symlink()


@pytest.mark.parametrize("body", [b"<!DOCTYPE html>", b"", b"PK\3\4 no zip", b"\x1f\x8b no gzip"])
def test_what_is_no_archive_is_told(body: bytes, tmp_path: Path, raw_dir: Path) -> None:
    source = tmp_path / "set"
    source.write_bytes(body)
    problem = refusal(source, raw_dir).problem
    assert "is no folder, zip or tar" in problem or "is damaged or cut off" in problem
    assert nothing_is_left(raw_dir)


@pytest.mark.parametrize("name", ["set.zip", "set.tar", "set.tar.gz", "set.tar.bz2", "set.tar.xz"])
def test_a_cut_off_or_damaged_archive_is_told(name: str, tmp_path: Path, raw_dir: Path) -> None:
    source = MAKERS[name](tmp_path / name, FILES)
    whole = source.read_bytes()
    end = len(whole) - (10_240 if name == "set.tar" else 10)
    for keep in range(end // 20, end, end // 20):
        source.write_bytes(whole[:keep])
        refusal(source, raw_dir)
    if name != "set.tar":  # which has no checksum of what is in its files
        source.write_bytes(whole[: end // 2] + b"\x55\xaa\x55\xaa" + whole[end // 2 + 4 :])
        refusal(source, raw_dir)
    assert nothing_is_left(raw_dir)


def test_a_tar_cut_within_a_header_is_told(tmp_path: Path, raw_dir: Path) -> None:
    source = as_tar(tmp_path / "set.tar", FILES)
    place = source.read_bytes().find(b"Images/tt2.jpg")
    for keep in (place, place + 100):
        source.write_bytes(source.read_bytes()[:keep])
        assert "its end is missing" in refusal(source, raw_dir).problem


@pytest.mark.parametrize(
    "name", ["../out.txt", "/out.txt", "a/../../out.txt", "..\\out.txt", "C:\\x"]
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_path_that_leads_out_is_refused(
    kind: str, name: str, tmp_path: Path, raw_dir: Path
) -> None:
    source = MAKERS[f"set.{kind}"](tmp_path / f"set.{kind}", FILES | {name: b"out"})
    assert "a path that leads out of it" in refusal(source, raw_dir).problem
    assert nothing_is_left(raw_dir) and not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(kind: bytes, tmp_path: Path, raw_dir: Path) -> None:
    odd = tarfile.TarInfo("Images/tt3.jpg")
    odd.type, odd.linkname = kind, "/etc/passwd"
    source = as_tar(tmp_path / "set.tar", FILES, odd)
    assert "a link or device, 'Images/tt3.jpg'" in refusal(source, raw_dir).problem


def test_a_link_in_a_zip_is_refused(tmp_path: Path, raw_dir: Path) -> None:
    source = as_zip(tmp_path / "set.zip", FILES)
    link = zipfile.ZipInfo("Images/tt3.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "a link or device" in refusal(source, raw_dir).problem


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path, raw_dir: Path) -> None:
    source = as_tar(tmp_path / "set.tar", FILES | {"./train.csv": b"another"})
    assert "holds train.csv twice" in refusal(source, raw_dir).problem


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize(("limit", "value"), [("MAX_BYTES", 20_000), ("MAX_FILES", 2)])
def test_bombs_are_refused(
    kind: str,
    limit: str,
    value: int,
    tmp_path: Path,
    raw_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, limit, value)
    source = MAKERS[f"set.{kind}"](tmp_path / f"set.{kind}", FILES)
    assert "more than" in refusal(source, raw_dir).problem
    assert nothing_is_left(raw_dir)


def test_a_bomb_in_a_header_takes_no_memory(
    tmp_path: Path, raw_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_HEADER_BYTES", 1 << 16)
    header = tarfile.TarInfo("long name")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 20
    source = tmp_path / "set.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        archive.addfile(header, io.BytesIO(bytes(1 << 20)))
    assert refusal(source, raw_dir).problem


# A full disk and an interrupt


@pytest.mark.parametrize("trouble", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["set", "set.zip", "set.tar.gz"])
def test_a_full_disk_or_an_interrupt_leaves_nothing_half_done(
    trouble: type[BaseException],
    name: str,
    tmp_path: Path,
    raw_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def copyfileobj(reader: IO[bytes], writer: IO[bytes], size: int) -> None:
        writer.write(reader.read(10))
        raise trouble(errno.ENOSPC, "No space left on device")

    source = MAKERS[name](tmp_path / name, FILES)
    before = as_folder(raw_dir, {"mine.txt": b"mine"})
    monkeypatch.setattr(shutil, "copyfileobj", copyfileobj)
    with pytest.raises(trouble) as told:
        public.install(str(source), raw_dir)
    assert getattr(told.value, "filename", raw_dir) == raw_dir
    assert contents(raw_dir.parent) == {"raw/mine.txt": b"mine"}
    assert before == raw_dir


# Over HTTP


class Server:
    """A real server on this machine whose answers a test sets, one a request, the last for ever."""

    def __init__(self) -> None:
        self.answers: list[Callable[[BaseHTTPRequestHandler], None]] = []
        self.requests = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = server.answers[min(server.requests, len(server.answers) - 1)]
                server.requests += 1
                answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/set.zip"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.01)
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def sent(
    body: bytes, claimed: int | None = None, status: int = 200, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if claimed != -1:
            handler.send_header("Content-Length", str(len(body) if claimed is None else claimed))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def zipped(tmp_path: Path) -> bytes:
    return as_zip(tmp_path / "set.zip", FILES).read_bytes()


def test_an_address_is_downloaded(server: Server, zipped: bytes, raw_dir: Path) -> None:
    server.answers = [sent(b"", status=302, Location="/elsewhere"), sent(zipped)]
    public.install(server.address, raw_dir)
    assert contents(raw_dir.parent) == {f"raw/{name}": body for name, body in FILES.items()}


def test_a_tar_that_is_called_a_gzipped_page_is_taken_as_it_is(
    server: Server, tmp_path: Path, raw_dir: Path
) -> None:
    body = as_tar(tmp_path / "set.tar.gz", FILES).read_bytes()
    server.answers = [sent(body, Content_Encoding="gzip")]
    public.install(server.address, raw_dir)
    assert contents(raw_dir) == FILES


def test_a_server_that_fails_twice_is_asked_again(
    server: Server, zipped: bytes, raw_dir: Path
) -> None:
    server.answers = [
        sent(b"busy", status=503),
        sent(zipped[:100], claimed=len(zipped)),
        sent(zipped),
    ]
    public.install(server.address, raw_dir)
    assert server.requests == 3 and contents(raw_dir) == FILES


def test_a_server_that_always_breaks_off_is_told(
    server: Server, zipped: bytes, raw_dir: Path
) -> None:
    server.answers = [sent(zipped[:100], claimed=len(zipped))]
    told = refusal(server.address, raw_dir)
    assert server.address in told.problem and "(4 attempts)" in told.problem
    assert "fetch the file with a browser" in told.fix
    assert server.requests == download.ATTEMPTS and nothing_is_left(raw_dir)


def test_a_download_cut_off_unseen_is_damaged(server: Server, zipped: bytes, raw_dir: Path) -> None:
    server.answers = [sent(zipped[:-50], claimed=-1)]
    assert f"{server.address} is damaged or cut off" in refusal(server.address, raw_dir).problem
    assert nothing_is_left(raw_dir)


def test_an_address_that_is_wrong_is_asked_once(server: Server, raw_dir: Path) -> None:
    server.answers = [sent(b"", status=404)]
    problem = refusal(server.address, raw_dir).problem
    assert problem == f"{server.address}: the server answered 404 Not Found"
    assert server.requests == 1 and nothing_is_left(raw_dir)


def test_a_redirect_to_what_is_not_http_is_asked_once(server: Server, raw_dir: Path) -> None:
    server.answers = [sent(b"", status=302, Location="ftp://example.org/set.zip")]
    told = refusal(server.address, raw_dir)
    assert "unsupported protocol 'ftp://'" in told.problem and told.fix == "check the address"
    assert server.requests == 1


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "gopher://127.0.0.1:9", "http://[::"])
def test_a_proxy_that_cannot_be_used_is_told(
    proxy: str, raw_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    address = "https://example.org/set.zip"
    assert refusal(address, raw_dir).problem.startswith(f"{address}: the proxy that HTTP_PROXY")
    assert nothing_is_left(raw_dir)


def test_a_page_in_place_of_the_archive_is_told(server: Server, raw_dir: Path) -> None:
    server.answers = [sent(b"<!DOCTYPE html><title>Sign in</title>")]
    assert "it begins with b'<!DOCTYPE html><'" in refusal(server.address, raw_dir).problem


@pytest.mark.parametrize("claimed", [None, -1])
def test_a_download_beyond_the_limit_is_refused(
    claimed: int | None,
    server: Server,
    zipped: bytes,
    raw_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 100)
    server.answers = [sent(zipped, claimed)]
    assert "more than 100 bytes" in refusal(server.address, raw_dir).problem
    assert server.requests == 1 and nothing_is_left(raw_dir)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/set.zip", "http://no host/", "https://"])
def test_no_server_is_told(address: str, raw_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0)
    assert address in refusal(address, raw_dir).problem
    assert nothing_is_left(raw_dir)


def test_a_download_left_by_a_killed_run_is_started_anew(
    server: Server, zipped: bytes, raw_dir: Path
) -> None:
    raw_dir.parent.mkdir()
    (raw_dir.parent / f"{outs.PARTIAL}raw.download").write_bytes(b"half of something" * 1000)
    server.answers = [sent(zipped)]
    public.install(server.address, raw_dir)
    assert contents(raw_dir) == FILES
    assert [path.name for path in raw_dir.parent.iterdir()] == ["raw"]


def test_an_interrupted_download_leaves_nothing(
    server: Server, zipped: bytes, raw_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    server.answers = [sent(zipped)]
    monkeypatch.setattr(download, "_check_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        public.install(server.address, raw_dir)
    assert nothing_is_left(raw_dir)
