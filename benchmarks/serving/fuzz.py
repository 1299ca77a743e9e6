"""Sends requests that are nearly right for some minutes: ``python -m benchmarks.serving.fuzz``.

Counts the answers by status, and ends with 1 on a 5xx, a dead service or memory that grows.
"""

import argparse
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil

from tests.service import fuzzing, onnx_models, running

WARM_UP = 2000
GROWTH_MB = 40
"""A few caches fill slowly; a leak of a poster a request would be a hundred times this."""


def main() -> int:
    """Start a service, send, and print a line a minute."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        onnx_models.install(Path(folder), onnx_models.model())
        with running.in_process(Path(folder), Path(folder, "service.log")) as service:
            return _send_cases(service, options.minutes * 60, options.seed)


def _send_cases(service: running.RunningService, seconds: float, seed: int) -> int:
    process, statuses = psutil.Process(service.pid), Counter[int]()
    begin = reported = time.monotonic()
    warm_mb = 0.0
    with httpx.Client(base_url=service.url, trust_env=False, timeout=60) as http:
        for number, case in enumerate(fuzzing.cases(seed)):
            answer = http.post(
                f"/predict{case.query}",
                content=case.body,
                headers={"Content-Type": case.content_type},
            )
            statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                print(f"case {number} of seed {seed}: {answer.status_code} {answer.text}")
            if number == WARM_UP:
                warm_mb = process.memory_info().rss / 1e6
            if time.monotonic() - reported > 60:
                reported = time.monotonic()
                print(number, dict(statuses), f"{process.memory_info().rss / 1e6:.0f} MB")
            if time.monotonic() - begin > seconds:
                break
    growth_mb = process.memory_info().rss / 1e6 - (warm_mb or process.memory_info().rss / 1e6)
    print(f"{statuses.total():,} requests: {dict(statuses)}; {growth_mb:+.0f} MB since {WARM_UP:,}")
    return int(any(status >= 500 for status in statuses) or growth_mb > GROWTH_MB)


if __name__ == "__main__":
    raise SystemExit(main())
