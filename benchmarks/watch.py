"""What `grader watch` costs: the CPU of one grade after a change, children included.

``python -m benchmarks.watch [--rounds N] [--repo PATH]``. Without ``--repo`` the solution of a
small start is made first. In turn a param, the code of a stage, dvc.yaml and dvc.lock change, and a
commit is made; the first grade of a process is told apart. An idle watcher's CPU is told too.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from grader.facts.snapshot_cache import SnapshotCache
from grader.grading import grade
from workshop.start import reference, starter

_SMALL = reference.Preset(300, {"train": {"epochs": 1, "fine_tuning_epochs": 1}})
_LIMIT_S = 0.1
_IDLE_S = 20.0


def main() -> None:
    """Make a repository where none is named, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often each (default: 20)")
    parser.add_argument("--repo", type=Path, help="a finished repository, in place of a new one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DVC_WORKSHOP_CACHE_DIR"] = str(Path(folder, "own"))
        repo = Path(folder, "repo")
        if options.repo:
            _git(repo.parent, "clone", "--quiet", str(options.repo), str(repo))
        else:
            starter.make_repository(repo, at=starter.END, preset=_SMALL)
        _regrades(repo, options.rounds)
        _idle(repo)


def _regrades(repo: Path, rounds: int) -> None:
    cache = SnapshotCache()
    print(f"first grade                {_cpu(lambda: _grade(repo, cache)) * 1000:4.0f} ms")
    kinds: dict[str, Callable[[], None]] = {
        "params.yaml": lambda: _append(repo / "params.yaml"),
        "pipeline/evaluate/evaluation.py": lambda: _append(
            repo / "pipeline" / "evaluate" / "evaluation.py"
        ),
        "dvc.yaml": lambda: _append(repo / "dvc.yaml"),
        "dvc.lock": lambda: _append(repo / "dvc.lock"),
        "a commit": lambda: _commit(repo),
        "nothing": lambda: None,
    }
    worst = 0.0
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, change in kinds.items():
            change()
            taken[name].append(_cpu(lambda: _grade(repo, cache)))
    for name, times in taken.items():
        median, most = statistics.median(times) * 1000, max(times) * 1000
        worst = max(worst, median)
        print(f"after {name:<20} {median:4.0f} ms of CPU, at most {most:.0f}")
    print(f"highest median: {worst:.0f} ms; wanted: at most {_LIMIT_S * 1000:.0f} ms")
    cache.close()


def _grade(repo: Path, cache: SnapshotCache) -> None:
    grade(repo, offline=True, cache=cache)


def _append(path: Path) -> None:
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write("# A line.\n")


def _commit(repo: Path) -> None:
    words = ["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-aqm", "x"]
    _git(repo, *words)


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, timeout=60)  # noqa: S607 - on PATH


def _cpu(call: Callable[[], None]) -> float:
    """Seconds of CPU that ``call`` takes, git's processes included."""
    before = _spent()
    call()
    return _spent() - before


def _spent() -> float:
    """To the microsecond: os.times counts in hundredths."""
    if sys.platform == "win32":
        return time.process_time()
    import resource

    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _idle(repo: Path) -> None:
    """The CPU of a whole watcher while nothing changes, git's processes included."""
    process = psutil.Popen(
        [sys.executable, "-m", "grader", "watch", "--repo", str(repo)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        time.sleep(4)
        before = sum(process.cpu_times()[:4])  # then comes the time that it waits for the disk
        time.sleep(_IDLE_S)
        spent = sum(process.cpu_times()[:4]) - before
    finally:
        process.terminate()
        process.wait(30)
    print(f"idle: {spent / _IDLE_S * 1000:.1f} ms of CPU a second")


if __name__ == "__main__":
    main()
