"""A real service, in a process of its own or in a thread: uvicorn on a free port."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvicorn

from service.main import create_app

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


@dataclass(frozen=True)
class RunningService:
    """A service that listens."""

    url: str
    pid: int
    log_path: Path

    @property
    def port(self) -> int:
        """Where on 127.0.0.1 it listens."""
        return int(self.url.rpartition(":")[2])

    def peak_megabytes(self, *, with_children: bool = False) -> float:
        """The most memory that the process ever held (Linux: VmHWM), and its decoder."""
        children = psutil.Process(self.pid).children(recursive=True) if with_children else []
        return sum(peak_megabytes(pid) for pid in (self.pid, *(child.pid for child in children)))


def peak_megabytes(pid: int) -> float:
    """The most memory that one process ever held (Linux: VmHWM)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6


@contextmanager
def in_process(
    repo_dir: Path,
    log_path: Path,
    environment: Mapping[str, str] | None = None,
    python: Path | None = None,
    launcher: Sequence[str] = ("-m", "uvicorn"),
    arguments: Sequence[str] = (),
) -> Iterator[RunningService]:
    """The service of ``repo_dir``, from when it listens until the block ends.

    ``python`` is that of an environment in which the service is installed; else this checkout runs.
    """
    command = [str(python or sys.executable), *launcher, "service.main:app", "--port", "0"]
    command += arguments
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=log_path.parent,
            env={
                **os.environ,
                "PYTHONPATH": "" if python else str(ROOT),
                "WORKSHOP_REPO": str(repo_dir),
                "WORKSHOP_DRAIN_SECONDS": "0",  # it would wait for others at every end
                **(environment or {}),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield RunningService(_address(process, log_path), process.pid, log_path)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _address(process: subprocess.Popen[bytes], log_path: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"running on (http://[0-9.]+:\d+)", log_path.read_text())
        if found:
            return found[1]
        time.sleep(0.02)
    raise AssertionError(f"the service did not start:\n{log_path.read_text()}")


@contextmanager
def in_thread(root_path: str = "") -> Iterator[str]:
    """The address of a service in this process, where a test can reach into it."""
    config = uvicorn.Config(create_app(), port=0, log_config=None, root_path=root_path)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert server.started, "the service did not start"
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
