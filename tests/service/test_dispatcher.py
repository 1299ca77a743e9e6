"""What every request has: its id, its count, its line in the log, and an answer."""

import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.app import dispatcher
from service.inference import prediction_json, predictor
from service.resources import Resources
from service.routes import app
from tests.service import onnx_models, pictures, running
from tests.service.conftest import http_client
from tests.service.problem import problem_in

WAYS = ("", "?top=1", "?top=01")
"""The first two are answered by ``service.app.dispatcher`` itself, the last by the routes."""


@pytest.fixture(autouse=True)
def model_path(repo_dir: Path) -> Path:
    return onnx_models.install(repo_dir, onnx_models.model())


def predict(client: httpx.Client, query: str = "", **headers: str) -> httpx.Response:
    files = {"file": pictures.plain()}
    return client.post(f"/predict{query}", files=files, headers=headers)


def test_a_sane_id_is_taken_over_and_others_are_made(client: httpx.Client) -> None:
    for query in WAYS:
        assert (
            predict(client, query, **{"X-Request-ID": "a-1.B"}).headers["x-request-id"] == "a-1.B"
        )
    for bad in (b"", b"a b", b'a"', b"\xe4", b"x" * 101):
        prediction_json = client.get("/healthz", headers={b"X-Request-ID": bad})
        assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", prediction_json.headers["x-request-id"])
    made = {client.get("/healthz").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3


def test_problems_name_their_request(client: httpx.Client) -> None:
    for path, status in (("/nowhere", 404), ("/results/plots/none.png", 404)):
        problem_in(
            client.get(path, headers={"X-Request-ID": "mine"}), status
        )  # which compares both
    problem_in(client.post("/predict", content=b"x", headers={"X-Request-ID": "mine"}), 415)


@pytest.mark.parametrize("query", WAYS)
def test_a_bug_is_named_and_counted(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(predictor, "predictions_json", broken)
    assert "ZeroDivisionError" in problem_in(predict(client, query), 500)["detail"]
    assert count(client, "http_requests_total", route="/predict", status="500") == 1


def test_routes_are_loaded_once_for_the_first_requests(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Resources] = []
    create_routes = app.create_routes

    def count_calls(resources: Resources) -> FastAPI:
        calls.append(resources)
        return create_routes(resources)

    monkeypatch.setattr(app, "create_routes", count_calls)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client.get, ["/results/plots"] * 8))
    assert [prediction_json.status_code for prediction_json in answers] == [200] * 8
    assert len(calls) == 1


def test_routes_that_do_not_load_are_a_bug_and_loaded_again(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(app, "create_routes", lambda _: 1 / 0)
        assert "ZeroDivisionError" in problem_in(client.get("/results/plots"), 500)["detail"]
    assert client.get("/results/plots").status_code == 200


def test_predictions_go_on_while_the_routes_load(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, done = threading.Event(), threading.Event()
    create_routes = app.create_routes

    def wait_first(resources: Resources) -> FastAPI:
        loading.set()
        assert done.wait(20)
        return create_routes(resources)

    monkeypatch.setattr(app, "create_routes", wait_first)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, "/results/plots")
        try:
            assert loading.wait(20)
            assert predict(client).status_code == 200
            assert client.get("/healthz").json() == {"status": "alive"}
            assert not waiting.done()
        finally:
            done.set()
        assert waiting.result().status_code == 200


def test_the_routes_answer_as_the_dispatcher_does(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers() -> list[tuple[bytes, str]]:
        found = [client.get(path) for path in ("/healthz", "/readyz")]
        queries = ("?top=2", "?threshold=0.5", "?top=1&threshold=0", "?threshold=1", "")
        found += [predict(client, query) for query in queries]
        return [(each.content, each.headers["content-type"]) for each in found]

    direct = answers()

    async def no_answer(*_: object) -> None:
        return None

    monkeypatch.setattr(dispatcher, "_direct_answer", no_answer)
    assert answers() == direct


def test_the_dispatcher_answers_behind_a_proxy_with_a_path_of_its_own(
    environment: pytest.MonkeyPatch,
) -> None:
    with running.in_thread("/room") as url, http_client(url) as client:
        with environment.context() as alone:
            alone.setattr(app, "create_routes", lambda _: 1 / 0)
            assert predict(client).status_code == 200
            assert client.get("/healthz").json() == {"status": "alive"}
        assert count(client, "http_requests_total", route="/predict", status="200") == 1
        assert "/room/openapi.json" in client.get("/docs").text


def test_a_service_that_was_not_started_says_so(repo_dir: Path, tmp_path: Path) -> None:
    arguments = ("--lifespan", "off")
    with (
        running.in_process(repo_dir, tmp_path / "log", arguments=arguments) as unstarted,
        http_client(unstarted.url) as client,
    ):
        for path in ("/healthz", "/docs"):
            assert "--lifespan off" in client.get(path).json()["fix"]
        assert predict(client).status_code == 503
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("query", ["top=0", "top=x", "threshold=1.5", "threshold=-1", "top=1.5"])
def test_a_wrong_query_is_left_to_the_routes(client: httpx.Client, query: str) -> None:
    assert query.partition("=")[0] in problem_in(predict(client, f"?{query}"), 422)["detail"]


def test_an_answer_that_is_no_number_is_a_bug(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction_json, "sum", lambda _: float("nan"), raising=False)
    assert "ValueError" in problem_in(predict(client), 500)["detail"]


def count(client: httpx.Client, name: str, **labels: str) -> float:
    """The sum of a metric over what has these labels."""
    text = client.get("/metrics").text
    found = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    return sum(float(value) for about, value in found if wanted <= set(about.split(",")))


def test_a_client_that_disconnects_in_the_body_is_no_error_of_the_service(
    client: httpx.Client,
) -> None:
    for query in (b"", b"?top=01"):
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as half:
            half.sendall(
                b"POST /predict%b HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
                b"Content-Length: 100\r\n\r\n\x89PNG" % query
            )
            time.sleep(0.1)
    for _ in range(100):
        if count(client, "http_requests_total", route="/predict", status="400") == 2:
            break
        time.sleep(0.05)
    assert count(client, "http_requests_total", route="/predict", status="400") == 2
    assert count(client, "http_requests_total", status="500") == 0


def test_metrics_count_by_route_and_status(client: httpx.Client) -> None:
    predict(client)
    predict(client, "?top=1")
    client.post("/predict", files=[("file", pictures.plain())] * 3)
    client.post("/predict", content=b"x")
    client.get("/pipeline/graph")
    for path in ("/nowhere", "/elsewhere", "/results/plots/a.png", "/results/plots/b.png"):
        client.get(path)
    assert count(client, "http_requests_total", method="POST", route="/predict", status="200") == 3
    assert count(client, "http_requests_total", route="/predict", status="415") == 1
    assert count(client, "http_requests_total", route="/pipeline/graph") == 1
    assert count(client, "http_requests_total", route="none", status="404") == 2
    assert count(client, "http_requests_total", route="/results/plots/{name}", status="404") == 2
    assert count(client, "http_request_duration_seconds_count", route="/predict") == 4
    assert count(client, "predicted_posters_total") == 5
    assert count(client, "http_requests_in_flight") == 1  # this one


def test_a_request_that_is_broken_off_does_not_stay_in_flight(
    client: httpx.Client,
) -> None:
    for _ in range(3):
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as half:
            half.sendall(
                b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
                b"Content-Length: 100\r\n\r\n\x89PNG"
            )
    assert predict(client).status_code == 200
    assert count(client, "http_requests_in_flight") == 1


def test_workers_count_together(repo_dir: Path, tmp_path: Path) -> None:
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts")}
    arguments = ("--workers", "2")
    with running.in_process(
        repo_dir, tmp_path / "service.log", environment, arguments=arguments
    ) as service:
        wait_until_a_worker_listens(service.url)
        for _ in range(12):
            with http_client(service.url) as client:  # another connection, maybe another worker
                assert predict(client).status_code == 200
        with http_client(service.url) as client:
            assert count(client, "http_requests_total", route="/predict", status="200") == 12
            assert count(client, "predicted_posters_total") == 12
            assert count(client, "http_requests_in_flight") == 1


def wait_until_a_worker_listens(url: str) -> None:
    deadline = time.monotonic() + running.START_SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.ConnectError):
            httpx.get(f"{url}/healthz", trust_env=False)
            return
        time.sleep(0.05)


def test_access_log_is_one_json_line_a_request(repo_dir: Path, tmp_path: Path) -> None:
    log_path = tmp_path / "service.log"
    with (
        running.in_process(repo_dir, log_path, {"WORKSHOP_ACCESS_LOG": "1"}) as service,
        http_client(service.url) as client,
    ):
        prediction_json = predict(client, **{"X-Request-ID": "mine"})
        client.get('/now"here')
    first, second = [
        json.loads(line) for line in log_path.read_text().splitlines() if line.startswith("{")
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first.pop("time"))
    assert first.pop("duration_ms") > 0
    assert first == {
        "method": "POST",
        "path": "/predict",
        "status": 200,
        "bytes": len(prediction_json.content),
        "request_id": "mine",
        "model": prediction_json.json()["model"]["md5"],
    }
    assert (second["path"], second["status"]) == ('/now"here', 404)
    assert '"POST /predict HTTP' not in log_path.read_text()  # uvicorn's own
