"""What the service counts, for Prometheus.

With ``uvicorn --workers`` each worker counts for itself, and Prometheus reaches one of them. The
environment variable PROMETHEUS_MULTIPROC_DIR, an empty folder, makes them count together.
"""

import os
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
    multiprocess,
)

from service.settings import SettingsError

SHARED_DIR = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
"""In seconds."""


class Metrics:
    """The counts of one process."""

    def __init__(self) -> None:
        self._is_shared = SHARED_DIR in os.environ
        self._registry = CollectorRegistry()
        if self._is_shared:
            _make_shared_dir(os.environ[SHARED_DIR])
        else:
            ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "http_requests",
            "Requests by method, route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "From the head of a request to the end of its answer, by route.",
            ("route",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.in_flight = Gauge(
            "http_requests_in_flight",
            "Requests that are being received or answered.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self.posters = Counter(
            "predicted_posters", "Posters whose genres were answered.", registry=self._registry
        )
        self._labelled: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        # Kept, since to look them up by labels() takes as long as to count.
        pair = self._labelled.get((method, route, status))
        if pair is None:
            pair = self._requests.labels(method, route, status), self._seconds.labels(route)
            self._labelled[method, route, status] = pair
        requests, histogram = pair
        requests.inc()
        histogram.observe(seconds)

    def text(self) -> bytes:
        """All counts as Prometheus reads them."""
        if not self._is_shared:
            return generate_latest(self._registry)
        all_workers = CollectorRegistry()
        multiprocess.MultiProcessCollector(all_workers)  # type: ignore[no-untyped-call]
        return generate_latest(all_workers)

    def close(self) -> None:
        """Take this process out of the gauges, which sum over live processes."""
        if self._is_shared:
            multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def _make_shared_dir(name: str) -> None:
    if not name:
        raise SettingsError(f"{SHARED_DIR} is empty\n  fix: name a folder, or unset it")
    try:
        Path(name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{SHARED_DIR}: the folder {name} cannot be made ({error.strerror})\n"
            "  fix: name another, or unset that variable"
        ) from None
