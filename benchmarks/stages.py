"""What each stage costs: time on the clock, processor time, and their ratio, the cores in use.

Each stage runs in a process of its own, as DVC runs it, on the posters under data/raw or on those
of another data set; what it writes goes to a temporary folder. At the end the metrics.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run the pipeline, stage by stage, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("--raw", type=Path, default=ROOT / "data" / "raw", help="raw data set")
    parser.add_argument("--until", help="the last stage to run")
    parser.add_argument("--runs", type=int, default=1, help="runs of each stage; medians are shown")
    options = parser.parse_args()
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))["stages"]
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'stage':12} {'wall s':>8} {'cpu s':>8} {'cores':>6}")
        for name, stage in stages.items():
            command = _command(stage["cmd"], options.raw.resolve(), Path(folder))
            runs = [_measured(command) for _ in range(options.runs)]
            wall, cpu = (statistics.median(seconds) for seconds in zip(*runs, strict=True))
            print(f"{name:12} {wall:8.2f} {cpu:8.2f} {cpu / wall:6.2f}", flush=True)
            if name == options.until:
                return
        print((Path(folder) / "results" / "metrics" / "test.json").read_text("utf-8"))


def _command(recorded: str, raw_dir: Path, folder: Path) -> list[str]:
    """The command that dvc.yaml records, but reading ``raw_dir`` and writing under ``folder``."""
    _, *words = recorded.split()
    places = {"data/raw": raw_dir}
    return [
        sys.executable,
        *(str(places.get(word, folder / word)) if "/" in word else word for word in words),
    ]


def _measured(command: list[str]) -> tuple[float, float]:
    """(wall, processor) seconds of one run of ``command``."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, os.times()
    user = after.children_user - before.children_user
    return wall, user + after.children_system - before.children_system


if __name__ == "__main__":
    main()
