"""What a static check of the finished repository costs, beside one ``dvc status`` of it.

``python -m benchmarks.grading [--rounds N] [--repo PATH]``; in each round each runs once, so that a
busy machine slows both. Without ``--repo`` the solution of a small start is made first. The first
check, which has to judge the model and hash the cache, is told apart.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.temporary_folder import temporary_folder
from workshop.start import reference, starter

_SMALL = reference.Preset(300, {"train": {"epochs": 1, "fine_tuning_epochs": 1}})
_COMMANDS = {
    "grader check --offline": ("-m", "grader", "check", "--offline"),
    "grader check": ("-m", "grader", "check"),
    "dvc status": ("-P", "-m", "dvc", "status"),
}


def main() -> None:
    """Make a repository where none is named, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often each runs (default: 7)")
    parser.add_argument("--repo", type=Path, help="a finished repository, in place of a new one")
    options = parser.parse_args()
    with temporary_folder() as folder:
        os.environ |= {
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(Path(folder, "site")),
            "DVC_WORKSHOP_CACHE_DIR": str(Path(folder, "own")),
            "PYTHONPATH": str(Path(__file__).parents[1]),  # this checkout, installed or not
            "PYTHONPYCACHEPREFIX": str(Path(folder, "compiled")),
        }
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        repo = options.repo or Path(folder, "repo")
        if not options.repo:
            starter.make_repository(repo, at=starter.END, preset=_SMALL)
        _compare(repo, options.rounds)


def _compare(repo: Path, rounds: int) -> None:
    first = _seconds(repo, "grader check --offline")
    for name in _COMMANDS:
        _seconds(repo, name)
    taken: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(rounds):
        for name, times in taken.items():
            times.append(_seconds(repo, name))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print(f"first check of all   {first:6.3f} s")
    for name, median in medians.items():
        print(f"{name:<24} {median:6.3f} s")
    ratio = medians["grader check --offline"] / medians["dvc status"]
    print(f"static check / dvc status: {ratio:.2f}")


def _seconds(repo: Path, name: str) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *_COMMANDS[name]], cwd=repo, capture_output=True, timeout=120, check=False
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
