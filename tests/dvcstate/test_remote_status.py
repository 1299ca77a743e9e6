"""External deps: as DVC says when it is asked about them, and said to be unknown when it is not."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import dvcstate
from dvcstate.dvc import remote_status
from dvcstate.live import LiveProject
from dvcstate.workspace import Workspace
from tests.bucket_server import BUCKET, VARIABLE, BucketProcess, serving
from tests.dvcstate import agreement, dvc_repositories
from tests.dvcstate.dvc_oracle import Oracle
from tests.dvcstate.dvc_repositories import dump, load
from workshop import commands

pytestmark = pytest.mark.slow

_STAGES = """\
stages:
  one: {cmd: echo 1 > one.out, deps: [remote://cloud/raw/a.txt], outs: [one.out]}
  folder: {cmd: echo 1 > folder.out, deps: [remote://cloud/raw, one.txt], outs: [folder.out]}
  here: {cmd: echo 1 > here.out, deps: [remote://here/l.txt], outs: [here.out]}
  below: {cmd: echo 1 > below.out, deps: [remote://under/a.txt], outs: [below.out]}
  held: {cmd: echo 1 > held.out, deps: [remote://cloud/raw], outs: [held.out]}
"""
_RAW = f"gs://{BUCKET}/raw"


@dataclass(frozen=True)
class Cloud:
    """A bucket server, DVC that can ask it, and a repository with deps on it."""

    server: BucketProcess
    oracle: Oracle
    template: Path
    local: Path


@pytest.fixture(scope="module")
def cloud(own_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    pytest.importorskip("aiohttp")
    folder = tmp_path_factory.mktemp("cloud")
    local = folder / "local"
    local.mkdir()
    (local / "l.txt").write_text("l")
    with pytest.MonkeyPatch.context() as patch, serving(folder) as server:
        patch.setenv(VARIABLE, "false")
        oracle = Oracle(own_folder)
        for name in ("a", "b"):
            assert server.put(f"raw/{name}.txt", name.encode()).status == 200
        yield Cloud(server, oracle, _built(folder / "repo", server, local, oracle), local)
        oracle.close()


def _built(repo: Path, server: BucketProcess, local: Path, oracle: Oracle) -> Path:
    repo.mkdir()
    dvc_repositories.git(repo, "init", "-q", "-b", "main")
    options = {"endpointurl": server.endpoint, "allow_anonymous_login": "true"}
    there = [word for pair in options.items() for word in ("--fs-config", "=".join(pair))]
    (repo / "one.txt").write_text("one")
    (repo / "dvc.yaml").write_text(_STAGES)
    for argv in (
        ("init", "-q"),
        ("remote", "add", "-q", "cloud", f"gs://{BUCKET}"),
        *(("remote", "modify", "-q", "cloud", *pair) for pair in options.items()),
        ("remote", "add", "-q", "under", "remote://cloud/raw"),
        ("remote", "add", "-q", "here", str(local)),
        ("import-url", "-q", _RAW, "data", *there),
        ("import-url", "-q", _RAW, "open", *there),
        ("import-url", "-q", f"{_RAW}/a.txt", "a.txt", *there),
        ("import-url", "-q", f"{_RAW}/a.txt", "open.txt", *there),
        ("import-url", "-q", "remote://here/l.txt", "l.txt"),
        ("unfreeze", "open.dvc", "open.txt.dvc"),
        ("repro", "-q", "dvc.yaml"),
        ("freeze", "held"),
    ):
        assert oracle.run(repo, *argv) == 0, argv
    return repo


@pytest.fixture
def repo(cloud: Cloud, tmp_path: Path) -> Iterator[Path]:
    """A copy of the template; what it reads from elsewhere is afterwards as it was."""
    places = [cloud.server.folder / BUCKET / "raw", cloud.local]
    for number, place in enumerate(places):
        shutil.copytree(place, tmp_path / f"kept{number}")
    yield dvc_repositories.copy(cloud.template, tmp_path / "repo")
    for number, place in enumerate(places):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(tmp_path / f"kept{number}", place)


def _object_changed(cloud: Cloud, _repo: Path) -> None:
    cloud.server.put("raw/a.txt", b"other")


def _object_deleted(cloud: Cloud, _repo: Path) -> None:
    (cloud.server.folder / BUCKET / "raw" / "a.txt").unlink()


def _object_added(cloud: Cloud, _repo: Path) -> None:
    cloud.server.put("raw/c.txt", b"c")


def _all_deleted(cloud: Cloud, _repo: Path) -> None:
    shutil.rmtree(cloud.server.folder / BUCKET / "raw")


def _changed_here(cloud: Cloud, repo: Path) -> None:
    (cloud.local / "l.txt").write_text("other")
    (repo / "one.txt").write_text("other")
    (repo / "one.out").unlink()


def _imported_by_hand(_cloud: Cloud, repo: Path) -> None:
    data = load(repo / "data.dvc")
    data["deps"][0]["path"] = f"gs://{BUCKET}/other"
    dump(repo / "data.dvc", data)
    (repo / "a.txt").write_text("other")


def _never_run(_cloud: Cloud, repo: Path) -> None:
    (repo / "dvc.lock").unlink()


@pytest.mark.parametrize(
    "change",
    [None, _object_changed, _object_deleted, _object_added, _all_deleted, _changed_here,
     _imported_by_hand, _never_run],
)  # fmt: skip
def test_the_reasons_are_those_of_dvc(
    change: Callable[[Cloud, Path], None] | None, cloud: Cloud, repo: Path, tmp_path: Path
) -> None:
    if change:
        change(cloud, repo)
    found, words = agreement.ours(repo, tmp_path / "hashes.sqlite")
    command = [sys.executable, "-P", "-m", "dvc", "status", "--json"]  # the oracle remembers
    done = subprocess.run(command, cwd=repo, capture_output=True, timeout=120, check=False)
    if done.returncode:  # of a version that is gone, which is no answer to DVC
        assert (found, change) in [("error", _object_deleted), ("error", _all_deleted)], done.stderr
        assert "/raw/a.txt: nothing is there any more" in words
    else:
        assert found == agreement.reasons_by_stage(json.loads(done.stdout)), words
    assert bool(found) == bool(change)


def test_an_unknown_remote_is_an_error_with_file_and_line(
    cloud: Cloud, repo: Path, tmp_path: Path
) -> None:
    text = (repo / "dvc.yaml").read_text().replace("remote://here/l", "remote://nowhere/l")
    (repo / "dvc.yaml").write_text(text)
    assert agreement.theirs(cloud.oracle, repo)[0] == "error"
    with pytest.raises(dvcstate.ProjectError, match="names the remote 'nowhere'") as caught:
        Workspace(repo, tmp_path / "hashes.sqlite").state()
    assert (caught.value.path, caught.value.line) == ("dvc.yaml", _line(text, "nowhere"))


def test_an_option_that_the_cloud_does_not_have_is_an_error(
    cloud: Cloud, repo: Path, tmp_path: Path
) -> None:
    path = repo / "data.dvc"
    path.write_text(path.read_text().replace("endpointurl:", "endpoint:"))
    assert agreement.theirs(cloud.oracle, repo)[0] == "error"
    with pytest.raises(dvcstate.ProjectError, match="extra keys not allowed: endpoint") as caught:
        Workspace(repo, tmp_path / "hashes.sqlite").state()
    assert caught.value.path == "data.dvc"


def _line(text: str, word: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if word in line)


@pytest.fixture
def nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_status, "RemoteStatusQuery", lambda *_: pytest.fail("DVC was asked"))


@pytest.mark.usefixtures("nobody_asked")
def test_a_look_that_asks_nobody_judges_what_is_here_and_says_what_it_does_not_know(
    cloud: Cloud, repo: Path, tmp_path: Path
) -> None:
    _object_changed(cloud, repo)
    (repo / "one.txt").write_text("other")
    stages = {
        stage.stage.name: stage
        for stage in Workspace(repo, tmp_path / "hashes.sqlite").state().stages
    }
    assert {name: one.state for name, one in stages.items()} == {
        "data.dvc": "frozen", "open.dvc": "fresh", "a.txt.dvc": "frozen", "open.txt.dvc": "fresh",
        "l.txt.dvc": "frozen", "one": "fresh", "folder": "stale", "here": "fresh",
        "below": "fresh", "held": "frozen",
    }  # fmt: skip
    unknown = {name: [each.path for each in one.unanswered] for name, one in stages.items()}
    assert {name: paths for name, paths in unknown.items() if paths} == {
        "open.dvc": [_RAW], "a.txt.dvc": [f"{_RAW}/a.txt"], "open.txt.dvc": [f"{_RAW}/a.txt"],
        "one": ["remote://cloud/raw/a.txt"], "folder": ["remote://cloud/raw"],
        "below": ["remote://under/a.txt"],
    }  # fmt: skip


@pytest.mark.usefixtures("nobody_asked")
def test_what_is_followed_live_asks_nobody(cloud: Cloud, repo: Path) -> None:
    with LiveProject(repo) as live:
        stages = {stage["name"]: stage for stage in json.loads(live.json())["stages"]}
    assert stages["one"]["unanswered"] == [{"path": "remote://cloud/raw/a.txt", "why": "not asked"}]
    assert "unanswered" not in stages["here"]


def test_a_server_that_does_not_answer_is_not_waited_for(
    repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = repo / ".dvc" / "config"
        port = silent.getsockname()[1]
        config.write_text(
            config.read_text().replace("endpointurl = ", f"endpointurl = http://127.0.0.1:{port} #")
        )
        monkeypatch.setattr(dvcstate, "REMOTE_TIMEOUT_S", 4.0)
        assert commands.main(["status", "--repo", str(repo)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "remote://cloud/raw/a.txt is not known: no answer within 4 s" in printed
    assert "✓ here fresh" in printed


def test_a_server_that_is_down_is_told_at_once(repo: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        endpoint = f"http://127.0.0.1:{gone.getsockname()[1]}"
    config = repo / ".dvc" / "config"
    config.write_text(config.read_text().replace("endpointurl = ", f"endpointurl = {endpoint} #"))
    state = Workspace(repo, tmp_path / "hashes.sqlite").state(ask_s=60)
    unknown = {each.path: each for stage in state.stages for each in stage.unanswered}
    status = unknown["remote://cloud/raw/a.txt"]
    assert status.why.startswith(f"no server answers at {endpoint} (")
    assert status.silent_server == endpoint


def test_without_dvc_all_else_is_judged(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_status.importlib.util, "find_spec", lambda _name: None)  # type: ignore[attr-defined]
    state = Workspace(repo, tmp_path / "hashes.sqlite").state(ask_s=1)
    unknown = {each.why for stage in state.stages for each in stage.unanswered}
    assert len(unknown) == 1
    assert "not installed here" in unknown.pop()


def test_an_error_of_what_is_here_ends_the_question(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[remote_status.RemoteStatusQuery] = []

    class Kept(remote_status.RemoteStatusQuery):
        def __enter__(self) -> remote_status.RemoteStatusQuery:
            asked.append(self)
            return self

    monkeypatch.setattr(remote_status, "RemoteStatusQuery", Kept)
    (repo / ".dvcignore").write_text("one.out\n")
    with pytest.raises(dvcstate.ProjectError, match="is ignored by the line"):
        Workspace(repo, tmp_path / "hashes.sqlite").state(ask_s=60)
    (question,) = asked
    assert question._process
    assert question._process.poll() is not None


def test_asking_leaves_the_repository_as_it_was(repo: Path, tmp_path: Path) -> None:
    shutil.rmtree(repo / ".dvc" / "tmp", ignore_errors=True)
    before = sorted(repo.rglob("*"))
    Workspace(repo, tmp_path / "hashes.sqlite").state(ask_s=8)
    assert sorted(repo.rglob("*")) == before


def _contents(*folders: Path) -> dict[Path, bytes | None]:
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return {path: path.read_bytes() if path.is_file() else None for path in files}


def test_asking_about_an_import_writes_nothing_here_nor_there(
    templates: dict[str, Path], tmp_path: Path
) -> None:
    repo = dvc_repositories.copy(templates["imported"], tmp_path / "repo")
    source = dvc_repositories.copy(
        Path(load(repo / "data.txt.dvc")["deps"][0]["repo"]["url"]), tmp_path / "source"
    )
    for name in ("data.txt.dvc", "fold.dvc"):
        text = (repo / name).read_text()
        (repo / name).write_text(
            text.replace(str(templates["imported"].parent / "source"), str(source))
        )
    for folder in (repo, source):
        shutil.rmtree(folder / ".dvc" / "tmp", ignore_errors=True)
        (folder / ".dvc" / ".gitignore").unlink()
    before = _contents(repo, source)
    state = Workspace(repo, tmp_path / "hashes.sqlite").state(ask_s=60)
    assert not any(stage.unanswered for stage in state.stages)
    assert _contents(repo, source) == before


def test_of_a_strangers_repository_only_harmless_addresses_are_asked(
    cloud: Cloud, repo: Path, tmp_path: Path
) -> None:
    _object_changed(cloud, repo)
    (repo / "open.txt.dvc").write_text(
        (repo / "open.txt.dvc").read_text().replace("    allow_anonymous_login: 'true'\n", "")
    )
    state = Workspace(repo, tmp_path / "hashes.sqlite").state(ask_s=60, trusted=False)
    stages = {stage.stage.name: stage for stage in state.stages}
    assert stages["one"].reasons == (
        dvcstate.Reason("dep", "remote://cloud/raw/a.txt", "modified"),
    )
    assert [each.why for each in stages["open.txt.dvc"].unanswered] == [
        "not asked: it may lead anywhere"
    ]
