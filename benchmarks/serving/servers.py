"""Starting a server, and what its processes use."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.serving.client import BOUNDARY, request

ROOT = Path(__file__).parents[2]
START_SECONDS = 90


@dataclass(frozen=True)
class Contender:
    """A way to serve the model: a command, with PORT in it, and its environment variables."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunningServer:
    """A contender that answers."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    cold_start: float
    """Seconds from the start of its process to its first answer."""

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """What all its processes have used so far, in steps of 10 ms."""
        return sum(sum(each.cpu_times()[:4]) for each in self._tree())

    def megabytes(self) -> tuple[float, float]:
        """PSS, in which shared pages are divided among those who share them, and RSS."""
        infos = [each.memory_full_info() for each in self._tree()]
        return sum(each.pss for each in infos) / 1e6, sum(each.rss for each in infos) / 1e6


@contextmanager
def run_server(contender: Contender, poster: bytes, log_path: Path) -> Iterator[RunningServer]:
    """The contender from its first answer to ``poster`` until the block ends."""
    port = _free_port()
    command = [part.replace("PORT", str(port)) for part in contender.command]
    with log_path.open("ab") as log:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **contender.environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for_answer(process, port, poster, log_path)
        yield RunningServer(contender.name, port, process, time.perf_counter() - begin)
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for_answer(
    process: subprocess.Popen[bytes], port: int, poster: bytes, log_path: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(
                "POST",
                "/predict",
                request([poster]).partition(b"\r\n\r\n")[2],
                {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"},
            )
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise SystemExit(f"{log_path.stem} did not start; its log:\n{log_path.read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and what it started: it leads a process group of its own."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def python_module(*arguments: str) -> tuple[str, ...]:
    """A command of this environment's Python."""
    return (sys.executable, "-m", *arguments)
