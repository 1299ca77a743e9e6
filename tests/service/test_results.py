import os
import sys
from pathlib import Path

import httpx
import pytest

from service.routes import results
from tests.service import pictures
from tests.service.problem import problem_in


def write(repo_dir: Path, path: str, content: str | bytes) -> Path:
    place = repo_dir / "results" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def test_metrics_are_answered_by_file(client: httpx.Client, repo_dir: Path) -> None:
    write(repo_dir, "metrics/test.json", '{"map": 0.71, "n": 120}')
    write(repo_dir, "metrics/valid.json", '{"map": 0.7}')
    write(repo_dir, "metrics/notes.txt", "not metrics")
    assert client.get("/results/metrics").json() == {
        "test.json": {"map": 0.71, "n": 120},
        "valid.json": {"map": 0.7},
    }


def test_what_json_cannot_hold_is_null(client: httpx.Client, repo_dir: Path) -> None:
    write(repo_dir, "metrics/test.json", '{"a": NaN, "b": -Infinity, "c": 1e999, "d": "\\ud800"}')
    found = client.get("/results/metrics").json()["test.json"]
    assert found == {"a": None, "b": None, "c": None, "d": "\ud800"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"map": 0.7\n"n": 1}', "results/metrics/test.json: not JSON, line 2, column 1"),
        ("", "results/metrics/test.json: not JSON, line 1, column 1"),
        ("[" * 100_000, "results/metrics/test.json: not JSON"),
        ("9" * 10_000, "results/metrics/test.json: not JSON"),
        (b"\xff\xfe\x00", "results/metrics/test.json: not JSON"),
    ],
    ids=["comma", "empty", "deep", "long number", "not UTF-8"],
)
def test_broken_metrics_are_named(
    client: httpx.Client, repo_dir: Path, content: str | bytes, says: str
) -> None:
    write(repo_dir, "metrics/test.json", content)
    document = problem_in(client.get("/results/metrics"), 503)
    assert document["detail"].startswith(says)
    assert document["fix"] == "type dvc repro"


def test_plots_are_listed_and_shown(client: httpx.Client, repo_dir: Path) -> None:
    picture = pictures.plain(kind="PNG")
    write(repo_dir, "plots/loss.png", picture)
    write(repo_dir, "plots/Courbe é 1.SVG", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    write(repo_dir, "plots/history.csv", "epoch,loss")
    write(repo_dir, "plots/more/inner.png", picture)
    listed = client.get("/results/plots").json()["plots"]
    assert [(each["name"], each["media_type"]) for each in listed] == [
        ("Courbe é 1.SVG", "image/svg+xml"),
        ("loss.png", "image/png"),
    ]
    for each in listed:
        answer = client.get(each["url"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == each["media_type"]
        assert len(answer.content) == each["size"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
    assert client.get("/results/plots/loss.png").content == picture


@pytest.mark.parametrize(
    "name",
    [
        "../metrics/test.json",
        "..%2Fmetrics%2Ftest.json",
        "%2e%2e/metrics/test.json",
        "..%5Cmetrics%5Ctest.json",
        "%2Fetc%2Fpasswd",
        "history.csv",
        "more",
        "a%00.png",
        "none.png",
    ],
)
def test_no_other_file_is_shown(client: httpx.Client, repo_dir: Path, name: str) -> None:
    write(repo_dir, "metrics/test.json", '{"secret": 1}')
    write(repo_dir, "plots/history.csv", "secret")
    write(repo_dir, "plots/more/inner.png", "secret")
    answer = client.get(httpx.URL(f"{client.base_url}/results/plots/{name}"))
    assert answer.status_code == 404
    assert "secret" not in problem_in(answer, 404)["detail"]


def test_picture_that_is_not_there_names_those_that_are(
    client: httpx.Client, repo_dir: Path
) -> None:
    assert "dvc repro" in problem_in(client.get("/results/plots/loss.png"), 404)["fix"]
    write(repo_dir, "plots/accuracy.png", b"x")
    assert "accuracy.png" in problem_in(client.get("/results/plots/loss.png"), 404)["fix"]


def test_too_large_a_file_gets_a_problem(
    client: httpx.Client, repo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "LARGEST_FILE", 10)
    write(repo_dir, "plots/loss.png", bytes(11))
    assert (
        "loss.png: larger than" in problem_in(client.get("/results/plots/loss.png"), 503)["detail"]
    )


def test_a_link_that_leads_out_of_the_repository_is_not_shown(
    client: httpx.Client, repo_dir: Path, tmp_path: Path
) -> None:
    picture = pictures.plain(kind="PNG")
    secret, cached = tmp_path / "secret.png", tmp_path / "cache" / "files" / "md5" / "aa" / "bbb"
    cached.parent.mkdir(parents=True)
    for path in (secret, cached):
        path.write_bytes(picture)
    folder = repo_dir / "results" / "plots"
    folder.mkdir(parents=True)
    (folder / "secret.png").symlink_to(secret)
    (folder / "training.png").symlink_to(cached)  # as DVC does with cache.type symlink
    (listed,) = client.get("/results/plots").json()["plots"]
    assert listed["name"] == "training.png"
    problem_in(client.get("/results/plots/secret.png"), 404)
    assert client.get("/results/plots/training.png").content == picture


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
def test_a_picture_whose_name_is_no_text_is_left_out(client: httpx.Client, repo_dir: Path) -> None:
    folder = repo_dir / "results" / "plots"
    folder.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.png")).write_bytes(pictures.plain(kind="PNG"))
    (folder / "a b#.png").write_bytes(pictures.plain(kind="PNG"))
    (listed,) = client.get("/results/plots").json()["plots"]
    assert listed["url"] == "/results/plots/a%20b%23.png"
    assert client.get(listed["url"]).status_code == 200
