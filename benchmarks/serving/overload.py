"""More than the service can do, for two minutes: ``python -m benchmarks.serving.overload``.

256 clients with good posters at once, 64 that send their bodies a byte at a time, and some that
send bombs and nonsense. Prints what the good ones were answered and how long that took, how long
``/healthz`` took meanwhile, the memory, and how soon all is as before. Linux and macOS.
"""

import argparse
import asyncio
import itertools
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.serving import posters
from benchmarks.serving.client import request
from benchmarks.serving.servers import ROOT
from tests.service import onnx_models, pictures, running

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
HEALTH_ANEW = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
"""As an orchestrator probes: each time on a connection of its own."""
PAUSE_AFTER_503 = 0.2
"""Of a good client, in seconds: less than the second that Retry-After asks for."""


@dataclass
class Outcomes:
    """What came back: statuses, and the seconds of each 200."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    first: float = float("inf")

    def __str__(self) -> str:
        ranked = sorted(self.seconds) or [float("nan")]
        p50, p99 = ranked[len(ranked) // 2], ranked[len(ranked) * 99 // 100]
        counts = ", ".join(f"{status}: {count:,}" for status, count in self.statuses.most_common())
        return f"{counts} (200: p50 {p50:.3f} s, p99 {p99:.3f} s, at most {ranked[-1]:.3f} s)"


def main() -> None:
    """Start the service, overload it, and print what it did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--good", type=int, default=256)
    parser.add_argument("--slow", type=int, default=64)
    parser.add_argument("--bad", type=int, default=8)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "classifier.onnx")
    parser.add_argument("--posters", type=Path, default=ROOT / "data" / "raw" / "Images")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        options.posters = posters.readable(options.posters, Path(folder))
        onnx_models.install(Path(folder), options.model.read_bytes())
        log_path = Path(folder, "service.log")
        arguments = ("--no-access-log", "--log-level", "info")
        with running.in_process(Path(folder), log_path, arguments=arguments) as service:
            _overload(service, options)
            assert "Traceback" not in log_path.read_text(), log_path.read_text()[-2000:]


def _overload(service: running.RunningService, options: argparse.Namespace) -> None:
    """Each kind of client in a process of its own: none waits for another one's event loop."""
    paths = sorted(options.posters.iterdir())[:200]
    good = [request([path.read_bytes()]) for path in paths]
    bad = [request([each]) for each in _bad_files()]
    process = psutil.Process(service.pid)
    _run(_send_in_turn, service.port, good[:20], 1, 2)
    idle = peak = process.memory_info().rss
    with ProcessPoolExecutor(5, mp_context=multiprocessing.get_context("spawn")) as pool:
        kinds = {
            "good": pool.submit(
                _run, _send_in_turn, service.port, good, options.good, options.seconds
            ),
            "bad": pool.submit(
                _run, _send_in_turn, service.port, bad, options.bad, options.seconds
            ),
            "slow": pool.submit(
                _run, _send_slowly, service.port, good, options.slow, options.seconds
            ),
            "/healthz": pool.submit(
                _run, _send_in_turn, service.port, [HEALTH], 1, options.seconds, 0.05
            ),
            "anew": pool.submit(
                _run, _send_in_turn, service.port, [HEALTH_ANEW], 4, options.seconds, 0.05
            ),
        }
        while not all(each.done() for each in kinds.values()):
            peak = max(peak, process.memory_info().rss)
            time.sleep(0.1)
    begin = time.perf_counter()
    after = _run(_send_in_turn, service.port, good, 1, 2)
    for name, each in kinds.items():
        print(f"{name:>9}: {each.result()}")
    print(f"{'after':>9}: {after}, the first {after.first - begin:.3f} s after the end")
    sizes = (idle, peak, process.memory_info().rss)
    print(
        "   memory: {:.0f} MB before, {:.0f} at most, {:.0f} after".format(
            *(size / 1e6 for size in sizes)
        )
    )


def _run(
    client: Callable[..., Coroutine[Any, Any, None]],
    port: int,
    requests: Sequence[bytes],
    count: int,
    seconds: float,
    pause: float = 0.0,
) -> Outcomes:
    """What ``count`` clients got that began at different requests."""
    outcomes = Outcomes()
    jobs = [
        client(port, [*requests[n % len(requests) :], *requests], outcomes, pause)
        for n in range(count)
    ]
    asyncio.run(_run_for(seconds, jobs))
    return outcomes


def _bad_files() -> Sequence[bytes]:
    return (
        pictures.bomb(),
        pictures.png(4400, 4400, pictures.rows(4400, 4400)),  # large, and allowed
        pictures.noise(2000, 2000)[:-5000],
        b"I am not a picture. " * 4000,
        pictures.bomb(60_000),
        pictures.animated()[:300],
    )


async def _run_for(seconds: float, jobs: Sequence[Coroutine[Any, Any, None]]) -> None:
    tasks = [asyncio.create_task(job) for job in jobs]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _send_in_turn(
    port: int, requests: Sequence[bytes], outcomes: Outcomes, pause: float = 0.0
) -> None:
    """One after the other for ever, on a connection that is kept as long as the service keeps it.

    The first request on each connection takes as long as connecting does, too.
    """
    turns = itertools.cycle(requests)
    while True:
        begin = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            outcomes.statuses[type(error).__name__] += 1
            continue
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                writer.write(next(turns))
                status, closes = await _answer(reader)
                outcomes.statuses[status] += 1
                if status == "200":
                    outcomes.seconds.append(time.perf_counter() - begin)
                    outcomes.first = min(outcomes.first, time.perf_counter())
                await asyncio.sleep(PAUSE_AFTER_503 if status == "503" else pause)
                if closes:
                    break
                begin = time.perf_counter()
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return head[9:12].decode(), b"connection: close" in head


async def _send_slowly(
    port: int, requests: Sequence[bytes], outcomes: Outcomes, pause: float
) -> None:
    """A request a byte at a time: the head at once, so that the service waits for the body."""
    head, blank, body = requests[0].partition(b"\r\n\r\n")
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(head + blank)
            for place in range(len(body)):
                writer.write(body[place : place + 1])
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        outcomes.statuses[(await _answer(reader))[0]] += 1
                        break
        writer.close()


if __name__ == "__main__":
    main()
