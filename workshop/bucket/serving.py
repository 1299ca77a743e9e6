"""Starts the bucket server, and stops it without breaking off what is under way."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workshop.bucket import advice
from workshop.bucket.asked import Bucket
from workshop.bucket.connection import BucketServer
from workshop.bucket.server import Handler
from workshop.bucket.store import Store
from workshop.project.errors import ProjectError

_PARTIAL = ".partial"
_ABANDONED_S = 3600.0
_FINISH_S = 20.0
_BACKLOG = 1024


class BucketError(ProjectError):
    """The server cannot start: ``problem`` says why, ``fix`` what to type."""


@dataclass(frozen=True)
class Options:
    """What the command line says.

    ``raw`` is offered as it lies there, ``posters`` are copied first; either may be None.
    """

    host: str
    port: int
    folder: Path
    name: str
    raw: Path | None
    posters: Path | None


def serve(options: Options, write: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. A BucketError where it cannot start."""
    partial_dir = _folders(options)
    _allow_many_files()
    asyncio.run(_serve(options, partial_dir, write))


def _folders(options: Options) -> Path:
    """Everything that the server writes to; the folder for what is on its way in."""
    partial_dir = options.folder / _PARTIAL
    try:
        for folder in (options.name, f"{options.name}-raw", _PARTIAL):
            (options.folder / folder).mkdir(parents=True, exist_ok=True)
        _remove_abandoned(partial_dir)
        probe = partial_dir / f"probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
        if options.posters:
            _offer(options.posters, options.folder / f"{options.name}-raw", partial_dir)
    except OSError as error:
        raise BucketError(
            f"{error.filename or options.folder} cannot be written: {error.strerror}",
            "python -m workshop bucket --dir FOLDER",
        ) from None
    return partial_dir


def _remove_abandoned(partial_dir: Path) -> None:
    """What a server left there that was killed; another one may be at work in the same folder."""
    for left in partial_dir.iterdir():
        if left.stat().st_mtime < time.time() - _ABANDONED_S:
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _offer(posters: Path, raw_dir: Path, partial_dir: Path) -> None:
    """Copy the posters, unless there is raw data: who imports them deletes the folder first."""
    if any(raw_dir.iterdir()):
        return
    copy = partial_dir / f"raw-{os.getpid()}"
    shutil.copytree(posters, copy, ignore=shutil.ignore_patterns(".*"))
    copy.replace(raw_dir / advice.RAW_PREFIX)


def _allow_many_files() -> None:
    """A room opens more connections than the 256 files that macOS allows at first."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(hard, 16_384)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(options: Options, partial_dir: Path, write: Callable[[str], None]) -> None:
    handler = Handler(_buckets(options), partial_dir, report=write)
    warned: set[str] = set()

    def warn(address: str) -> None:
        if address not in warned:
            warned.add(address)
            write(advice.variable_is_missing(address))

    connections = BucketServer(handler, warn)
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(connections, options.host, options.port, backlog=_BACKLOG)
    except OSError as error:
        raise _not_listening(options, error) from None
    stop = asyncio.Event()
    for number in _signals():
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    port = server.sockets[0].getsockname()[1]
    handler.welcome = advice.welcome(options.host, port, options.name, options.folder)
    write(handler.welcome + "\nCtrl-C stops the server; its objects stay.")
    await stop.wait()
    server.close()
    connections.pre_shutdown()
    await connections.shutdown(_FINISH_S)
    handler.close()
    write("stopped")


def _signals() -> list[int]:
    names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' Ctrl-Break
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _buckets(options: Options) -> list[Bucket]:
    """The attendees' bucket, and that of the raw data: files under their own names."""
    raw = f"{options.name}-raw"
    if options.raw:
        store = Store(options.raw, below=f"{advice.RAW_PREFIX}/", is_literal=True)
    else:
        store = Store(options.folder / raw, is_literal=True)
    mine = Bucket(options.name, Store(options.folder / options.name))
    return [mine, Bucket(raw, store, is_read_only=True)]


def _not_listening(options: Options, error: OSError) -> BucketError:
    why = error.strerror or str(error)
    return BucketError(
        f"the server cannot listen on {options.host}, port {options.port}: {why}",
        f"python -m workshop bucket --port {options.port % 65_000 + 1}",
    )
