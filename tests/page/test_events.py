"""The events of the page over HTTP: who gets them, how often, and what stays behind."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.service import running
from tests.service.problem import problem_in

PREFIX = "/workshop"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small repository, of no workshop."""
    repo = tmp_path_factory.mktemp("events") / "repo"
    (repo / ".dvc").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    (repo / ".dvc" / "config").write_text("")
    (repo / "dvc.yaml").write_text("stages:\n  a: {cmd: x}\nmetrics: [m.json]\n")
    (repo / "m.json").write_text('{"a": 1}')
    return repo


@pytest.fixture(scope="module")
def service(
    repo: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[running.RunningService]:
    """It is told that it stands behind a proxy that takes off a prefix."""
    log = tmp_path_factory.mktemp("log") / "log"
    with running.in_process(repo, log, arguments=("--root-path", PREFIX)) as service:
        httpx.get(f"{service.url}/", trust_env=False, timeout=30)
        yield service


@contextmanager
def events(
    service: running.RunningService, query: str = "", **headers: str
) -> Iterator[Iterator[str]]:
    """The lines of an open stream of the parts as HTML."""
    address = f"{service.url}/events?as=html{query}"
    with (
        httpx.Client(timeout=15, trust_env=False) as client,
        client.stream("GET", address, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        yield answer.iter_lines()


def id_of_all(lines: Iterator[str]) -> str:
    """The id of the event with which a page has all four parts."""
    return next(line[4:] for line in lines if re.fullmatch(r"id: (?:\w{12}\.){3}\w{12}", line))


def test_a_page_that_has_all_gets_the_next_change_alone(
    service: running.RunningService, repo: Path
) -> None:
    with events(service) as lines:
        seen = id_of_all(lines)
    for query, headers in ((f"&seen={seen}", {}), ("", {"Last-Event-ID": seen})):
        with events(service, query, **headers) as lines:
            time.sleep(1)
            (repo / "m.json").write_text(f'{{"a": {time.time()}}}')
            assert next(line for line in lines if line.startswith("event: ")) == "event: results"
        with events(service) as lines:
            seen = id_of_all(lines)


@pytest.mark.parametrize("seen", ["x", "a.b.c.d", "%0Aevent: x", "%00" * 50, "." * 200, "\u202e"])
def test_what_is_no_id_of_ours_is_not_sent_back(service: running.RunningService, seen: str) -> None:
    with events(service, f"&seen={seen}") as lines:
        head = [next(lines) for _ in range(4)]
    assert head[0] == "retry: 1000"
    assert re.fullmatch(r"id: [0-9a-f.]+", head[2])
    assert head[3].startswith("event: ")


def test_a_question_for_the_head_of_events_ends(service: running.RunningService) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        for _ in range(2):  # on one connection: the first answer has ended
            connection.sendall(b"HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_what_a_page_of_another_site_embeds_is_refused(
    service: running.RunningService, http: httpx.Client
) -> None:
    """A browser names no origin for an <img>, and says that it is on another site."""
    for site in ("cross-site", "same-site"):
        for method, path in (("GET", "/events"), ("POST", "/predict"), ("POST", "/try")):
            answer = http.request(method, f"{service.url}{path}", headers={"Sec-Fetch-Site": site})
            problem_in(answer, 403)
        foreign = {"Origin": "https://example.org"}
        problem_in(http.get(f"{service.url}/events", headers=foreign), 403)
    own = http.post(f"{service.url}/predict", headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code != 403


def test_pages_that_come_and_go_leave_no_thread(service: running.RunningService) -> None:
    process = psutil.Process(service.pid)
    with events(service) as lines:
        next(lines)
        before = process.num_threads()
    for _ in range(40):
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
            connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(100)
    assert process.num_threads() <= before + 3


@pytest.mark.parametrize("wait_s", [0.1, 3])
def test_a_service_ends_with_pages_that_do_not_read(
    repo: Path, tmp_path: Path, wait_s: float
) -> None:
    """Also where the signal comes while the page is loaded for the first of them."""
    with running.in_process(repo, tmp_path / "log") as service:
        connections = []
        for _ in range(3):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect(("127.0.0.1", service.port))
            connection.sendall(b"GET /events?as=html HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connections.append(connection)
        time.sleep(wait_s)
        start = time.monotonic()
    assert time.monotonic() - start < 10
    for connection in connections:
        connection.close()
