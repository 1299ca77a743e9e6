"""What starting the service takes until its first prediction: time, processor time, memory.

It serves the model of this repository (``dvc repro`` first), on one poster of data/raw. Linux
alone: memory and processor time of another process are read from /proc.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
POSTER = ROOT / "data" / "raw" / "Images" / "gp000002.jpg"


def main() -> None:
    """Start it several times and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_start", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--port", type=int, default=8765)
    options = parser.parse_args()
    runs = [_measure_start(options.port) for _ in range(options.runs)]
    wall, cpu, megabytes = (statistics.median(values) for values in zip(*runs, strict=True))
    print(f"first prediction after {wall:.2f} s ({cpu:.2f} s of processor time)")
    print(f"at most {megabytes:.0f} MB of memory after 20 predictions")


def _measure_start(port: int) -> tuple[float, float, float]:
    """(wall seconds, processor seconds) until the first answer, and the peak memory in MB."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "uvicorn", "service.main:app", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _predict_when_up(port)
            wall, cpu = time.perf_counter() - start, processor_seconds(process.pid)
            for _ in range(20):
                _predict(port)
            return wall, cpu, _peak_megabytes(process.pid)
        finally:
            process.terminate()


def _predict_when_up(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return _predict(port)
        except httpx.ConnectError:
            time.sleep(0.01)
    raise SystemExit("the service did not start; try uvicorn service.main:app")


def _predict(port: int) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/predict", files={"file": POSTER.read_bytes()}, trust_env=False
    )
    answer.raise_for_status()


def processor_seconds(pid: int) -> float:
    """What the process ``pid`` has used so far, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_megabytes(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None, "VmHWM is in every status file of Linux"
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
