import json
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import dvcstate
from benchmarks import made_repository
from dvcstate.workspace import Workspace
from service.routes.pipeline import Pipeline, StageModel
from tests.service import running
from tests.service.conftest import http_client
from tests.service.problem import problem_in

ROUTES = ("/pipeline", "/pipeline/stage001", "/pipeline/graph")

ODD = [
    "odd/na:me-2024-01-01",
    "a b?c#d%e&f;g",
    "日本 é",
    "graph",
    "dvc.yaml:x",
    '"]; <b>',
    "\\",
    "a//b",
]


@pytest.fixture
def repo_dir(tmp_path: Path) -> Path:
    """A repository with a chain of three stages, up to date."""
    return made_repository.make(tmp_path / "repo", stages=3, files_per_stage=3)


def pipeline(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/pipeline")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def states(client: httpx.Client) -> list[str]:
    return [each["state"] for each in pipeline(client)["stages"]]


def wait_for(client: httpx.Client, expected: list[str]) -> None:
    """The watcher takes some milliseconds to report a change."""
    deadline = time.monotonic() + 10
    while True:
        answer = client.get("/pipeline")
        if answer.status_code == 200 and sorted(states(client)) == sorted(expected):
            return
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.02)


def add_stages(repo_dir: Path, stages: dict[str, Any]) -> None:
    with (repo_dir / "dvc.yaml").open("a", encoding="utf-8") as file:
        for name, stage in stages.items():
            file.write(f"  {json.dumps(name)}: {json.dumps(stage)}\n")


def test_the_answer_is_that_of_the_command_line(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / "code.py").write_text("changed")
    wait_for(client, ["stale"] * 3)
    document = pipeline(client)
    expected = dvcstate.as_json(dvcstate.status(repo_dir))
    assert document | {"checked": ""} == expected | {"checked": ""}
    assert document["stages"][0]["reasons"] == [
        {"kind": "dep", "path": "code.py", "change": "modified"}
    ]
    assert client.get("/pipeline/stage000").json() == expected["stages"][0]
    assert client.get("/pipeline/graph").text == dvcstate.graph(dvcstate.status(repo_dir))


def test_what_is_documented_is_what_is_answered(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / "data" / "stage001" / "000000.jpg").unlink()
    (repo_dir / "raw.txt").write_text("raw")
    (repo_dir / "raw.txt.dvc").write_text("outs:\n- {path: raw.txt, hash: md5}\n")
    every_param = "{f: .nan, d: [1, {e: 2}], t: true, n: null}"
    (repo_dir / "other.yaml").write_text(every_param)
    add_stages(repo_dir, {"new": {"cmd": ["a", "b"], "params": [{"other.yaml": ["f", "d", "t"]}]}})
    text = (repo_dir / "dvc.lock").read_text("utf-8")
    more = f"  new: {{cmd: [a, b], params: {{other.yaml: {every_param}}}}}\n"
    (repo_dir / "dvc.lock").write_text(text + more)
    answer = client.get("/pipeline")
    model = Pipeline.model_validate_json(answer.content, strict=True)
    dumped = model.model_dump(exclude_unset=True)
    assert dumped | {"checked": ""} == answer.json() | {"checked": ""}
    assert {stage.name for stage in model.stages} >= {"new", "raw.txt.dvc"}
    for stage in model.stages:
        answer = client.get(f"/pipeline/{stage.name}")
        assert StageModel.model_validate_json(answer.content, strict=True) == stage
    schema = client.get("/openapi.json").json()["paths"]["/pipeline"]["get"]["responses"]["200"]
    reference = schema["content"]["application/json"]["schema"]["$ref"]
    assert reference.endswith("/Pipeline")


def test_repository_without_a_pipeline_has_no_stages(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / "dvc.yaml").unlink()
    (repo_dir / "dvc.lock").unlink()
    wait_for(client, [])
    document = pipeline(client)
    assert (document["stages"], document["edges"], document["lock"]) == ([], [], None)
    assert "dvc stage add" in problem_in(client.get("/pipeline/train"), 404)["fix"]
    assert client.get("/pipeline/graph").text.startswith("flowchart TD\n")


def test_a_stage_is_found_whatever_its_name(client: httpx.Client, repo_dir: Path) -> None:
    add_stages(repo_dir, {name: {"cmd": "echo", "deps": ["code.py"]} for name in ODD})
    wait_for(client, ["fresh"] * 3 + ["never_run"] * len(ODD))
    for name in ODD:
        for route in ("/pipeline/", "/pipeline/dvc.yaml:"):
            path = (route + name).encode()
            quoted = "".join(f"%{byte:02x}" for byte in path[10:]).encode()
            url = httpx.URL(client.base_url).copy_with(raw_path=path[:10] + quoted)
            answer = client.get(url)
            if name == "graph" and route == "/pipeline/":
                assert answer.text.startswith("flowchart TD\n")
            else:
                assert answer.json()["name"] == name
    assert client.get("/pipeline/odd/na:me-2024-01-01").json()["name"] == ODD[0]


def test_unknown_stage_names_the_known(client: httpx.Client) -> None:
    document = problem_in(client.get("/pipeline/trian"), 404)
    assert "'trian'" in document["detail"]
    assert "stage000, stage001, stage002" in document["fix"]


def test_graph_is_plain_text(client: httpx.Client) -> None:
    answer = client.get("/pipeline/graph")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "s0 --> s1" in answer.text


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("dvc.yaml", "stages:\n  a:\n    cmd: [x\n", "dvc.yaml, line 4, column 1: "),
        ("dvc.lock", "<<<<<<< HEAD\na: 1\n", "dvc.lock, line 1, column 1: "),
        ("data.dvc", "outs:\n- md5: ab\n  path: x\n", "data.dvc, line 2, column 3: "),
        (".dvc/config", "[core\n", ".dvc/config, line 1, column 1: "),
        ("params.yaml", "a: [\n", "params.yaml, line 2, column 1: "),
    ],
)
def test_broken_file_is_named_with_line_and_column_until_it_is_mended(
    client: httpx.Client, repo_dir: Path, name: str, content: str, where: str
) -> None:
    before = (repo_dir / name).read_bytes() if (repo_dir / name).exists() else None
    (repo_dir / name).write_text(content)
    deadline = time.monotonic() + 10
    while client.get("/pipeline").status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.02)  # the watcher takes some milliseconds to report a change
    for route in ROUTES:
        document = problem_in(client.get(route), 503)
        assert document["detail"].startswith(where)
    if before is None:
        (repo_dir / name).unlink()
    else:
        (repo_dir / name).write_bytes(before)
    wait_for(client, ["fresh"] * 3)


def test_repository_comes_goes_and_comes_back(client: httpx.Client, repo_dir: Path) -> None:
    assert states(client) == ["fresh"] * 3
    hidden = repo_dir.with_name("hidden")
    for _ in range(2):
        repo_dir.rename(hidden)
        deadline = time.monotonic() + 10
        while client.get("/pipeline").status_code == 200 and time.monotonic() < deadline:
            time.sleep(0.02)
        for route in ROUTES:
            document = problem_in(client.get(route), 503)
            assert "is not a repository" in document["detail"]
            assert "WORKSHOP_REPO" in document["fix"]
        hidden.rename(repo_dir)
        wait_for(client, ["fresh"] * 3)
    (repo_dir / "code.py").write_text("changed")
    wait_for(client, ["stale"] * 3)


def test_repository_made_after_the_start_is_shown(
    environment: pytest.MonkeyPatch, repo_dir: Path
) -> None:
    shutil.rmtree(repo_dir)
    repo_dir.mkdir()
    with running.in_thread() as url, http_client(url) as client:
        assert "no .git, no .dvc" in problem_in(client.get("/pipeline"), 503)["detail"]
        subprocess.run(["git", "init", "-q", str(repo_dir)], check=True, timeout=60)
        document = problem_in(client.get("/pipeline"), 503)
        assert "not a DVC repository" in document["detail"]
        assert document["fix"] == "dvc init"
        shutil.rmtree(repo_dir)
        made_repository.make(repo_dir, stages=2, files_per_stage=1)
        assert states(client) == ["fresh"] * 2


def test_a_folder_in_a_repository_is_none_itself(
    environment: pytest.MonkeyPatch, repo_dir: Path
) -> None:
    (repo_dir / "attendee").mkdir()
    environment.setenv("WORKSHOP_REPO", str(repo_dir / "attendee"))
    with running.in_thread() as url, http_client(url) as client:
        assert "is not a repository" in problem_in(client.get("/pipeline"), 503)["detail"]


def test_a_long_check_delays_no_other_request(
    client: httpx.Client, repo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert states(client) == ["fresh"] * 3
    looking, done = threading.Event(), threading.Event()
    look = Workspace.state

    def slow(*arguments: Any) -> dvcstate.ProjectState:
        looking.set()
        done.wait(10)
        return look(*arguments)

    monkeypatch.setattr(Workspace, "state", slow)
    (repo_dir / "code.py").write_text("changed")
    with ThreadPoolExecutor(1) as pool:
        deadline = time.monotonic() + 10
        while not looking.is_set() and time.monotonic() < deadline:
            waiting = pool.submit(client.get, "/pipeline")
            looking.wait(0.1)
        try:
            assert client.get("/healthz").status_code == 200
            assert not waiting.done()
        finally:
            done.set()
        assert [each["state"] for each in waiting.result().json()["stages"]] == ["stale"] * 3


def test_the_service_ends_while_a_look_is_stuck(
    environment: pytest.MonkeyPatch, repo_dir: Path
) -> None:
    looking, stuck = threading.Event(), threading.Event()

    def never(self: Workspace, touched: object) -> None:
        looking.set()
        stuck.wait(60)

    environment.setattr(Workspace, "state", never)
    environment.setattr("dvcstate.live.PATIENCE_S", 1.0)
    with ThreadPoolExecutor(1) as pool:
        with running.in_thread() as url, http_client(url) as client:
            waiting = pool.submit(client.get, "/pipeline")
            assert looking.wait(10)
            assert not waiting.done()
            start = time.monotonic()
            assert "is not done yet" in problem_in(waiting.result(), 503)["detail"]
        assert time.monotonic() - start < running.START_SECONDS / 2
    stuck.set()
