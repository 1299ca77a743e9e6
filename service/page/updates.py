"""Tells open pages what has changed: one watcher for all of them, and nothing while none is open.

A stream has no history. It sends the newest event of each part where that is not the one which its
page has, so that a page which slept, or whose server was started again, catches up at once.
"""

import asyncio
import contextlib
import hashlib
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from grader.watch.changes import Changes, matters
from service.repository.project_watch import ProjectWatch

_QUIET_S, _BUSY_S = 0.05, 0.5
"""An event is made when nothing has changed for so long, and at the latest after the second."""
_SECOND_LOOK_S = 2.0
"""A new model is served some time after its file was written, which nobody reports."""
_RUNNING_S = 5.0
"""How late the end of a DVC that was killed is seen: its note in ``rwlock`` stays."""
_IDLE_S = 30.0
_LINGER_S = 10.0
"""So long it is watched on without a page: one that is loaded again needs no new watcher."""
_VERSION = re.compile(r"[0-9a-f]{12}")

_log = logging.getLogger(__name__)

Render = Callable[[str], str]
"""The data of the event for a part, by its name."""


class Stream:
    """What one open page hears: its events in order, each with the versions of all parts."""

    def __init__(self, render: Render, names: Sequence[str]) -> None:
        self.render = render
        self.names = tuple(names)
        self.events: Mapping[str, tuple[str, bytes]] = {}
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """For any thread: there may be something to send."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the page
            self._loop.call_soon_threadsafe(self._changed.set)

    async def wait(self) -> None:
        """Until there may be something to send."""
        await self._changed.wait()
        self._changed.clear()


class Updates:
    """Watches the repository ``repo_dir`` while there are streams."""

    def __init__(
        self, repo_dir: Path, project: ProjectWatch, is_running: Callable[[], bool]
    ) -> None:
        self._repo_dir = repo_dir
        self._project = project
        self._is_running = is_running
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._woken = threading.Event()
        self._watcher: Changes | None = None
        self._generation = 0
        self._ending: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def stream(self, render: Render, names: Sequence[str], seen: str) -> AsyncIterator[bytes]:
        """The events for one page, until it goes away or the service ends.

        ``seen`` are the versions that it has, as the id of its last event says; ``render`` is
        called in a thread.
        """
        stream = Stream(render, names)
        # What is none of our versions may be anything, and must not stand in an id.
        versions = {
            name: version
            for name, version in zip(names, seen.split("."), strict=False)
            if _VERSION.fullmatch(version)
        }
        yield b"retry: 1000\n\n"
        with self._open(stream):
            while not self._is_closed:
                for name in names:
                    version, data = stream.events.get(name, ("", b""))
                    if version and versions.get(name) != version:
                        versions[name] = version
                        id_ = ".".join(versions.get(name, "") for name in names)
                        yield b"id: %s\nevent: %s\n%s\n" % (id_.encode(), name.encode(), data)
                await stream.wait()

    def close(self) -> None:
        """End all streams: the service is about to stop."""
        self._is_closed = True
        if self._ending is not None:
            self._ending.cancel()
        with self._lock:
            for stream in self._streams:
                stream.wake()

    @contextmanager
    def _open(self, stream: Stream) -> Iterator[None]:
        with self._lock:
            self._streams.add(stream)
            if self._ending is not None:
                self._ending.cancel()
            if self._watcher is None:
                self._start()
        self._woken.set()
        try:
            yield
        finally:
            with self._lock:
                self._streams.discard(stream)
                if not self._streams:
                    loop = asyncio.get_running_loop()
                    self._ending = loop.call_later(_LINGER_S, self._stop_unused)

    def _start(self) -> None:
        """Called by the holder of the lock."""
        self._watcher = Changes(self._repo_dir, self._woken.set, _concerns)
        self._watcher.start()
        self._generation += 1
        for target in (self._follow_project, self._make_events):
            thread = threading.Thread(target=target, args=(self._generation,), daemon=True)
            thread.start()

    def _stop_unused(self) -> None:
        """Stop watching where nobody looks; the threads end when they wake."""
        with self._lock:
            if self._streams or self._watcher is None:
                return
            self._watcher.stop()
            self._watcher = None
            self._generation += 1
        self._woken.set()

    def _follow_project(self, generation: int) -> None:
        """The project has a watcher of its own, and may see a change after ``Changes`` has."""
        live = self._project.live()
        version = live.version
        while generation == self._generation:
            before, version = version, live.wait(version, _IDLE_S)
            if version != before:
                self._woken.set()

    def _make_events(self, generation: int) -> None:
        timeout: float | None = None
        while generation == self._generation:
            is_change = self._woken.wait(timeout)
            self._wait_for_quiet()
            if generation != self._generation:
                return
            timeout = _SECOND_LOOK_S if is_change else None
            try:
                self._send()
                if self._is_running():
                    timeout = _RUNNING_S
            except Exception:  # noqa: BLE001 - without this thread no page gets an event any more
                _log.exception("The events of a change were not made.")

    def _wait_for_quiet(self) -> None:
        for _ in range(round(_BUSY_S / _QUIET_S)):
            self._woken.clear()
            if not self._woken.wait(_QUIET_S):
                return

    def _send(self) -> None:
        """Make each event once for all streams that want the same, and wake those."""
        with self._lock:
            streams = list(self._streams)
        made: dict[tuple[Render, str], tuple[str, bytes]] = {}
        for name in dict.fromkeys(name for stream in streams for name in stream.names):
            for stream in streams:
                if name not in stream.names:
                    continue
                key = (stream.render, name)
                if key not in made:
                    made[key] = _event(stream.render(name))
                stream.events = {**stream.events, name: made[key]}
                stream.wake()


def version_of(text: str) -> str:
    """A short name for the content of a part: equal where nothing has changed."""
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:12]


def _event(text: str) -> tuple[str, bytes]:
    """The version and the data lines of an event: a line break may not stand in one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    data = "".join(f"data: {line}\n" for line in lines)
    return version_of(text), data.encode("utf-8", "replace")


def _concerns(path: str) -> bool:
    """What can change a grade, and the file in which DVC notes which stage runs."""
    return matters(path) or path.replace("\\", "/").endswith(".dvc/tmp/rwlock")
