"""A room that pushes to the bucket server at once, and the server beside a plain folder remote.

``python -m benchmarks.bucket [--attendees N] [--rounds N]``. The data is that of a quick start: 300
posters and what preprocess makes of them, made once. Each attendee has a repository, a prefix and
one file of their own, and runs a real ``dvc push``; then every object in every prefix is hashed,
and none may be missing, wrong or a neighbour's. Clients and server share this machine's cores here.
The server's CPU time is read from /proc: on Linux alone.
"""

import argparse
import contextlib
import hashlib
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.temporary_folder import temporary_folder
from workshop import activation
from workshop.start import reference, starter
from workshop.start.programs import Programs

_BUCKET = "dvc-workshop"
_DVC = (sys.executable, "-P", "-m", "dvc")


@dataclass(frozen=True)
class _Server:
    pid: int
    endpoint: str
    folder: Path

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_megabytes(self) -> float:
        match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert match
        return int(match[1]) / 1024


def main() -> None:
    """Make the data, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attendees", type=int, default=30, help="who push at once (default: 30)")
    parser.add_argument("--rounds", type=int, default=5, help="of the comparison (default: 5)")
    options = parser.parse_args()
    assert platform.system() == "Linux", "the server's CPU time is read from /proc"
    with temporary_folder() as folder:
        os.environ |= {"DVC_NO_ANALYTICS": "1", activation.VARIABLE: activation.VALUE}
        repo = _make_repository(folder / "repo")
        with _run_server(folder / "served") as server:
            _push_at_once(repo, folder, server, options.attendees)
        with _run_server(folder / "compared") as server:
            _compare(repo, folder, server, options.rounds)


def _make_repository(repo: Path) -> Path:
    """A repository with the raw and the preprocessed posters in its cache."""
    starter.make_repository(repo)
    programs = Programs(repo, "attendee")
    programs.dvc("init", "--quiet")
    programs.dvc("add", "--quiet", "data/raw")
    shutil.copy(reference.reference_path("dvc.yaml"), repo)
    programs.dvc("repro", "--quiet", "preprocess")
    return repo


@contextlib.contextmanager
def _run_server(folder: Path) -> Iterator[_Server]:
    folder.mkdir()
    command = [sys.executable, "-m", "workshop", "bucket", "--port", "0", "--dir", str(folder)]
    home = str(Path(__file__).parents[1])
    log_path = folder / "log"
    with (
        log_path.open("wb") as log,
        subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": home}, stdout=log
        ) as process,
    ):
        while "Ctrl-C" not in (text := log_path.read_text("utf-8")):
            assert process.poll() is None
            time.sleep(0.05)
        try:
            yield _Server(process.pid, text.partition("at ")[2].partition("\n")[0], folder)
        finally:
            process.terminate()


def _push_at_once(repo: Path, folder: Path, server: _Server, attendees: int) -> None:
    cache = repo / ".dvc" / "cache" / "files" / "md5"
    shared = {f"{path.parent.name}{path.name}" for path in cache.glob("*/*")}
    places = [_make_attendee(repo, folder, server, number) for number in range(attendees)]
    before, started = server.cpu_seconds(), time.perf_counter()
    pushes = [
        subprocess.Popen([*_DVC, "push", "-q"], cwd=place, env=_environment(place))
        for place in places
    ]
    codes = [push.wait(1800) for push in pushes]
    took, cpu = time.perf_counter() - started, server.cpu_seconds() - before
    assert set(codes) == {0}, codes
    size = sum(_check(server, f"attendee-{number}", shared, number) for number in range(attendees))
    count = attendees * (len(shared) + 1)
    print(f"{attendees} attendees at once, {len(shared) + 1} objects each, {size / 1e6:.0f} MB")
    print("  each object is there once in each prefix, with the bytes that its name says")
    print(f"  {took:.1f} s on {os.cpu_count()} cores that the clients share")
    print(f"  server: {cpu:.1f} s of CPU, {cpu / count * 1e3:.2f} ms an object,")
    print(f"          {server.peak_megabytes():.0f} MB at most")
    print(f"  200 attendees on their own computers: {cpu / attendees * 200:.0f} s of one core")


def _make_attendee(repo: Path, folder: Path, server: _Server, number: int) -> Path:
    """A repository that shares the cache, with a file, a prefix and an index of its own."""
    place = folder / f"attendee-{number}"
    (place / ".dvc").mkdir(parents=True)
    (place / "data").mkdir()
    for name in ("dvc.yaml", "dvc.lock", "params.yaml", "data/raw.dvc"):
        shutil.copy(repo / name, place / name)
    _configure(place, repo / ".dvc" / "cache", f"gs://{_BUCKET}/{place.name}", server.endpoint)
    content = _own_content(number)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    cached = repo / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    cached.parent.mkdir(exist_ok=True)
    cached.write_bytes(content)
    text = f"outs:\n- md5: {md5}\n  size: {len(content)}\n  hash: md5\n  path: own.txt\n"
    (place / "own.txt.dvc").write_text(text, "utf-8")
    return place


def _own_content(number: int) -> bytes:
    return f"of attendee {number} alone".encode()


def _configure(place: Path, cache: Path, url: str, endpoint: str | None) -> None:
    lines = ["[core]", "no_scm = true", "analytics = false", "remote = r"]
    lines += ["[cache]", f"dir = {cache}", "['remote \"r\"']", f"url = {url}"]
    lines += [f"endpointurl = {endpoint}", "allow_anonymous_login = true"] if endpoint else []
    (place / ".dvc" / "config").write_text("\n".join(lines) + "\n", "utf-8")


def _environment(place: Path) -> dict[str, str]:
    return {**os.environ, "DVC_SITE_CACHE_DIR": str(place / "site")}


def _check(server: _Server, prefix: str, shared: set[str], number: int) -> int:
    """That a prefix holds what its attendee has, and nothing else; its bytes."""
    own = hashlib.md5(_own_content(number), usedforsecurity=False).hexdigest()
    names, size = set(), 0
    for path in (server.folder / _BUCKET / prefix / "files" / "md5").glob("*/*"):
        content = path.read_bytes()
        name = f"{path.parent.name}{path.name}"
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        assert md5 == name.removesuffix(".dir"), f"{path} has other bytes than its name says"
        names.add(name)
        size += len(content)
    assert names == shared | {own}, f"{prefix} holds other objects than were pushed"
    return size


def _compare(repo: Path, folder: Path, server: _Server, rounds: int) -> None:
    """Push and pull by turns, each to an empty place and into an empty cache."""
    seconds_of: dict[str, list[float]] = {}
    for number in range(rounds):
        urls = {"folder": str(folder / f"remote-{number}"), "bucket": f"gs://{_BUCKET}/{number}"}
        order = list(urls) if number % 2 else list(urls)[::-1]
        for kind in order:
            endpoint = server.endpoint if kind == "bucket" else None
            times = _time_push_and_pull(repo, folder, f"{kind}-{number}", urls[kind], endpoint)
            for what, seconds in times.items():
                seconds_of.setdefault(f"{what} {kind}", []).append(seconds)
    medians = {name: statistics.median(times) for name, times in seconds_of.items()}
    for what in ("push", "pull"):
        bucket, plain = medians[f"{what} bucket"], medians[f"{what} folder"]
        print(
            f"dvc {what}: bucket {bucket:.2f} s, folder {plain:.2f} s: {bucket / plain:.2f} times"
        )


def _time_push_and_pull(
    repo: Path, folder: Path, name: str, url: str, endpoint: str | None
) -> dict[str, float]:
    place = folder / name
    (place / ".dvc").mkdir(parents=True)
    (place / "data").mkdir()
    for file in ("dvc.yaml", "dvc.lock", "params.yaml", "data/raw.dvc"):
        shutil.copy(repo / file, place / file)
    seconds = {}
    for what, cache in (("push", repo / ".dvc" / "cache"), ("pull", place / "cache")):
        _configure(place, cache, url, endpoint)
        targets = [] if what == "push" else ["data/raw.dvc", "preprocess"]
        started = time.perf_counter()
        subprocess.run(
            [*_DVC, what, "-q", *targets],
            cwd=place,
            env=_environment(place),
            timeout=600,
            check=True,
        )
        seconds[what] = time.perf_counter() - started
    count = len(list((place / "data" / "raw" / "Images").iterdir()))
    assert count == reference.QUICK.posters, f"{count} posters came back"
    shutil.rmtree(place)
    return seconds


if __name__ == "__main__":
    main()
