"""What a hostile picture costs the service: memory, time, and the delay of others.

Sends each of ``tests.service.hostile_pictures`` alone, and a form of 64 large ones; meanwhile
another client asks for a small JPEG and for a small PNG. Ends with 1 where one is over its limit.
"""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from tests.service import hostile_pictures, onnx_models, pictures, running

MOST_MEGABYTES, MOST_SECONDS, MOST_DELAY = 300, 5.0, 1.0
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def main() -> int:
    """Print a row for each picture."""
    with TemporaryDirectory() as folder:
        onnx_models.install(Path(folder), onnx_models.model())
        with running.in_process(Path(folder), Path(folder, "service.log")) as service:
            return _measure_all(service)


def _measure_all(service: running.RunningService) -> int:
    failures = 0
    with httpx.Client(base_url=service.url, trust_env=False, timeout=120) as http:
        _warm_up(http)
        idle = _megabytes(service.pid)
        over = f"MB over {idle:.0f}"
        print(f"{'':30} {'status':>6} {over:>11} {'s':>6} {'CPU s':>6} {'delay s':>8}")
        for name, build in hostile_pictures.HOSTILE.items():
            body = build()
            failures += _measure(service, http, idle, name, body, {"Content-Type": "image/png"})
        for name, form in _forms().items():
            failures += _measure(service, http, idle, name, form, FORM)
        failures += _measure_hang_up(service, http)
        alive = http.post("/predict", files={"file": pictures.plain()}).status_code == 200
        same = psutil.pid_exists(service.pid) and idle > 0
        print(f"alive: {alive and same}; over the limits: {failures}")
    return int(failures > 0 or not alive)


def _warm_up(http: httpx.Client) -> None:
    for picture in (pictures.plain(), pictures.plain(kind="PNG")):
        for _ in range(20):
            http.post("/predict", files={"file": picture}).raise_for_status()


def _forms() -> dict[str, bytes]:
    large = hostile_pictures.plain_png(*hostile_pictures.SIDES)
    middle = hostile_pictures.plain_png(2000, 1500)
    return {
        "64 PNGs of 20 Mpx": _form([large] * 64),
        "8 PNGs of 20 Mpx": _form([large] * 8),
        "50 PNGs of 3 Mpx": _form([middle] * 50),
        "64 JPEGs of 2 Mpx": _form([hostile_pictures.jpeg_of_scans(0xC2, 20, (1500, 1300))] * 64),
    }


def _form(files: Sequence[bytes]) -> bytes:
    head = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    return b"".join(b"--b\r\n" + head + file + b"\r\n" for file in files) + b"--b--\r\n"


def _measure(
    service: running.RunningService,
    http: httpx.Client,
    idle: float,
    name: str,
    body: bytes,
    headers: dict[str, str],
) -> int:
    _reset_peaks(service.pid)
    with _others(service.url) as others:
        start, cpu_start = time.monotonic(), _cpu_seconds(service.pid)
        answer = http.post("/predict", content=body, headers=headers)
        seconds, cpu = time.monotonic() - start, _cpu_seconds(service.pid) - cpu_start
    peak = _megabytes(service.pid, peak=True) - idle
    is_over = peak > MOST_MEGABYTES or seconds > MOST_SECONDS or others.longest > MOST_DELAY
    row = f"{name:30} {answer.status_code:6} {peak:11.0f} {seconds:6.2f} {cpu:6.2f}"
    print(
        f"{row} {others.longest:8.2f}",
        answer.json().get("detail", "")[:70],
        "  OVER" if is_over else "",
        flush=True,
    )
    is_refused = answer.status_code == 503 and "Retry-After" in answer.headers  # in time
    return int(is_over or (answer.status_code >= 500 and not is_refused))


def _measure_hang_up(service: running.RunningService, http: httpx.Client) -> int:
    """How long the service goes on for a client that has gone."""
    body = _form([hostile_pictures.plain_png(*hostile_pictures.SIDES)] * 8)
    try:
        http.post("/predict", content=body, headers=FORM, timeout=1)
    except httpx.TimeoutException:
        start = time.monotonic()
        png = hostile_pictures.plain_png(2000, 1500)
        http.post("/predict", content=png, headers={"Content-Type": "image/png"})
        seconds = time.monotonic() - start
        print(f"{'behind a client that hung up':30} {seconds:25.2f} s")
        return int(seconds > MOST_DELAY)
    return 0


@dataclass
class _Others:
    """The other clients: how long the slowest of their requests took, in seconds."""

    longest: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)


@contextmanager
def _others(url: str) -> Iterator[_Others]:
    others = _Others()
    threads = [
        threading.Thread(target=_ask, args=(url, pictures.plain(kind=kind), others))
        for kind in ("JPEG", "PNG")
    ]
    for thread in threads:
        thread.start()
    try:
        yield others
    finally:
        others.done.set()
        for thread in threads:
            thread.join()


def _ask(url: str, picture: bytes, others: _Others) -> None:
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        while not others.done.is_set():
            start = time.monotonic()
            answer = http.post("/predict", files={"file": picture})
            seconds = time.monotonic() - start
            others.longest = max(others.longest, seconds if answer.status_code == 200 else 99)
            time.sleep(0.02)


def _processes(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _cpu_seconds(pid: int) -> float:
    """Of the service, the other clients' requests included, and of its decoder."""
    times = [process.cpu_times() for process in _processes(pid)]
    ended = times[0].children_user + times[0].children_system
    return ended + sum(time.user + time.system for time in times)


def _reset_peaks(pid: int) -> None:
    for process in _processes(pid):
        path = Path(f"/proc/{process.pid}/clear_refs")
        if path.exists():  # Linux alone
            path.write_text("5")


def _megabytes(pid: int, *, peak: bool = False) -> float:
    """What the service and its decoder hold, or held at most where the system says so."""
    total = 0.0
    for process in _processes(pid):
        status = Path(f"/proc/{process.pid}/status")
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
        total += int(found[1]) * 1024 if found and peak else process.memory_info().rss
    return total / 1e6


if __name__ == "__main__":
    raise SystemExit(main())
