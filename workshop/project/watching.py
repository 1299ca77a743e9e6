"""What changes in folders, as the operating system reports it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Watch = Callable[[list[Path], threading.Event], Iterator[set[str]]]
"""Yields sets of changed paths, an empty one at least every second, until the event is set."""


def watchfiles_watch(folders: list[Path], stop: threading.Event) -> Iterator[set[str]]:
    """What watchfiles reports, within about 50 ms."""
    from watchfiles import watch

    changes = watch(
        *folders,
        watch_filter=None,
        debounce=200,
        step=20,
        rust_timeout=200,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
        ignore_permission_denied=True,
    )
    for change in changes:
        yield {path for _, path in change}
