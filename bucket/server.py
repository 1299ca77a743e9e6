"""Starts the bucket server, and stops it without breaking off what is under way.

Our own, since no other serves a room. gcp-storage-emulator rewrites one metadata file at each
write: a push of 800 objects of 16 KB takes it 7.2 s of CPU, ours 1.1 s, and four such pushes at
once were not done after 120 s. fake-gcs-server is quick; its wheel is for Linux on x86-64 alone.
"""

import asyncio
import contextlib
import errno
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from bucket.api import StorageApi
from bucket.connection import BucketServer
from bucket.errors import BucketError
from bucket.folders import BucketFolders, prepare_folders
from bucket.object_store import Bucket, ObjectStore
from bucket.options import ServerOptions
from bucket.raw_data import RawDataStore

_FINISH_S = 20.0  # what is under way when Ctrl-C comes: a model's upload over Wi-Fi
_BACKLOG = 1024  # asyncio's 100 are few where a room begins to push in the same second
_FREE_PORT = 8443  # above 1023: any user may listen there
_MAX_FILES = 16_384


class Messages(Protocol):
    """The texts that the server prints and shows; the caller's, since they name its commands.

    The port of ``options`` is the one on which the server listens.
    """

    def welcome(self, options: ServerOptions, folders: BucketFolders) -> str:
        """Printed when the server listens."""

    def front_page(self, options: ServerOptions) -> str:
        """Shown in a browser that opens the server's address."""

    def explain_grpc(self, client: str) -> str:
        """Printed when the computer ``client`` tries gRPC, which it does again for minutes."""

    def explain_https(self, client: str) -> str:
        """Printed when the computer ``client`` speaks https."""


def serve(options: ServerOptions, messages: Messages, write: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; a BucketError where the server cannot start."""
    folders = prepare_folders(options)
    _allow_many_files()
    asyncio.run(_serve(options, folders, messages, write))


def _allow_many_files() -> None:
    """A room opens more connections than the 256 files that macOS allows at first."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = _MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, _MAX_FILES)
    if soft != resource.RLIM_INFINITY and soft < limit:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


async def _serve(
    options: ServerOptions, folders: BucketFolders, messages: Messages, write: Callable[[str], None]
) -> None:
    api = StorageApi(_buckets(options.bucket, folders), folders.partial_dir, report=write)
    connections = BucketServer(api, _warn_once(messages, write))
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(connections, options.host, options.port, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:  # the latter for a host name such as "a..b"
        raise _listen_error(options, error) from None
    stop = asyncio.Event()
    for number in _stop_signals():
        # Not loop.add_signal_handler, which Windows does not have.
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    options = replace(options, port=server.sockets[0].getsockname()[1])  # where 0 was asked for
    api.front_page = messages.front_page(options)
    write(messages.welcome(options, folders))
    await stop.wait()
    server.close()
    connections.pre_shutdown()
    await connections.shutdown(_FINISH_S)
    api.close()
    write("stopped")


def _warn_once(messages: Messages, write: Callable[[str], None]) -> Callable[[str, bool], None]:
    """Prints what a client does wrong, once for each: gcsfs tries again for each object."""
    warnings: set[str] = set()

    def warn(client: str, is_grpc: bool) -> None:
        warning = messages.explain_grpc(client) if is_grpc else messages.explain_https(client)
        if warning not in warnings:
            warnings.add(warning)
            write(warning)

    return warn


def _stop_signals() -> list[int]:
    names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' Ctrl-Break
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _buckets(name: str, folders: BucketFolders) -> list[Bucket]:
    """The attendees' bucket, and that of the raw data."""
    raw_store = RawDataStore(folders.raw_dir, folders.raw_prefix)
    return [
        Bucket(name, ObjectStore(folders.objects_dir)),
        Bucket(f"{name}-raw", raw_store, is_read_only=True),
    ]


def _listen_error(options: ServerOptions, error: OSError | UnicodeError) -> BucketError:
    host, port, command = options.host[:100], options.port, options.command
    without_host = f"{command}   (for this computer; for the room add --host 0.0.0.0)"
    if isinstance(error, socket.gaierror | UnicodeError):
        return BucketError(f"--host {host}: no computer is called that", without_host)
    if error.errno == errno.EADDRINUSE:
        return BucketError(
            f"port {port} of {host} is taken; by a bucket server in another terminal perhaps,"
            " and then that one does",
            f"{command} --port {port + 1 if port < 65_535 else port - 1}"
            "   (with your other options)",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return BucketError(
            f"port {port} is kept back by this computer", f"{command} --port {_FREE_PORT}"
        )
    return BucketError(f"--host {host} is no address of this computer", without_host)
