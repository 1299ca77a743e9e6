"""The grader asks a bucket server, and says what is wrong there in ten seconds at most."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.engine.check_result import CheckResult
from grader.engine.report import Report
from grader.facts import remote
from grader.grading import grade
from tests.bucket_server import BUCKET, BucketProcess, serving
from tests.grader import finished
from tests.grader.gallery import save
from tests.grader.results import fix_of
from tests.grader.test_mistakes import codes
from tests.repositories import ROOT


@pytest.fixture
def server(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketProcess]:
    """A bucket in which ``repo`` has pushed everything, as its default remote."""
    monkeypatch.setattr(remote, "TIMEOUT_S", 30.0)  # a test machine may be busy
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # as . ./activate does
    with serving(repo.parent / "server") as running:
        shutil.copytree(repo.parent / "remote", running.folder / BUCKET / "ada", dirs_exist_ok=True)
        use(repo, running.endpoint)
        yield running


def use(repo: Path, endpoint: str, url: str = f"gs://{BUCKET}/ada") -> None:
    """What dvc remote add and modify write, committed."""
    text = (
        "[core]\n    analytics = false\n    remote = dvc-workshop\n"
        f"['remote \"dvc-workshop\"']\n    url = {url}\n"
        f"    endpointurl = {endpoint}\n    allow_anonymous_login = true\n"
    )
    finished.write(repo / ".dvc" / "config", text)
    finished.write(
        repo / "workshop.toml",
        f'[workshop]\nattendee = "ada"\nremote = "gs://{BUCKET}/ada"\nraw = "gs://{BUCKET}-raw"\n',
    )
    save(repo)


def the_finding(report: Report) -> CheckResult:
    found = [one for one in report.checks if one.code]
    assert len(found) == 1, found
    return found[0]


def test_what_is_pushed_there_has_full_marks(repo: Path, server: BucketProcess) -> None:
    report = grade(repo)
    assert codes(report) == set()
    assert report.score == report.max_score
    assert "remote" in report.verified


def test_an_object_that_is_absent_is_not_pushed(repo: Path, server: BucketProcess) -> None:
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    held(server, md5).unlink()
    finding = the_finding(grade(repo))
    assert (finding.code, fix_of(finding)) == ("out-not-pushed", "dvc push -r dvc-workshop")
    finished.cache_object(repo, md5).unlink()
    assert "out-lost" in codes(grade(repo))


def test_a_file_of_a_folder_that_is_absent_is_not_pushed(repo: Path, server: BucketProcess) -> None:
    listing = finished.cache_object(repo, finished.md5_of(repo, "preprocess", "data/preprocess"))
    held(server, json.loads(listing.read_text("utf-8"))[0]["md5"]).unlink()
    finding = the_finding(grade(repo))
    assert (finding.code, finding.actual) == ("out-not-pushed", "1 object is absent")
    deletion, push = fix_of(finding).splitlines()
    assert listing.name in deletion  # else dvc push takes the folder for whole
    assert push == "dvc push -r dvc-workshop"


@pytest.mark.slow
def test_wrong_bytes_under_a_right_name_are_not_what_was_pushed(
    repo: Path, server: BucketProcess
) -> None:
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    held(server, md5).write_bytes(b"something else")
    finding = the_finding(grade(repo))
    assert finding.code == "out-not-pushed"
    assert finding.actual == "1 has other bytes than the name says"
    removal, push = fix_of(finding).splitlines()
    assert push == "dvc push -r dvc-workshop"
    typed(repo, removal)
    assert not held(server, md5).exists()


def typed(repo: Path, command: str) -> None:
    """Run a fix of the form ``python -c "…"``."""
    script = command.removeprefix('python -P -c "').removesuffix('"')
    variables = {**os.environ, "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false"}
    words = [sys.executable, "-P", "-c", script]
    subprocess.run(words, cwd=repo, env=variables, timeout=60, check=True)


def held(server: BucketProcess, md5: str) -> Path:
    """Where the server keeps an object of ada's."""
    return server.folder / BUCKET / "ada" / "files" / "md5" / md5[:2] / md5[2:]


@pytest.mark.parametrize("url", [f"gs://{BUCKET}/bob", f"gs://{BUCKET}", f"gs://{BUCKET}-raw/x"])
def test_the_place_of_another_is_not_yours(repo: Path, server: BucketProcess, url: str) -> None:
    use(repo, server.endpoint, url)
    assert "remote-not-yours" in codes(grade(repo))


@pytest.mark.parametrize(
    "url", ["gs:/bucket/ada", "gs//bucket/ada", "ftp://x/ada", "gs://", "gs://b/50%25 a?b=c"]
)
def test_an_address_that_is_none_is_malformed(repo: Path, url: str) -> None:
    """DVC itself refuses to give such a remote an endpointurl."""
    use(repo, "http://127.0.0.1:9", url)
    config = repo / ".dvc" / "config"
    finished.write(config, config.read_text("utf-8").partition("    endpointurl")[0])
    save(repo)
    assert codes(grade(repo)) == {"remote-url-malformed"}


def test_a_bucket_that_is_not_there_is_unreachable(repo: Path, server: BucketProcess) -> None:
    use(repo, server.endpoint, "gs://no-such-bucket/ada")
    finished.write(repo / "workshop.toml", '[workshop]\nattendee = "ada"\n')
    save(repo)
    finding = the_finding(grade(repo))
    assert finding.code == "remote-unreachable"
    assert "there is no bucket no-such-bucket" in (finding.rationale or "")


def test_a_server_that_is_down_is_unreachable_at_once(repo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    use(repo, f"http://127.0.0.1:{port}")
    finding = the_finding(grade(repo))
    assert (finding.code, finding.status) == ("remote-unreachable", "error")
    assert f"no server answers at http://127.0.0.1:{port}" in (finding.rationale or "")
    assert fix_of(finding).endswith(f" left running: python -m workshop bucket --port {port}")


@pytest.mark.slow
def test_a_server_that_is_silent_is_given_up(repo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use(repo, f"http://127.0.0.1:{silent.getsockname()[1]}")
        done = subprocess.run(
            [sys.executable, "-m", "grader", "check", "--repo", str(repo), "--format", "json"],
            cwd=ROOT,
            capture_output=True,
            timeout=60,
        )
    (finding,) = [one for one in json.loads(done.stdout)["checks"] if one["code"]]
    assert finding["code"] == "remote-unreachable"
    assert "no answer within 7 s" in finding["rationale"]


def test_who_forgot_the_variable_is_told_first_of_all(
    repo: Path, server: BucketProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", raising=False)
    finished.write(repo / ".git" / "info" / "exclude", "/activate\n")
    finished.write(repo / "activate", "")
    held(server, finished.md5_of(repo, "export", "models/classifier.onnx")).unlink()
    finding = the_finding(grade(repo))
    assert fix_of(finding) == ". ./activate\ndvc push -r dvc-workshop"
    assert "waits a minute for each object" in (finding.rationale or "")
    (repo / "activate").unlink()  # a clone has none
    by_hand, push = fix_of(the_finding(grade(repo))).splitlines()
    assert by_hand.startswith("# in this terminal, set the variable GCSFS_EXPERIMENTAL_ZB_HNS_")
    assert push == "dvc push -r dvc-workshop"
    assert "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT" not in os.environ


@pytest.mark.parametrize("local", [False, True])
def test_an_endpoint_without_http_is_malformed(repo: Path, local: bool) -> None:
    use(repo, "127.0.0.1:4443")
    if local:
        config = repo / ".dvc" / "config"
        line = "    endpointurl = 127.0.0.1:4443\n"
        finished.write(config, config.read_text("utf-8").replace(line, ""))
        finished.write(repo / ".dvc" / "config.local", f"['remote \"dvc-workshop\"']\n{line}")
        save(repo)
    finding = the_finding(grade(repo))
    assert finding.code == "remote-url-malformed"
    assert "no http:// is before it" in (finding.rationale or "")
    option = "--local " if local else ""
    assert fix_of(finding).splitlines()[0] == (
        f"dvc remote modify {option}dvc-workshop endpointurl http://127.0.0.1:4443"
    )
    assert finding.evidence[0].line is not None


def test_https_to_a_server_that_speaks_http_is_told(repo: Path, server: BucketProcess) -> None:
    use(repo, server.endpoint.replace("http://", "https://") + "/")
    finding = the_finding(grade(repo))
    assert (finding.code, finding.status) == ("remote-unreachable", "error")
    assert "speaks http, not https" in (finding.rationale or "")
    assert fix_of(finding) == f"dvc remote modify dvc-workshop endpointurl {server.endpoint}"


def test_a_slash_at_the_end_of_the_endpoint_is_nothing(repo: Path, server: BucketProcess) -> None:
    use(repo, f"{server.endpoint}/")
    assert codes(grade(repo)) == set()
