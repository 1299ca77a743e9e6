"""DVC itself and the bucket server: what an attendee does with it, from end to end."""

import hashlib
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dvcstate.dvc import remote_status
from grader.engine import grading
from grader.engine.grading import grade
from grader.facts import remote
from grader.facts.objects import Objects
from tests.bucket_server import BUCKET, VARIABLE, BucketProcess, serving, use
from tests.dvcstate.dvc_repositories import dump, load
from tests.grader.gallery import save
from tests.grader.test_bucket import held
from tests.grader.test_mistakes import codes, told
from tests.repositories import BIN, ROOT, environment, run

pytestmark = pytest.mark.slow
_FILES = 400


@pytest.fixture(autouse=True)
def variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``. ./activate`` sets it."""
    monkeypatch.setenv(VARIABLE, "false")


@pytest.fixture
def server(repo: Path) -> Iterator[BucketProcess]:
    with serving(repo.parent / "server", "--raw", str(raw_data_of(repo))) as running:
        yield running


def raw_data_of(repo: Path) -> Path:
    """A copy of the posters, as an instructor offers them."""
    copy = repo.parent / "posters"
    shutil.copytree(repo / "data" / "raw", copy)
    return copy


def test_what_is_pushed_comes_back_whole(repo: Path, server: BucketProcess) -> None:
    use(repo, server.endpoint)
    save(repo)
    run(repo, "dvc", "push", "--quiet")
    for lost in (".dvc/cache", "data/raw", "data/preprocess", "results/plots"):
        shutil.rmtree(repo / lost)
    (repo / "models" / "classifier.onnx").unlink()
    run(repo, "dvc", "pull", "--quiet")
    assert run(repo, "dvc", "status") == "Data and pipelines are up to date.\n"
    assert "in sync" in run(repo, "dvc", "status", "--cloud")
    report = grade(repo)
    assert codes(report) == set(), told(report)
    assert report.score == report.max_score
    check_objects(server, "ada")


def test_raw_data_that_is_imported_from_the_bucket_has_full_marks(
    repo: Path, server: BucketProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(repo, server.endpoint)
    run(repo, "dvc", "remove", "data/raw.dvc")
    shutil.rmtree(repo / "data" / "raw")
    options = (f"endpointurl={server.endpoint}", "allow_anonymous_login=true")
    configs = [word for option in options for word in ("--fs-config", option)]
    run(repo, "dvc", "import-url", f"gs://{BUCKET}-raw/raw", "data/raw", *configs)
    save(repo)
    run(repo, "dvc", "push", "--quiet")
    report = grade(repo)
    assert codes(report) == set(), told(report)
    assert report.score == report.max_score
    assert "frozen: true" in (repo / "data" / "raw.dvc").read_text("utf-8")
    monkeypatch.setattr(remote_status, "RemoteStatusQuery", lambda *_: pytest.fail("DVC was asked"))
    report = grade(repo)
    assert codes(report) == set(), told(report)
    for name in Objects(repo / ".dvc" / "cache").names(md5_of_raw_data(repo)):
        held(server, name).unlink()
    assert codes(grade(repo)) == {"out-not-pushed"}
    run(repo, "dvc", "push", "--quiet")
    assert codes(grade(repo)) == set()


def md5_of_raw_data(repo: Path) -> str:
    return str(load(repo / "data" / "raw.dvc")["outs"][0]["md5"])


def test_a_dep_in_the_cloud_is_judged_by_those_who_ask(
    repo: Path, server: BucketProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "TIMEOUT_S", 30.0)
    monkeypatch.setattr(grading, "ASK_S", 20.0)
    use(repo, server.endpoint)
    dep = "remote://dvc-workshop/theme.txt"
    add_dep(repo, "plot", dep, {"hash": "md5", "etag": hashlib.md5(b"dark").hexdigest()})
    server.put("ada/theme.txt", b"dark")
    save(repo)
    run(repo, "dvc", "push", "--quiet")
    report = grade(repo)
    assert codes(report) == set(), told(report)

    server.put("ada/theme.txt", b"light")
    report = grade(repo)
    assert codes(report) == {"lock-stale"}, told(report)
    found = next(one for one in report.checks if one.id == "plot.current")
    assert (found.rationale or "").startswith(f"plot has not run since {dep} changed")
    assert [(e.source, e.path) for e in found.evidence] == [("remote", dep)]

    server.stop()
    monkeypatch.setattr(grading, "ASK_S", 3.0)
    report = grade(repo)
    found = next(one for one in report.checks if one.id == "plot.current")
    assert (found.status, found.code) == ("error", "remote-unreachable")
    assert dep in (found.rationale or "")

    monkeypatch.setattr(remote_status, "RemoteStatusQuery", lambda *_: pytest.fail("DVC was asked"))
    report = grade(repo, offline=True)
    assert codes(report) == set(), told(report)


def add_dep(repo: Path, stage: str, dep: str, recorded: dict[str, str]) -> None:
    """As ``dvc repro`` would leave it."""
    for name, entry in (("dvc.yaml", dep), ("dvc.lock", {"path": dep, **recorded})):
        data = load(repo / name)
        data["stages"][stage]["deps"].append(entry)
        dump(repo / name, data)


def test_what_the_page_on_the_real_cloud_says_of_remotes_has_full_marks(repo: Path) -> None:
    for line in (ROOT / "docs" / "google-cloud.md").read_text("utf-8").splitlines():
        if line.startswith("dvc remote"):
            run(repo, *shlex.split(line.replace("gs://CACHE", "gs://some-bucket")))
    save(repo)
    assert "credentialpath" in (repo / ".dvc" / "config.local").read_text("utf-8")
    report = grade(repo, offline=True)
    assert codes(report) == set(), told(report)


def test_a_server_killed_in_the_middle_of_a_push_has_only_whole_objects(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    (repo / "data").mkdir(parents=True)
    for number in range(_FILES):
        (repo / "data" / f"{number}.bin").write_bytes(number.to_bytes(4, "big") * 5000)
    run(repo, "git", "init", "--quiet")
    run(repo, "dvc", "init", "--quiet")
    run(repo, "dvc", "add", "--quiet", "data")
    with serving(tmp_path / "server") as server:
        use(repo, server.endpoint)
        push = subprocess.Popen(
            [BIN / "dvc", "push"], cwd=repo, env=environment(repo), stderr=subprocess.DEVNULL
        )
        while len(objects(server)) < 20:
            time.sleep(0.01)
        server.process.kill()
        server.process.wait(30)
        push.kill()  # else it tries again for half a minute
        push.wait(30)
        assert len(objects(server)) < _FILES
        check_objects(server, "ada")
    with serving(tmp_path / "server", "--port", str(server.port)) as server:
        run(repo, "dvc", "push", "--quiet")
        assert len(objects(server)) == _FILES + 1
        check_objects(server, "ada")
        assert "in sync" in run(repo, "dvc", "status", "--cloud")


def objects(server: BucketProcess) -> list[Path]:
    """The files in the bucket."""
    return [path for path in (server.folder / BUCKET).rglob("*") if path.is_file()]


def check_objects(server: BucketProcess, prefix: str) -> None:
    """Each object has the bytes that its name says."""
    assert [path.name for path in (server.folder / BUCKET).iterdir()] == [prefix]
    for path in objects(server):
        md5 = hashlib.md5(path.read_bytes()).hexdigest()
        assert path.parent.name + path.name.removesuffix(".dir") == md5
