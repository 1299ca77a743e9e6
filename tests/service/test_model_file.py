"""A model that comes, goes, breaks and changes while the service runs."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from service.inference import model_file
from service.inference.model import md5
from tests.service import onnx_models, pictures, running
from tests.service.problem import problem_in

MODEL_PATH = Path("models", "classifier.onnx")


def predict(client: httpx.Client) -> httpx.Response:
    return client.post("/predict?top=1", files={"file": ("a.jpg", pictures.plain())})


def served_md5(client: httpx.Client) -> str:
    answer = predict(client)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["model"]["md5"])


def wait_until(fact: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def test_without_a_model_the_commands_are_named(client: httpx.Client) -> None:
    for answer in (predict(client), client.get("/readyz")):
        document = problem_in(answer, 503)
        assert "models/classifier.onnx: there is no such file" in document["detail"]
        assert "dvc repro" in document["fix"]
        assert "dvc pull" in document["fix"]
        assert "retry-after" in answer.headers
    assert client.get("/healthz").json() == {"status": "alive"}


def test_new_model_is_served_without_a_restart(client: httpx.Client, repo_dir: Path) -> None:
    problem_in(client.get("/readyz"), 503)
    first = onnx_models.model()
    onnx_models.install(repo_dir, first)
    assert served_md5(client) == md5(first)
    ready = client.get("/readyz").json()
    assert ready == {
        "status": "ready",
        "path": "models/classifier.onnx",
        "md5": md5(first),
        "training_data": onnx_models.TRAINING_DATA,
        "input_size": [24, 16],
        "refused": None,
    }
    second = onnx_models.model(bias=0.5)
    onnx_models.install(repo_dir, second)
    wait_until(lambda: served_md5(client) == md5(second))


def test_deleted_model_is_served_until_the_next_is_there(
    client: httpx.Client, repo_dir: Path
) -> None:
    """`dvc repro` deletes an out before it runs the stage that makes it, which takes minutes."""
    first = onnx_models.model()
    path = onnx_models.install(repo_dir, first)
    assert served_md5(client) == md5(first)
    path.unlink()
    for _ in range(10):
        assert served_md5(client) == md5(first)
    wait_until(lambda: "no such file" in str(client.get("/readyz").json()["refused"]))
    onnx_models.install(repo_dir, first)
    wait_until(lambda: client.get("/readyz").json()["refused"] is None)


BROKEN: dict[str, Callable[[], bytes]] = {
    "half of it": lambda: onnx_models.model(bias=2)[:-100],
    "nothing": lambda: b"",
    "text": lambda: b"version https://git-lfs.github.com/spec/v1\n",
    "no metadata": lambda: onnx_models.model(about={}),
    "another input": lambda: onnx_models.model(input_name="picture"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_model_never_replaces_a_good_one(
    client: httpx.Client, repo_dir: Path, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    good = onnx_models.model()
    onnx_models.install(repo_dir, good)
    assert served_md5(client) == md5(good)
    onnx_models.install(repo_dir, BROKEN[case]())
    wait_until(lambda: client.get("/readyz").json()["refused"] is not None)
    assert "models/classifier.onnx: it" in client.get("/readyz").json()["refused"]
    assert served_md5(client) == md5(good)
    (record,) = [r for r in caplog.records if r.levelname == "WARNING"]
    assert f"still serving md5 {md5(good)}" in record.getMessage()


def test_broken_model_alone_is_refused_and_then_replaced(
    client: httpx.Client, repo_dir: Path
) -> None:
    onnx_models.install(repo_dir, onnx_models.model()[:-100])
    assert "not a whole ONNX model" in problem_in(predict(client), 503)["detail"]
    good = onnx_models.model()
    onnx_models.install(repo_dir, good)
    assert served_md5(client) == md5(good)


def test_folder_in_the_models_place_gets_a_problem(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / MODEL_PATH).mkdir(parents=True)
    assert "it is not a file" in problem_in(predict(client), 503)["detail"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_pipe_in_the_models_place_does_not_hang(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / "models").mkdir()
    os.mkfifo(repo_dir / MODEL_PATH)
    assert "it is not a file" in problem_in(predict(client), 503)["detail"]


def test_model_changed_in_place_with_its_times_set_back_is_seen(
    client: httpx.Client, repo_dir: Path
) -> None:
    path = onnx_models.install(repo_dir, onnx_models.model())
    before = path.stat()
    served_md5(client)
    other = onnx_models.model(bias=-3.0)
    path.write_bytes(other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    wait_until(lambda: served_md5(client) == md5(other))


def test_model_is_read_only_once_its_writer_rests(
    client: httpx.Client, repo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer in place, slower than the requests: the mix of two models is never served."""
    monkeypatch.setattr(model_file, "QUIET_SECONDS", 0.2)
    old, new = onnx_models.model(bias=-1.0), onnx_models.model(bias=1.0)
    path = onnx_models.install(repo_dir, old)
    served = {served_md5(client)}
    with path.open("r+b", buffering=0) as file:
        for place in range(0, len(new), 40):
            file.write(new[place : place + 40])
            time.sleep(0.02)
            served.add(served_md5(client))
    assert served == {md5(old)}
    wait_until(lambda: served_md5(client) == md5(new))


def test_model_that_never_rests_gets_a_problem(
    client: httpx.Client, repo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_file, "PATIENCE_SECONDS", 0.3)
    path = onnx_models.install(repo_dir, onnx_models.model())
    with touching(path):
        assert "has been changing for 0.3 s" in problem_in(predict(client), 503)["detail"]
    assert predict(client).status_code == 200


@contextmanager
def touching(path: Path) -> Iterator[None]:
    done = threading.Event()

    def touch() -> None:
        while not done.wait(0.005):
            path.touch()

    thread = threading.Thread(target=touch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    time.sleep(0.1)


def test_swaps_under_load_never_yield_an_error(tmp_path: Path) -> None:
    """Good, broken and absent models in turn under four clients of a real service."""
    models = [onnx_models.model(bias=-1.0 + n / 4) for n in range(6)]
    path = onnx_models.install(tmp_path, models[0])
    finished = threading.Event()

    def ask(url: str) -> list[tuple[int, str]]:
        answers = []
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            while not finished.is_set():
                answer = predict(client)
                answers.append((answer.status_code, str(answer.json()["model"]["md5"])))
        return answers

    with running.in_process(tmp_path, tmp_path / "service.log") as server:
        with ThreadPoolExecutor(4) as pool:
            clients = [pool.submit(ask, server.url) for _ in range(4)]
            try:
                for content in models:
                    onnx_models.install(tmp_path, content[: len(content) // 2])
                    time.sleep(0.4)
                    path.unlink()
                    time.sleep(0.1)
                    onnx_models.install(tmp_path, content)
                    time.sleep(0.8)
            finally:
                finished.set()
        answers = [each for client in clients for each in client.result()]
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            assert served_md5(client) == md5(models[-1])
    assert {status for status, _ in answers} == {200}
    assert {md5_in_answer for _, md5_in_answer in answers} == {md5(content) for content in models}


@pytest.mark.skipif(sys.platform == "win32", reason="a file with a hole takes no disk elsewhere")
def test_a_huge_file_is_not_read(client: httpx.Client, repo_dir: Path) -> None:
    (repo_dir / "models").mkdir()
    with (repo_dir / MODEL_PATH).open("wb") as file:
        file.truncate(model_file.LARGEST_MODEL + 1)
    assert "it is larger than 1 GB" in problem_in(client.get("/readyz"), 503)["detail"]
