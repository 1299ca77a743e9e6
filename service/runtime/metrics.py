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

TOGETHER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
"""In seconds."""


class Metrics:
    """The counts of one service."""

    def __init__(self) -> None:
        self._together = TOGETHER in os.environ
        self._registry = CollectorRegistry()
        if self._together:
            if not os.environ[TOGETHER]:
                raise SettingsError(f"{TOGETHER} is empty\n  fix: name a folder, or unset it")
            _make(Path(os.environ[TOGETHER]))
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
            "predicted_posters", "Posters whose genres were told.", registry=self._registry
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; the library's look-up of its labels would take as long again."""
        found = self._known.get((method, route, status))
        if found is None:
            found = self._requests.labels(method, route, status), self._seconds.labels(route)
            self._known[method, route, status] = found
        found[0].inc()
        found[1].observe(seconds)

    def text(self) -> bytes:
        """All counts as Prometheus reads them."""
        if not self._together:
            return generate_latest(self._registry)
        everybody = CollectorRegistry()
        multiprocess.MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
        return generate_latest(everybody)

    def close(self) -> None:
        """Take this process out of what is counted over those that live."""
        if self._together:
            multiprocess.mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{TOGETHER}: the folder {folder} cannot be made ({error.strerror})\n"
            "  fix: name another, or unset that variable"
        ) from None
