"""A remote is asked for each object, in time, and what it cannot say is no mistake."""

import base64
import contextlib
import functools
import hashlib
import os
import shlex
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest
import yaml

from grader.checks import remote_address
from grader.engine.report import NOT_TOLD, exit_code
from grader.facts.objects import Objects, UnreadObjectsError
from grader.facts.remote import BadObjects, Remote
from grader.finding import UnknownError
from grader.grading import grade
from tests.grader import finished
from tests.grader.gallery import edit, save
from tests.grader.results import fix_of
from tests.grader.test_mistakes import codes
from tests.repositories import run

CLOUD = "gs://workshop-bucket/ada"


def cloud(monkeypatch: pytest.MonkeyPatch, files: Any) -> Remote:
    """A remote in a cloud that is played by ``files``."""
    monkeypatch.setattr(Remote, "_files", lambda self: (files, "/workshop-bucket/ada"))
    return Remote("workshop", {"url": CLOUD}, Path("/repo/.dvc"))


@pytest.fixture
def memory() -> Any:
    files = fsspec.filesystem("memory", skip_instance_cache=True)
    files.store.clear()
    return files


def test_a_cloud_is_asked_for_each_object(monkeypatch: pytest.MonkeyPatch, memory: Any) -> None:
    remote = cloud(monkeypatch, memory)
    memory.pipe("/workshop-bucket/ada/files/md5/ab/cd.dir", b"[]")
    assert remote.find_bad_objects(["abcd.dir", "abce"]) == BadObjects(["abce"], [])
    assert remote.content("abcd.dir") == b"[]"
    assert remote.content("abce") is None


def folder_with(tmp_path: Path, *contents: bytes) -> tuple[Remote, list[str]]:
    """A remote in a folder, and the names of its objects."""
    remote = Remote("workshop", {"url": str(tmp_path / "remote")}, tmp_path)
    names = [hashlib.md5(content).hexdigest() for content in contents]
    for name, content in zip(names, contents, strict=True):
        path = Path(remote.object_location(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1, 1))  # long ago: it may be remembered
    return remote, names


def test_the_bytes_in_a_folder_are_compared_with_their_names(tmp_path: Path) -> None:
    remote, (right, half, empty, listing) = folder_with(tmp_path, b"abc", b"whole", b"", b"[]")
    Path(remote.object_location(listing)).rename(remote.object_location(f"{listing}.dir"))
    Path(remote.object_location(half)).write_bytes(b"who")
    names = [right, half, empty, f"{listing}.dir", "ab" * 16]
    for _ in range(2):  # the second time out of its memory
        assert remote.find_bad_objects(names) == BadObjects(["ab" * 16], [half])


def test_a_folder_that_is_too_large_to_read_is_read_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote, names = folder_with(tmp_path, b"one", b"two", b"three")
    ticks = iter(range(100))
    monkeypatch.setattr("grader.facts.objects.time.monotonic", lambda: next(ticks))
    objects = Objects(Path(remote.url))
    with pytest.raises(UnreadObjectsError) as told:
        objects.find_corrupt(names, until=1)
    assert told.value.count == 1
    assert objects.find_corrupt(names, until=100) == []
    assert next(ticks) == 4  # only the one that was left was read


def test_a_cloud_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def find(self, _path: str, detail: bool = False) -> list[str]:
            time.sleep(30)
            return []

    monkeypatch.setattr("grader.facts.remote.TIMEOUT_S", 0.2)
    started = time.monotonic()
    with pytest.raises(UnknownError, match=r"no answer within 0\.2 s") as told:
        cloud(monkeypatch, Silent()).find_bad_objects(["abcd"])
    assert time.monotonic() - started < 5
    assert told.value.code == "remote-unreachable"


def test_an_error_of_the_cloud_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def find(self, _path: str, detail: bool = False) -> list[str]:
            raise PermissionError("ada does not have storage.objects.list access")

    with pytest.raises(UnknownError, match=r"storage\.objects\.list"):
        cloud(monkeypatch, Refusing()).find_bad_objects(["abcd"])


def test_a_server_of_the_attendees_own_gets_no_credentials() -> None:
    options = {"url": CLOUD, "endpointurl": "http://127.0.0.1:9", "credentialpath": "/key.json"}
    assert Remote("w", options, Path("/repo/.dvc"))._storage_options()["token"] == "anon"


def test_of_a_remote_that_holds_far_more_each_object_is_asked(
    monkeypatch: pytest.MonkeyPatch, memory: Any
) -> None:
    monkeypatch.setattr("grader.facts.remote._PAGE", 1)
    listed: list[str] = []
    find = memory.find

    def listing(path: str, **options: Any) -> Any:
        listed.append(path)
        return find(path, **options)

    monkeypatch.setattr(memory, "find", listing)
    remote = cloud(monkeypatch, memory)
    for number in range(100):
        memory.pipe(f"/workshop-bucket/ada/files/md5/00/{number:030}", b"x")
    there = f"00{7:030}"
    assert remote.find_bad_objects([there, "abce"]) == BadObjects(["abce"], [])
    assert listed == ["/workshop-bucket/ada/files/md5/00"]


def test_a_bucket_that_nobody_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nobodys:
        def find(self, _path: str, detail: bool = False) -> list[str]:
            raise FileNotFoundError("b/workshop-bucket/o")

    with pytest.raises(UnknownError, match="there is no bucket workshop-bucket"):
        cloud(monkeypatch, Nobodys()).find_bad_objects(["abcd"])


def test_a_plugin_that_is_not_installed_is_an_error(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"[core]\n    remote = w\n['remote \"w\"']\n    url = {CLOUD}\n"
    finished.write(repo / ".dvc" / "config", text)
    save(repo)
    monkeypatch.setattr(remote_address, "_is_installed", lambda module: module != "dvc_gs")
    report = grade(repo, offline=True)
    assert codes(report) == {"remote-plugin-missing"}
    assert exit_code(report) == NOT_TOLD
    entry = next(one for one in report.checks if one.code)
    assert (entry.status, fix_of(entry)) == ("error", "pip install dvc-gs")


class _Server(SimpleHTTPRequestHandler):
    """Serves a folder; with a password where ``password`` is set."""

    password = ""
    protocol_version = "HTTP/1.1"

    def send_head(self) -> Any:
        wanted = f"Basic {base64.b64encode(f'ada:{self.password}'.encode()).decode()}"
        if self.password and self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return super().send_head()

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@contextlib.contextmanager
def served(folder: Path, password: str = "") -> Iterator[str]:
    """The address of a web server that has the folder."""
    kind = type("Server", (_Server,), {"password": password})
    handler = functools.partial(kind, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_web_server_is_asked_for_each_object(repo: Path) -> None:
    with served(repo.parent / "remote") as url:
        edit(repo, ".dvc/config", f"url = {repo.parent / 'remote'}", f"url = {url}")
        save(repo)
        report = grade(repo)
        assert codes(report) == set()
        assert exit_code(report) == 0
        finished.remote_object(
            repo, finished.md5_of(repo, "export", "models/classifier.onnx")
        ).unlink()
        report = grade(repo)
        assert codes(report) == {"out-not-pushed"}
        (entry,) = [one for one in report.checks if one.code]
        assert entry.actual == "1 object is absent"
    report = grade(repo)  # the server is gone: that is no object which is absent
    assert codes(report) == {"remote-unreachable"}


def test_a_web_server_that_asks_for_a_password_gets_it(tmp_path: Path) -> None:
    _, names = folder_with(tmp_path, b"abc")
    wanted = [*names, "ab" * 16]
    with served(tmp_path / "remote", "pass word") as url:
        options = {"url": url, "auth": "basic", "user": "ada", "password": "pass word"}
        remote = Remote("workshop", options, tmp_path)
        assert remote.find_bad_objects(wanted) == BadObjects(["ab" * 16], [])
        assert remote.content(names[0]) == b"abc"
        with pytest.raises(UnknownError, match="answers 401 Unauthorized"):
            Remote("workshop", {"url": url}, tmp_path).find_bad_objects(wanted)


def test_every_other_kind_of_remote_is_asked_by_the_plugin_of_dvc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: Any
) -> None:
    """Here a plugin that keeps its objects in memory, with the name that DVC looks for."""
    code = (
        "import fsspec\nfrom dvc_objects.fs.base import FileSystem\n\n\n"
        "class WebDAVSFileSystem(FileSystem):\n    protocol = 'webdavs'\n\n"
        "    @property\n    def fs(self):\n"
        "        assert self.config == {'user': 'ada', 'timeout': 30, 'cert': 'x.pem'}\n"
        "        return fsspec.filesystem('memory')\n\n"
        "    @classmethod\n    def _strip_protocol(cls, path):\n"
        "        return '/' + path.partition('://')[2].partition('/')[2]\n\n"
        "    @classmethod\n    def _get_kwargs_from_urls(cls, url):\n"
        "        return {'user': 'ada'}\n"
    )
    finished.write(tmp_path / "dvc_webdav.py", code)
    monkeypatch.syspath_prepend(tmp_path)
    memory.pipe("/dav/files/md5/ab/cd", b"x")
    options = {"timeout": "30", "cert": "x.pem", "ask_password": "true"}
    remote = Remote("w", {"url": "webdavs://example.com/dav/", **options}, tmp_path)
    assert remote.find_bad_objects(["abcd", "abce"]) == BadObjects(["abce"], [])
    with pytest.raises(UnknownError, match="nothing is installed here that reads ssh"):
        Remote("w", {"url": "ssh://example.com/dav"}, tmp_path).find_bad_objects(["abcd"])


def test_the_listing_of_a_folder_is_asked_of_the_remote_where_the_cache_lacks_it(
    repo: Path,
) -> None:
    md5 = finished.md5_of(repo, "preprocess", "data/preprocess")
    finished.cache_object(repo, md5).unlink()
    report = grade(repo)
    assert codes(report) == {"out-missing"}, "advice to dvc fetch"
    assert report.score == report.max_score
    child = next((repo.parent / "remote" / "files" / "md5").glob("*/*.dir"))
    child.unlink()
    assert codes(grade(repo)) & {"out-lost", "out-not-pushed"}


def imported(repo: Path, dep: dict[str, Any]) -> None:
    """Turn the raw data into what ``dvc import-url`` or ``dvc import`` leaves."""
    path = repo / "data" / "raw.dvc"
    outs = yaml.safe_load(path.read_text("utf-8"))["outs"]
    document = {"frozen": True, "deps": [dep], "outs": outs}
    finished.write(path, yaml.safe_dump(document, sort_keys=False))
    save(repo)


FROM_A_CLOUD = {"path": "gs://dvc-workshop-raw/raw", "hash": "md5", "md5": "ab" * 16 + ".dir"}
FROM_A_REPOSITORY = {"path": "raw", "repo": {"url": "https://example.com/r", "rev_lock": "ab" * 20}}
KEEPS_VERSIONS = {**FROM_A_CLOUD, "fs_config": {"version_aware": True}}


@pytest.mark.parametrize(
    ("dep", "is_asked_for"),
    [(FROM_A_CLOUD, True), (FROM_A_REPOSITORY, False), (KEEPS_VERSIONS, False)],
    ids=["import-url", "import", "import-url of a version"],
)
def test_of_imports_those_are_asked_for_that_dvc_pushes(
    repo: Path, dep: dict[str, Any], is_asked_for: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.grading.ASK_S", 0)  # no source is asked for a newer version
    imported(repo, dep)
    md5 = yaml.safe_load((repo / "data" / "raw.dvc").read_text("utf-8"))["outs"][0]["md5"]
    finished.remote_object(repo, md5).unlink()
    pushed = next(one for one in grade(repo).checks if one.id == "remote.pushed")
    assert pushed.code == ("out-not-pushed" if is_asked_for else None), pushed
    if is_asked_for:
        assert fix_of(pushed) == "dvc push -r workshop"


def test_the_lesson_on_the_remote_is_not_solved_while_nothing_is_pushed(repo: Path) -> None:
    shutil.rmtree(repo.parent / "remote")
    (repo.parent / "remote").mkdir()
    report = grade(repo, lambda check: check.lesson in ("remote", "share"))
    earned = {lesson.id: (lesson.earned, lesson.max) for lesson in report.lessons}
    assert earned == {"remote": (7, 8), "share": (0, 8)}
    pushed, shared = (
        next(one for one in report.checks if one.id == id_)
        for id_ in ("remote.pushed", "share.pushed")
    )
    assert (pushed.code, fix_of(pushed)) == ("out-not-pushed", "dvc push -r workshop")
    assert "data/raw" in (pushed.rationale or "")
    assert (shared.status, shared.blocked_by) == ("blocked", "remote.pushed")


def test_what_a_stage_wrote_is_asked_for_in_the_last_lesson_alone(repo: Path) -> None:
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    finished.remote_object(repo, md5).unlink()
    assert {one.id for one in grade(repo).checks if one.status == "fail"} == {"share.pushed"}


@pytest.mark.slow
def test_what_dvc_2_recorded_is_asked_for_where_dvc_looks_for_it(repo: Path) -> None:
    raw = repo / "data" / "raw.dvc"
    text = raw.read_text("utf-8").replace("  hash: md5\n", "")
    finished.write(raw, text)
    save(repo)
    report = grade(repo)
    assert codes(report) == {"out-lost"}
    found = next(one for one in report.checks if one.code)
    assert "DVC looks for it outside of files/md5" in (found.rationale or "")
    for line in str(fix_of(found)).splitlines():
        run(repo, *shlex.split(line))
    assert codes(grade(repo)) == set()
    clone = repo.parent / "clone"
    run(repo, "git", "clone", "--quiet", str(repo), str(clone))
    run(clone, "dvc", "pull", "--quiet", "data/raw.dvc")
    listing = Objects(repo / ".dvc" / "cache").read_listing(next(cached_by_dvc_2(repo, "*.dir")))
    next((repo.parent / "remote" / listing[0][:2]).glob(listing[0][2:])).unlink()
    found = next(one for one in grade(repo).checks if one.code)
    assert found.code == "out-not-pushed"
    deletion, push = str(fix_of(found)).splitlines()
    run(repo, sys.executable, *shlex.split(deletion)[1:])
    run(repo, *shlex.split(push))
    assert codes(grade(repo)) == set()


def cached_by_dvc_2(repo: Path, name: str) -> Iterator[Path]:
    """What lies in the cache beside that of DVC 3."""
    return (repo / ".dvc" / "cache").glob(f"[0-9a-f][0-9a-f]/{name}")


def test_what_the_remote_lacks_is_not_to_be_pulled(repo: Path) -> None:
    for stage, path in (("export", "models/classifier.onnx"), ("plot", "results/plots")):
        md5 = finished.md5_of(repo, stage, path)
        finished.cache_object(repo, md5).unlink()
        if stage == "plot":
            shutil.rmtree(repo / path)
            continue
        finished.remote_object(repo, md5).unlink()
        (repo / path).unlink()
    fixes = {one.id: fix_of(one) for one in grade(repo).checks if one.code == "out-missing"}
    assert fixes["export.present"] == "dvc repro export"
    assert fixes["plot.present"] == "dvc pull plot\ndvc repro plot"
    unasked = {one.id: fix_of(one) for one in grade(repo, offline=True).checks}
    assert unasked["export.present"] == "dvc pull export\ndvc repro export"
