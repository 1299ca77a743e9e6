"""Ends and restarts of a real service under load: what was asked is answered."""

import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.service import onnx_models, pictures, running
from tests.service.conftest import http_client
from tests.service.problem import problem_in

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows ends processes without SIGTERM"
)

DRAINING = {"WORKSHOP_DRAIN_SECONDS": "5"}


@pytest.fixture
def repo_dir(repo_dir: Path) -> Path:
    onnx_models.install(repo_dir, onnx_models.model())
    return repo_dir


class Client:
    """Asks one of the ports that are open for it, over and over, on connections that it keeps."""

    def __init__(self, ports: list[int], finished: threading.Event) -> None:
        self._ports, self._finished = ports, finished
        self.outcomes: Counter[str] = Counter()

    def run(self) -> None:
        body = pictures.plain()
        while not self._finished.is_set() and self._ports:
            connection = http.client.HTTPConnection("127.0.0.1", self._ports[-1], timeout=20)
            with closing(connection):
                try:
                    connection.connect()
                except ConnectionRefusedError:  # nothing was asked: a balancer tries the next
                    time.sleep(0.01)
                    continue
                except ConnectionResetError as error:
                    self.outcomes[type(error).__name__] += 1
                    continue
                while not self._finished.is_set() and self._ask(connection, body):
                    pass

    def _ask(self, connection: http.client.HTTPConnection, body: bytes) -> bool:
        """Ask once; whether the connection may be used again."""
        try:
            connection.request("POST", "/predict", body, {"Content-Type": "image/jpeg"})
            answer = connection.getresponse()
            assert json.loads(answer.read())["predictions"]
        except (OSError, http.client.HTTPException) as error:
            self.outcomes[type(error).__name__] += 1
            return False
        self.outcomes[str(answer.status)] += 1
        return not answer.will_close


@contextmanager
def load(ports: list[int]) -> Iterator[Counter[str]]:
    """Four clients on ``ports``, a list that may change; what became of all that they asked."""
    finished, outcomes = threading.Event(), Counter[str]()
    clients = [Client(ports, finished) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(client.run) for client in clients]
        try:
            yield outcomes
        finally:
            finished.set()
        for client, run in zip(clients, runs, strict=True):
            run.result()
            outcomes.update(client.outcomes)


def test_a_rolling_restart_loses_no_request(repo_dir: Path, tmp_path: Path) -> None:
    ports: list[int] = []
    with running.in_process(repo_dir, tmp_path / "old.log", DRAINING) as old:
        ports.append(old.port)
        with load(ports) as outcomes:
            time.sleep(0.3)
            with running.in_process(repo_dir, tmp_path / "new.log", DRAINING) as new:
                os.kill(old.pid, signal.SIGTERM)
                with http_client(old.url) as client:  # as a balancer does
                    document = problem_in(client.get("/readyz"), 503)
                    assert "about to stop" in document["detail"]
                    assert client.get("/healthz").headers["connection"] == "close"
                ports[0] = new.port
                wait_until_closed(old.port)
                time.sleep(0.3)
                ports.clear()
    assert set(outcomes) == {"200"}, outcomes
    assert outcomes["200"] > 10


def wait_until_closed(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    raise AssertionError("it still takes connections")


def test_a_body_on_its_way_is_waited_for(repo_dir: Path, tmp_path: Path) -> None:
    picture = pictures.plain()
    with (
        running.in_process(repo_dir, tmp_path / "service.log", DRAINING) as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection,
    ):
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(picture)}\r\n"
        connection.sendall(head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + picture[:100])
        time.sleep(0.2)
        os.kill(service.pid, signal.SIGTERM)
        time.sleep(0.8)  # longer than a service without requests stays open
        connection.sendall(picture[100:])
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        assert json.loads(answer.read())["predictions"]
        assert answer.headers["connection"] == "close"
        wait_until_closed(service.port)


def test_a_second_sigterm_does_not_wait(repo_dir: Path, tmp_path: Path) -> None:
    with running.in_process(
        repo_dir, tmp_path / "service.log", {"WORKSHOP_DRAIN_SECONDS": "60"}
    ) as service:
        ports = [service.port]
        with load(ports):
            time.sleep(0.2)
            os.kill(service.pid, signal.SIGTERM)
            time.sleep(0.2)
            os.kill(service.pid, signal.SIGTERM)
            wait_until_closed(service.port)
            ports.clear()


def test_what_was_promised_before_a_kill_was_whole(repo_dir: Path, tmp_path: Path) -> None:
    """Whatever happens to the service, a client never takes half an answer for a whole one.

    Head and body of an answer are two writes: killed between them, the client gets an error.
    """
    with running.in_process(repo_dir, tmp_path / "service.log") as service:
        ports = [service.port]
        with load(ports) as outcomes:
            time.sleep(0.3)
            os.kill(service.pid, signal.SIGKILL)
            time.sleep(0.2)
            ports.clear()
    assert outcomes["200"] > 4
    assert set(outcomes) <= {
        *("200", "RemoteDisconnected", "ConnectionResetError", "BrokenPipeError"),
        "IncompleteRead",
    }
