"""What it costs to know the state of every stage: DVC and us, side by side in one run.

``python -m benchmarks.status [--full] [--rounds N] [--repo PATH]``; figures are medians. In each
round every contender runs once, so that a busy machine slows all of them. "Bare" is a loop of
scandir and stat and nothing else: over the tracked files, or with the cache objects as well. The
verdict depends on those too: DVC trusts an object of mode 0444 and hashes any other, and no other
look than one at each object shows its mode.
"""

import argparse
import contextlib
import functools
import hashlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import made_repository
from benchmarks.temporary_folder import temporary_folder
from dvcstate.hashes.file_hashing import HashJob, hash_files
from dvcstate.live import LiveProject
from dvcstate.workspace import Workspace

Contender = Callable[[], object]


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="up to 100,000 files, not 10,000")
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs (default: 3)")
    parser.add_argument("--repo", type=Path, help="a DVC repository to measure as well")
    options = parser.parse_args()
    rounds = options.rounds
    with temporary_folder() as folder:
        _isolate(folder / "own")
        if options.repo:
            _compare(f"the repository {options.repo}", options.repo.resolve(), rounds)
        for title, stages, files, size in (
            ("a repository like the workshop's: 6 stages, 3,000 files", 6, 500, 33_000),
            ("a large one: 200 stages, 20,000 files", 200, 100, 200),
        ):
            root = made_repository.make(folder / str(stages), stages, files, size)
            made_repository.age(root)
            _compare(title, root, rounds)
        _compare_hashing(folder, rounds)
        sizes = (1_000, 3_000, 10_000) + ((30_000, 100_000) if options.full else ())
        _print_growth(folder, sizes, rounds)


def _isolate(own: Path) -> None:
    """Leave the user's settings and caches alone.

    DVC's modules were compiled when it was installed; ours are at the first call, if that is let.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ |= {
        "DVC_NO_ANALYTICS": "1",
        "PYTHONPATH": str(Path(__file__).parents[1]),  # this checkout, installed or not
        "DVC_SITE_CACHE_DIR": str(own / "site"),
        "DVC_WORKSHOP_CACHE_DIR": str(own / "ours"),
    }


def _compare(title: str, root: Path, rounds: int) -> None:
    from dvc.repo import Repo

    workspace = Workspace(root)
    python = [sys.executable, "-P", "-m"]
    ours = [*python, "workshop", "status", "--repo", str(root)]
    with _working_in(root):
        contenders: dict[str, Contender] = {
            "dvc status": lambda: _run([*python, "dvc", "status", "--json"], root),
            "Repo().status() in process": lambda: Repo(os.curdir).status(),
            "ours, command line": lambda: _run(ours, root),
            "ours, cold in process": lambda: Workspace(root, None).state(),
            "ours, warm in process": workspace.state,
            "bare loop, tracked files": lambda: _stat_all(root, skipped=(".git", ".dvc")),
            "bare loop, with the cache": lambda: _stat_all(root, skipped=(".git",)),
        }
        times = _measure(contenders, rounds)
    print(f"\n{title}", flush=True)
    for name, seconds in times.items():
        print(f"  {name:<28} {seconds * 1000:9.1f} ms")
    warm, command = times["ours, warm in process"], times["ours, command line"]
    dvc = times["Repo().status() in process"]
    print(f"  command line: {times['dvc status'] / command:.1f} times as fast as dvc status")
    print(f"  warm: {dvc / warm:.1f} times as fast as Repo().status(),", end=" ")
    print(
        f"{warm / times['bare loop, with the cache']:.2f} of the bare loop with the cache,", end=" "
    )
    print(f"{warm / times['bare loop, tracked files']:.2f} of that over tracked files alone")


def _measure(contenders: dict[str, Contender], rounds: int) -> dict[str, float]:
    """Median seconds of each; the first round warms up and does not count."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds + 1):
        for name, contender in contenders.items():
            times[name].append(_seconds(contender))
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def _seconds(contender: Contender) -> float:
    start = time.perf_counter()
    contender()
    return time.perf_counter() - start


def _run(command: list[str], root: Path) -> None:
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=600)


def _stat_all(top: Path, skipped: tuple[str, ...] = ()) -> int:
    """Every file below ``top`` is looked at, and nothing made of it."""
    files = 0
    pending = [str(top)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name not in skipped:
                        pending.append(entry.path)
                else:
                    entry.stat()
                    files += 1
    return files


@contextlib.contextmanager
def _working_in(root: Path) -> Iterator[None]:
    """DVC's own Repo wants to be in the repository."""
    here = Path.cwd()
    os.chdir(root)
    try:
        yield
    finally:
        os.chdir(here)


def _compare_hashing(folder: Path, rounds: int) -> None:
    """Files through our hashing, against the same bytes through hashlib on the same cores.

    And against a loop of open, read, hash and close: nothing that reads files can be faster.
    """
    cores = os.cpu_count() or 1
    print(f"\ncold hashing on {cores} cores, MB/s, and what part that is of hashlib's speed")
    print(f"  {'files':>20} {'hashlib alone':>14} {'bare loop':>16} {'ours':>16}")
    for size, count in ((33_000, 2000), (1_000_000, 100), (20_000_000, 6)):
        target = folder / f"hash{size}"
        target.mkdir()
        for number in range(count):
            (target / str(number)).write_bytes(os.urandom(size))
        jobs = [HashJob(str(p), size, p.stat().st_mtime_ns) for p in target.iterdir()]
        contents = [Path(job.path).read_bytes() for job in jobs]
        ours: Contender = functools.partial(hash_files, jobs, "md5")
        alone: Contender = functools.partial(_hash_contents, contents, cores)
        bare: Contender = functools.partial(_hash_in_loop, [job.path for job in jobs], cores)
        times = _measure({"alone": alone, "bare": bare, "ours": ours}, 3 * rounds)
        speeds = {name: size * count / 1e6 / seconds for name, seconds in times.items()}
        line = f"  {f'{count} × {size / 1e6:.3f} MB':>20} {speeds['alone']:>14.0f}"
        for name in ("bare", "ours"):
            share = f"({speeds[name] / speeds['alone']:.0%})"
            line += f" {speeds[name]:>9.0f} {share:>6}"
        print(line, flush=True)


def _hash_contents(contents: list[bytes], cores: int) -> None:
    parts = [contents[start::cores] for start in range(cores)]
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(_hash_part, parts))


def _hash_part(part: list[bytes]) -> None:
    for content in part:
        hashlib.md5(content, usedforsecurity=False).hexdigest()


def _hash_in_loop(paths: list[str], cores: int) -> None:
    parts = [paths[start::cores] for start in range(cores)]
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(_hash_part_in_loop, parts))


def _hash_part_in_loop(paths: list[str]) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        digest = hashlib.md5(usedforsecurity=False)
        chunk = min(os.fstat(descriptor).st_size, 2**20)  # more would cost memory of its own
        while data := os.read(descriptor, chunk):
            digest.update(data)
            if len(data) < 2**20:
                break
        digest.hexdigest()
        os.close(descriptor)


def _print_growth(folder: Path, sizes: tuple[int, ...], rounds: int) -> None:
    """Cost against the number of files: a full look, one changed file, nothing changed."""
    print("\ncost by number of files (CPU ms): all looked at, one file changed, nothing changed")
    print(f"  {'files':>8} {'full look':>10} {'one changed':>12} {'nothing':>9}", flush=True)
    for size in sizes:
        root = made_repository.make(folder / f"grow{size}", size // 100, 100)
        made_repository.age(root)
        full, one_changed, nothing = _measure_growth(root, rounds)
        print(f"  {size:>8,} {full:>10.1f} {one_changed:>12.2f} {nothing:>9.4f}")


def _measure_growth(root: Path, rounds: int) -> tuple[float, float, float]:
    reports = _Reports()
    with LiveProject(root, watch=reports, rescan_s=3600) as live:
        while not live.watching:
            time.sleep(0.01)
        live.state()
        full = [_cpu_ms(live.workspace.state) for _ in range(rounds)]
        one_changed, nothing = [], []
        for number in range(rounds):
            path = root / "data" / "stage000" / "000000.jpg"
            path.write_text(f"changed {number}")
            version = live.version
            reports.changed = {str(path)}
            live.wait(version, 10)
            one_changed.append(_cpu_ms(live.state))
            nothing.append(_cpu_ms(live.state))
    return statistics.median(full), statistics.median(one_changed), statistics.median(nothing)


def _cpu_ms(contender: Contender) -> float:
    start = time.process_time()  # a look has a thread of its own
    contender()
    return (time.process_time() - start) * 1000


class _Reports:
    """In place of the file watcher: reports what it is told, at once."""

    def __init__(self) -> None:
        self.changed: set[str] = set()

    def __call__(self, folders: list[Path], stop: threading.Event) -> Iterator[set[str]]:
        yield set()
        while not stop.wait(0.005):
            changed, self.changed = self.changed, set()
            yield changed


if __name__ == "__main__":
    main()
