"""What starting the service takes until its first prediction: time, processor time, memory.

It serves the model of this repository (``dvc repro`` first), on one poster of data/raw. Linux
alone: the peak memory of another process is read from /proc.
"""

import argparse
import re
import statistics
import tempfile
from pathlib import Path

import httpx

from benchmarks.serving.servers import ROOT, Contender, python_module, run_server

POSTER = ROOT / "data" / "raw" / "Images" / "gp000002.jpg"
SERVICE = Contender("service", python_module("uvicorn", "service.main:app", "--port", "PORT"))


def main() -> None:
    """Start it several times and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_start", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = [_measure_start(Path(folder, "service.log")) for _ in range(options.runs)]
    wall, cpu, megabytes = (statistics.median(values) for values in zip(*runs, strict=True))
    print(f"first prediction after {wall:.2f} s ({cpu:.2f} s of processor time)")
    print(f"at most {megabytes:.0f} MB of memory after 20 predictions")


def _measure_start(log_path: Path) -> tuple[float, float, float]:
    """(wall seconds, processor seconds) until the first answer, and the peak memory in MB."""
    poster = POSTER.read_bytes()
    with run_server(SERVICE, poster, log_path) as server:
        cpu = server.cpu_seconds()
        for _ in range(20):
            url = f"http://127.0.0.1:{server.port}/predict"
            httpx.post(url, files={"file": poster}, trust_env=False).raise_for_status()
        return server.cold_start, cpu, _peak_megabytes(server.process.pid)


def _peak_megabytes(pid: int) -> float:
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert peak is not None, "VmHWM is in every status file of Linux"
    return int(peak[1]) / 1024


if __name__ == "__main__":
    main()
