"""Starts the bucket server, and stops it without breaking off what is under way."""

import asyncio
import contextlib
import errno
import signal
import socket
import sys
from collections.abc import Callable

from bucket import advice
from bucket.asked import Bucket
from bucket.connection import BucketServer
from bucket.folders import Folders, prepare
from bucket.options import COMMAND, BucketError, Options
from bucket.raw_store import RawStore
from bucket.server import Handler
from bucket.store import Store

_FINISH_S = 20.0
_BACKLOG = 1024
_FREE_PORT = 8443
_HOSTS = f"{COMMAND}   (for this computer; for the room add --host 0.0.0.0)"


def serve(options: Options, write: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. A BucketError where it cannot start."""
    folders = prepare(options)
    _allow_many_files()
    asyncio.run(_serve(options, folders, write))


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


async def _serve(options: Options, folders: Folders, write: Callable[[str], None]) -> None:
    handler = Handler(_buckets(options.name, folders), folders.partial_dir, report=write)
    warned: set[str] = set()

    def warn(address: str, is_grpc: bool) -> None:
        told = advice.variable_is_missing if is_grpc else advice.https_is_not_spoken
        if (text := told(address)) not in warned:
            warned.add(text)
            write(text)

    connections = BucketServer(handler, warn)
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(connections, options.host, options.port, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:  # the latter of a name that no computer can have
        raise _not_listening(options, error) from None
    stop = asyncio.Event()
    for number in _signals():
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    port = server.sockets[0].getsockname()[1]
    place = advice.Place(options.host, port, options.name)
    handler.welcome = advice.page(place)
    write(advice.welcome(place, folders))
    await stop.wait()
    server.close()
    connections.pre_shutdown()
    await connections.shutdown(_FINISH_S)
    handler.close()
    write("stopped")


def _signals() -> list[int]:
    names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' Ctrl-Break
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _buckets(name: str, folders: Folders) -> list[Bucket]:
    """The attendees' bucket, and that of the raw data: files under their own names."""
    store = RawStore(folders.raw_dir, folders.raw_below)
    return [
        Bucket(name, Store(folders.objects_dir)),
        Bucket(f"{name}-raw", store, is_read_only=True),
    ]


def _not_listening(options: Options, error: OSError | UnicodeError) -> BucketError:
    host, port = options.host[:100], options.port
    if isinstance(error, socket.gaierror | UnicodeError):
        return BucketError(f"--host {host}: no computer is called that", _HOSTS)
    if error.errno == errno.EADDRINUSE:
        return BucketError(
            f"port {port} of {host} is taken; by a bucket server in another terminal perhaps,"
            " and then that one does",
            f"{COMMAND} --port {port + 1 if port < 65_535 else port - 1}"
            "   (with your other options)",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return BucketError(
            f"port {port} is kept back by this computer", f"{COMMAND} --port {_FREE_PORT}"
        )
    return BucketError(f"--host {host} is no address of this computer", _HOSTS)
