"""Addresses in the place of a path: of the cache, of remotes, of deps, outs and params files."""

import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import dvcstate
from dvcstate.config import dvc_config
from dvcstate.workspace import Workspace
from tests.dvcstate import agreement, dvc_repositories, small_repository
from tests.dvcstate.dvc_oracle import Oracle
from tests.dvcstate.small_repository import STAGE, md5

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="names of folders")]

OUT = {"x": "x", "x.dvc": f"outs:\n- md5: {md5('x')}\n  size: 1\n  hash: md5\n  path: x\n"}
MISSING = {"x.dvc": {("out", "x", "not in cache")}}


def _same(repo: Path, oracle: Oracle) -> agreement.Verdict:
    ours, words = agreement.ours(repo)
    theirs, their_words = agreement.theirs(oracle, repo)
    assert ours == theirs, (words, their_words)
    return ours


def _remote(name: str, url: str) -> str:
    return f"['remote \"{name}\"']\nurl = {url}\n"


LOCAL = "[cache]\nlocal = r\n"
# The config, and where DVC has its cache then; None where it refuses it.
CACHES = [
    (_remote("r", "../c") + LOCAL, "c"),
    (_remote("R", "../c") + LOCAL, "c"),
    (_remote("r", "gs://bucket/x") + LOCAL, "bucket/x"),
    (_remote("r", '"gs://me@bucket:1/x#1"') + LOCAL, "bucket/x#1"),
    (_remote("r", "http://host/x") + LOCAL, "http:/host/x"),
    (_remote("r", "https://host/x/") + LOCAL, "https:/host/x"),
    (_remote("r", "file:///c") + LOCAL, "file:/c"),
    (_remote("r", "foo:///c") + LOCAL, "foo:/c"),
    (_remote("r", "remote://q/sub") + _remote("q", "../q") + LOCAL, "q/sub"),
    (_remote("r", "remote://q/a/b") + _remote("q", "gs://b/q") + LOCAL, "b/q/a/b"),
    (_remote("r", "remote://q/") + _remote("q", "file:///q") + LOCAL, "file:/q"),
    ("[cache]\ndir = file:///c\n", "file:/c"),
    ("[cache]\ndir = foo:///c\n", "foo:/c"),
    ("[cache]\ndir = remote://q/sub\n" + _remote("q", "../q"), "q/sub"),
    (_remote("r", "file://host/c") + LOCAL, None),
    (_remote("r", "s3://[x") + LOCAL, None),
    (_remote("r", "s3://b/x") + LOCAL, None),
    (_remote("r", "remote://nowhere/x") + LOCAL, None),
    (_remote("r", "remote://r/x") + LOCAL, None),
    (_remote("r", "gs://b/x") + "type = copy\n" + LOCAL, None),
    ("[cache]\ndir = file://host/c\n", None),
    ("[cache]\ndir = gs://b/x\n", None),
    ("[cache]\ndir = remote://q/sub\n" + _remote("q", "http://h/q"), None),
]


@pytest.mark.parametrize(("config", "folder"), CACHES)
def test_a_cache_at_an_address(
    config: str, folder: str | None, tmp_path: Path, oracle: Oracle
) -> None:
    repo = small_repository.write(tmp_path / "repo", OUT | {".dvc/config": config})
    if folder is None:
        assert _same(repo, oracle) == "error"
        with pytest.raises(dvcstate.ProjectError) as caught:
            dvcstate.status(repo)
        assert caught.value.path == ".dvc/config"
        return
    assert _same(repo, oracle) == MISSING
    small_repository.put_into_cache(repo / folder / "files" / "md5", "x")
    assert _same(repo, oracle) == {}


@pytest.mark.parametrize("config", ["[cache]\ndir = {}\n", _remote("r", "{}") + LOCAL])
def test_dvc_2_folders_and_a_cache_at_file(
    config: str, tmp_path: Path, oracle: Oracle, templates: dict[str, Path]
) -> None:
    """DVC ends where it would write the listing of such a folder."""
    repo = dvc_repositories.copy(templates["dvc2"], tmp_path / "repo")
    with (repo / ".dvc" / "config").open("a") as file:
        file.write(config.format(f"file://{tmp_path}/c"))
    assert _same(repo, oracle) == "error"


@pytest.mark.parametrize("text", ["core", "url = file:///x", "url = s3:///x", "url = //h/x"])
def test_the_url_of_a_remote(text: str, tmp_path: Path, oracle: Oracle) -> None:
    config = f"['remote \"r\"']\n{text}\n" if "url" in text else f"[{text}]\n"
    repo = small_repository.write(tmp_path / "repo", OUT | {".dvc/config": config})
    assert _same(repo, oracle) == MISSING


def test_a_relative_url_is_relative_to_the_config_file(tmp_path: Path, oracle: Oracle) -> None:
    entries = (
        "    deps: [remote://r/y, remote://r/nowhere]\n    params: ['remote://r/p.yaml': [a]]\n"
        "    outs: [{remote://r/out: {cache: false}}]\n"
    )
    files = {"c/y": "y", "c/p.yaml": "a: 1\n", "dvc.yaml": STAGE + entries}
    repo = small_repository.write(
        tmp_path / "repo", files | {".dvc/config": _remote("r", "../c"), "wrong/y": ""}
    )
    expected = {
        ("dep", "remote://r/y", "modified"), ("dep", "remote://r/nowhere", "deleted"),
        ("dep", "remote://r/p.yaml", "new"), ("out", "remote://r/out", "deleted"),
    }  # fmt: skip
    assert _same(repo, oracle) == {"a": expected}
    assert dvc_config.read(repo).remotes == {"r": {"url": "../c"}}
    assert dvc_config.read(repo).resolved_remotes == {"r": {"url": str(repo / "c")}}


@pytest.mark.parametrize(
    ("url", "rules", "is_refused"),
    [
        ("cache", "", False),
        ("../c", "c/\n", False),
        ("../c", "*.txt\n", True),
        ("../c", "r\n", True),
    ],
)
def test_what_is_ignored_of_an_out_at_a_remote_is_its_address(
    url: str, rules: str, is_refused: bool, tmp_path: Path, oracle: Oracle
) -> None:
    files = {
        "dvc.yaml": f"{STAGE}    outs: [remote://r/a.txt: {{cache: false}}]\n",
        ".dvc/config": _remote("r", url), ".dvcignore": rules, "c/a.txt": "a",
    }  # fmt: skip
    verdict = _same(small_repository.write(tmp_path / "repo", files), oracle)
    assert (verdict == "error") == is_refused


OUTSIDE = [("{}/{}", kind) for kind in ("deps", "outs", "metrics", "plots")]
OUTSIDE += [(form, kind) for form in ("/{}/{}", "//{}/{}", "../{1}") for kind in ("deps", "outs")]


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("name", ["there", "gone"])
@pytest.mark.parametrize(("form", "kind"), OUTSIDE)
def test_what_is_outside_of_the_repository(
    form: str, name: str, cached: bool, kind: str, tmp_path: Path, oracle: Oracle
) -> None:
    (tmp_path / "there").write_text("x")
    path = form.format(tmp_path, name)
    entry = f"'{path}'" if cached or kind == "deps" else f"{{'{path}': {{cache: false}}}}"
    files = {"dvc.yaml": f"{STAGE}    {kind}: [{entry}]\n"}
    verdict = _same(small_repository.write(tmp_path / "repo", files), oracle)
    # DVC would look it up in the cache.
    assert (verdict == "error") == (cached and kind != "deps" and name == "there")


@pytest.mark.parametrize(
    ("path", "is_refused"),
    [("//host/share", False), ("///no/such", False), ("file:///x", False), ("file://h/x", True),
     ("foo://h/x", True), ("s3://[x", True), ("//[x", True)],
)  # fmt: skip
def test_a_dep_that_looks_like_an_address(
    path: str, is_refused: bool, tmp_path: Path, oracle: Oracle
) -> None:
    files = {"dvc.yaml": f"{STAGE}    deps: ['{path}']\n"}
    verdict = _same(small_repository.write(tmp_path / "repo", files), oracle)
    assert (verdict == "error") == is_refused
    assert is_refused or "deleted" in str(verdict)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server of the files in ``tmp_path / "web"``."""
    (tmp_path / "web").mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path / "web"))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


def test_a_params_file_on_a_web_server(tmp_path: Path, server: str, oracle: Oracle) -> None:
    path = f"{server}/p.yaml"
    files = {"dvc.yaml": f"{STAGE}    params: ['{path}': [a]]\n"}
    repo = small_repository.write(tmp_path / "repo", files)
    assert _same(repo, oracle) == {"a": {("dep", path, "deleted")}}
    (tmp_path / "web" / "p.yaml").write_text("a: 1\n")
    assert _same(repo, oracle) == {"a": {("dep", path, "new")}}
    (reason,) = Workspace(repo, None).state(ask_s=60).stages[0].reasons
    assert reason == dvcstate.Reason("param", path, "new")
    lock = small_repository.LOCK + f"    params:\n      {path}: {{a: 1}}\n"
    (repo / "dvc.lock").write_text(lock)
    assert _same(repo, oracle) == "error"  # DVC looks for it on this machine
