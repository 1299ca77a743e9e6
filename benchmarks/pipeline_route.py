"""What ``GET /pipeline`` costs the service while nothing changes, by the size of the repository.

Processor time of the service a request, beside that of ``GET /healthz``, which answers nothing.
"""

import argparse
import time
from pathlib import Path

import httpx
import psutil

from benchmarks import made_repository
from benchmarks.temporary_folder import temporary_folder
from tests.service import running

SIZES = ((6, 500), (20, 50), (200, 100))
WATCHED_AFTER = 3
"""Seconds from the start of the service until it watches the largest repository."""


def main() -> None:
    """Serve one repository after the other and print a line for each."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline_route", description=__doc__
    )
    parser.add_argument("--requests", type=int, default=2000)
    options = parser.parse_args()
    print(f"{'stages':>8} {'files':>8} {'KB':>6} {'/pipeline ms':>13} {'/healthz ms':>12}")
    with temporary_folder() as folder:
        environment = {"DVC_WORKSHOP_CACHE_DIR": str(Path(folder, "cache"))}
        for stages, files in SIZES:
            root = made_repository.make(Path(folder, f"{stages}"), stages, files)
            with (
                running.in_process(
                    root, Path(folder, "log"), environment, arguments=["--no-access-log"]
                ) as service,
                httpx.Client(base_url=service.url, trust_env=False) as http,
            ):
                size = len(http.get("/pipeline").content)
                time.sleep(WATCHED_AFTER)
                costs = [
                    _cpu_ms(service.pid, http, route, options.requests)
                    for route in ("/pipeline", "/healthz")
                ]
            print(
                f"{stages:>8} {stages * files:>8,} {size / 1000:>6.0f} "
                f"{costs[0]:>13.2f} {costs[1]:>12.2f}",
                flush=True,
            )


def _cpu_ms(pid: int, http: httpx.Client, route: str, requests: int) -> float:
    """Milliseconds of processor time a request."""
    before = sum(psutil.Process(pid).cpu_times()[:2])
    for _ in range(requests):
        http.get(route).raise_for_status()
    return (sum(psutil.Process(pid).cpu_times()[:2]) - before) / requests * 1000


if __name__ == "__main__":
    main()
