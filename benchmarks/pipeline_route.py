"""What ``GET /pipeline`` costs the service while nothing changes, by the size of the repository.

Processor time of the service a request, beside that of ``GET /healthz``, which answers nothing.
Linux alone: processor time of another process is read from /proc.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks import made_repository
from benchmarks.service_start import ROOT, processor_seconds

SIZES = ((6, 500), (20, 50), (200, 100))


def main() -> None:
    """Serve one repository after the other and print a line for each."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline_route", description=__doc__
    )
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--port", type=int, default=8766)
    options = parser.parse_args()
    print(f"{'stages':>8} {'files':>8} {'KB':>6} {'/pipeline ms':>13} {'/healthz ms':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for stages, files in SIZES:
            root = made_repository.make(Path(folder, f"{stages}"), stages, files)
            with _serve(root, Path(folder, "cache"), options.port) as (pid, http):
                size = len(http.get("/pipeline").content)
                time.sleep(3)  # until it is watched
                each = [_cpu_ms(pid, http, r, options.requests) for r in ("/pipeline", "/healthz")]
            print(
                f"{stages:>8} {stages * files:>8,} {size / 1000:>6.0f} "
                f"{each[0]:>13.2f} {each[1]:>12.2f}",
                flush=True,
            )


@contextmanager
def _serve(root: Path, cache_dir: Path, port: int) -> Iterator[tuple[int, httpx.Client]]:
    command = [sys.executable, "-m", "uvicorn", "service.main:app", "--port", str(port)]
    command += ["--no-access-log"]
    environment = {"WORKSHOP_REPO": str(root), "DVC_WORKSHOP_CACHE_DIR": str(cache_dir)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
                _wait_until_up(http)
                yield process.pid, http
        finally:
            process.terminate()


def _wait_until_up(http: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            http.get("/healthz").raise_for_status()
            return
        except httpx.ConnectError:
            time.sleep(0.01)
    raise SystemExit("the service did not start; try uvicorn service.main:app")


def _cpu_ms(pid: int, http: httpx.Client, route: str, requests: int) -> float:
    """Milliseconds of processor time a request."""
    before = processor_seconds(pid)
    for _ in range(requests):
        http.get(route).raise_for_status()
    return (processor_seconds(pid) - before) / requests * 1000


if __name__ == "__main__":
    main()
