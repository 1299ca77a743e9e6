"""DVC's command line from a process that has it imported: 0.2 s a command in place of 1.2 s.

The server forks for each command, so that none sees what another left in memory. A command has the
terminal, the folder and the environment of the program that asked: ``dvc_client.py``. Ended
together with the client is nothing: a test that ends a command starts DVC's own program.
"""

import array
import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ADDRESS = "TESTS_DVC_SERVER"
"""The environment variable by which the client knows its server."""
_IMPORTED_FIRST = ("dvc.cli.parser", "dvc.repo", "dvc.repo.reproduce", "dvc.fs", "dvc_data.index")


def serve(address: str) -> None:
    """Answer at the socket ``address`` until the process that started this one is gone."""
    parent = os.getppid()
    for name in _IMPORTED_FIRST:
        importlib.import_module(name)
    importlib.import_module("dvc.cli.parser").get_main_parser()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        server.settimeout(5)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that end
        while os.getppid() == parent:
            with contextlib.suppress(TimeoutError):
                connection, _ = server.accept()
                with connection:
                    connection.setblocking(True)
                    _answer(connection)


def _answer(connection: socket.socket) -> None:
    data, descriptors, _, _ = socket.recv_fds(connection, 2**20, 3)
    reading, writing = os.pipe()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # DVC waits for what it starts
        os.close(reading)
        code = 255
        try:
            code = _run(json.loads(data), descriptors)
            _tell_modules(writing)
            connection.sendall(bytes([code % 256]))
        finally:
            os._exit(code)
    os.close(writing)
    for descriptor in descriptors:
        os.close(descriptor)
    with os.fdopen(reading) as told:
        _import_all(told.read().split())


def _run(request: dict[str, object], descriptors: "array.array[int] | list[int]") -> int:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    words, folder, environment = request["words"], request["folder"], request["environment"]
    assert isinstance(words, list) and isinstance(folder, str) and isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["dvc", *words]
    from dvc.cli import main

    code = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code)


def _tell_modules(writing: int) -> None:
    """What this command imported: the next one finds it in memory."""
    with os.fdopen(writing, "w") as told:
        told.write("\n".join(sys.modules))


def _import_all(names: list[str]) -> None:
    for name in names:
        if name not in sys.modules and name.split(".")[0] != "__main__":
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def write_program(path: Path) -> None:
    """The program ``dvc`` for a folder of PATH: it asks the server at `ADDRESS`."""
    client = Path(__file__).with_name("dvc_client.py")
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{client}" "$@"\n', "utf-8")
    path.chmod(0o755)


@contextlib.contextmanager
def serving(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A server in a process of its own; the address of its socket in ``folder``."""
    address = folder / "dvc.socket"
    process = subprocess.Popen([sys.executable, "-P", __file__, str(address)], env=environment)
    try:
        end = time.monotonic() + 60
        while not address.exists():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.02)
        yield str(address)
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    serve(sys.argv[1])
