"""What the web page costs: the first view, an unchanged page, and 200 pages that are open at once.

``python -m benchmarks.page --repo REPOSITORY`` measures on a copy of a solved repository (of
``grader start DIR --at end``). Linux alone, with Debian's chromium.
"""

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import sync_playwright

from benchmarks.temporary_folder import temporary_folder

# Chromium's own profiles (DevTools, network conditions): bytes a second each way, and ms of latency
# until the head of each answer.
PROFILES = {"Slow 4G (Fast 3G)": (1.6e6 * 0.9 / 8, 562.5), "WebPageTest's 3G": (1.6e6 / 8, 300)}
_ON_PAINT = """() => { window.shifts = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true }); }"""


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--repo", type=Path, required=True, metavar="REPOSITORY")
    parser.add_argument("--pages", type=int, default=200, help="open at once (default: 200)")
    parser.add_argument("--idle", type=float, default=60, help="seconds (default: 60)")
    options = parser.parse_args()
    with temporary_folder() as folder:
        repo = folder / "repo"
        shutil.copytree(options.repo, repo, symlinks=True)
        with _service(repo, folder / "service.log") as (url, process):
            _measure_answer(url, process)
            _measure_first_view(url)
            asyncio.run(_measure_streams(url, process, repo, options.pages, options.idle))


@contextmanager
def _service(repo: Path, log_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    command = [sys.executable, "-m", "uvicorn", "service.main:app", "--port", "0"]
    environment = {**os.environ, "WORKSHOP_REPO": str(repo), "WORKSHOP_DRAIN_SECONDS": "0"}
    with log_path.open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while " running on " not in log_path.read_text():
            assert time.monotonic() < deadline, log_path.read_text()
            time.sleep(0.05)
        address = log_path.read_text().split(" running on ")[1].split()[0]
        yield address, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(30)


def _measure_answer(url: str, process: psutil.Process, count: int = 100) -> None:
    with httpx.Client(trust_env=False) as client:
        client.get(url).raise_for_status()
        before = _cpu_seconds(process)
        for _ in range(count):
            client.get(url).raise_for_status()
        each = (_cpu_seconds(process) - before) / count * 1000
    print(f"GET / while nothing changes: {each:.1f} ms of CPU ({count} requests)")


def _measure_first_view(url: str, rounds: int = 5) -> None:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (rate, latency) in PROFILES.items():
            paints, shifts, received = [], [], 0
            for _ in range(rounds):
                page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
                tools = page.context.new_cdp_session(page)
                tools.send("Network.enable")
                throttle = {"offline": False, "latency": latency}
                rates = {"downloadThroughput": rate, "uploadThroughput": rate}
                tools.send("Network.emulateNetworkConditions", {**throttle, **rates})
                sizes: list[float] = []
                tools.on(
                    "Network.loadingFinished", lambda e, s=sizes: s.append(e["encodedDataLength"])
                )
                page.add_init_script(f"({_ON_PAINT})()")
                page.goto(url)
                page.wait_for_timeout(2500)
                paints.append(
                    page.evaluate(
                        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
                    )
                )
                shifts.append(page.evaluate("window.shifts"))
                received = round(sum(sizes))
                page.context.close()
            print(
                f"first view, {name}: {statistics.median(paints):.0f} ms until the first paint, "
                f"{received / 1000:.0f} kB over the wire, layout shift {max(shifts):.3f}"
            )
        browser.close()


async def _measure_streams(
    url: str, process: psutil.Process, repo: Path, count: int, idle_s: float
) -> None:
    memory, cpu = process.memory_info().rss, _cpu_seconds(process)
    await asyncio.sleep(idle_s)
    print(f"{idle_s:.0f} s without a page: {(_cpu_seconds(process) - cpu) * 1000:.0f} ms of CPU")
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        trust_env=False, timeout=httpx.Timeout(60, read=None), limits=limits
    ) as client:
        queues: list[asyncio.Queue[tuple[float, bytes]]] = [asyncio.Queue() for _ in range(count)]
        tasks = [asyncio.create_task(_listen(client, url, queue)) for queue in queues]
        for queue in queues:
            for _ in range(4):  # the four parts
                while b"event:" not in (await queue.get())[1]:
                    pass
        await asyncio.sleep(5)
        for queue in queues:
            while not queue.empty():
                queue.get_nowait()
        grown = (process.memory_info().rss - memory) / 1e6
        print(f"{count} open pages: {grown:.0f} MB more")
        cpu = _cpu_seconds(process)
        await asyncio.sleep(idle_s)
        used = (_cpu_seconds(process) - cpu) * 1000
        received = sum(queue.qsize() for queue in queues)
        print(f"{idle_s:.0f} s with them: {used:.0f} ms of CPU, {received} events")
        params = repo / "params.yaml"
        text = params.read_text()
        longer = re.sub(r"(fine_tuning_epochs): (\d+)", r"\1: 1\2", text)
        delays = []
        for number in range(6):
            changed = longer if number % 2 == 0 else text
            start = time.monotonic()
            params.write_text(changed)
            firsts = [(await asyncio.wait_for(queue.get(), 30))[0] - start for queue in queues]
            delays.append(max(firsts))
            await asyncio.sleep(4)
            for queue in queues:
                while not queue.empty():
                    queue.get_nowait()
        print(
            f"an edit reaches the last of {count} pages after {statistics.median(delays):.2f} s "
            f"(median of 6; the longest {max(delays):.2f} s)"
        )
        for task in tasks:
            task.cancel()


async def _listen(
    client: httpx.AsyncClient, url: str, queue: "asyncio.Queue[tuple[float, bytes]]"
) -> None:
    async with client.stream("GET", f"{url}/events?as=html") as answer:
        rest = b""
        async for chunk in answer.aiter_raw():
            *events, rest = (rest + chunk).split(b"\n\n")
            for event in events:
                if b"event:" in event:
                    queue.put_nowait((time.monotonic(), event))


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    main()
