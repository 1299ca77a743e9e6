"""What changes in folders, as the operating system reports it."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Watch = Callable[[list[Path], threading.Event], Iterator[set[str]]]
"""Yields sets of changed paths, an empty one at least every second, until the event is set."""


def watchfiles_watch(folders: list[Path], stop: threading.Event) -> Iterator[set[str]]:
    """What watchfiles reports, within about 50 ms."""
    from watchfiles import watch

    changes = watch(
        *folders,
        watch_filter=None,  # the default leaves out .git and editors' files; `relevant` decides
        # A set is complete 20 ms after its last change, and comes after 200 ms at most; the default
        # steps of 50 ms and 1.6 s are felt by somebody who waits.
        debounce=200,
        step=20,
        rust_timeout=200,  # so often it looks whether to stop
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
        ignore_permission_denied=True,
    )
    for change in changes:
        yield {path for _, path in change}


def relevant(changes: Iterable[str], root: str, real_root: str) -> Iterator[str]:
    """Those of the changed paths that may change the state of the project at ``root``.

    All of them begin with ``root``; ``real_root`` is the same without links, which Windows reports.
    """
    for path in changes:
        if path.startswith(real_root + os.sep):
            path = root + path[len(real_root) :]
        if _is_relevant(path, root):
            yield path


def _is_relevant(path: str, root: str) -> bool:
    """Not DVC's locks and temporary files, nor most of .git, which git writes at every command."""
    inside = path[len(root) + 1 :] if path.startswith(root + os.sep) else path
    parts = inside.split(os.sep)
    if parts[0] == ".git":
        return parts[1:] in ([], ["config"], ["info"], ["info", "exclude"])
    return parts[:2] != [".dvc", "tmp"]
