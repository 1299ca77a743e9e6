"""Programs whose imports take long, run by a process that has them imported.

A command of DVC takes 0.2 s in place of 1.2 s, and a stage that trains or exports does without the
4 s of processor time that TensorFlow's import takes. The server forks for each command, so that
none sees what another left in memory. A command has the terminal, the folder and the environment of
the program that asked: ``program_client.py``. Ended together with the client is nothing: a test
that ends a command starts the program itself.
"""

import array
import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

DVC, STAGE, SCORES = "TESTS_DVC_SERVER", "TESTS_STAGE_SERVER", "TESTS_SCORES_SERVER"
"""The environment variables by which the clients know their servers."""
SERVERS = (DVC, STAGE, SCORES)
KERAS_ANSWERS = "tests.pipeline.keras_answers"
STAGES = ("pipeline.train", "pipeline.export", KERAS_ANSWERS)
"""The modules that import TensorFlow, started as ``python -m``."""
_SCORE_STAGES = ("pipeline.evaluate", "pipeline.plot")
"""Those that import scikit-learn and matplotlib, and no TensorFlow: 1.3 s of processor time."""
_CLIENT = f'"{sys.executable}" -I -S "{Path(__file__).with_name("program_client.py")}"'
_IMPORTED_FIRST = {
    DVC: ("dvc.cli.parser", "dvc.repo", "dvc.repo.reproduce", "dvc.fs", "dvc_data.index"),
    STAGE: ("keras", "tensorflow", "tf2onnx", "onnx", "onnxruntime", "PIL.Image", "pydantic"),
    SCORES: ("sklearn.metrics", "onnxruntime", "PIL.Image", "pydantic", "matplotlib.figure"),
}


def serve(variable: str, address: str) -> None:
    """Answer at the socket ``address`` until the process that started this one is gone."""
    parent = os.getppid()
    is_ready = False
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
                    if not is_ready:  # most tests need but one of the servers
                        _import_first(variable)
                        is_ready = True
                    _answer(variable, connection)


def _import_first(variable: str) -> None:
    """As pipeline.shared.backend imports TensorFlow, whose notices nobody reads here."""
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # some modules start programs
    with Path(os.devnull).open("w") as nowhere:
        before = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        for name in _IMPORTED_FIRST[variable]:
            importlib.import_module(name)
        os.dup2(before, 2)
        os.close(before)
    if variable == DVC:
        importlib.import_module("dvc.cli.parser").get_main_parser()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def _answer(variable: str, connection: socket.socket) -> None:
    data, descriptors, _, _ = socket.recv_fds(connection, 2**20, 3)
    reading, writing = os.pipe()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # DVC waits for what it starts
        os.close(reading)
        code = 255
        try:
            code = _run(variable, json.loads(data), descriptors)
            _tell_modules(writing)
            connection.sendall(bytes([code % 256]))
        finally:
            os._exit(code)
    os.close(writing)
    for descriptor in descriptors:
        os.close(descriptor)
    with os.fdopen(reading) as told:
        names = told.read().split()
    if variable == DVC:  # what a stage imports beside TensorFlow is the attendee's own
        _import_all(names)


def _run(
    variable: str, request: dict[str, object], descriptors: "array.array[int] | list[int]"
) -> int:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    words, folder, environment = request["words"], request["folder"], request["environment"]
    assert isinstance(words, list) and isinstance(folder, str) and isinstance(environment, dict)
    _open_streams()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    code = _run_dvc(words) if variable == DVC else _run_module(*words)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _open_streams() -> None:
    """Python's own of the three descriptors; those of the server know of other files."""
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _run_dvc(words: list[str]) -> int:
    sys.argv = ["dvc", *words]
    from dvc.cli import main

    return int(main(words))


def _run_module(name: str, *arguments: str) -> int:
    """As ``python -m`` does; its exit code."""
    sys.argv = [name, *arguments]
    added = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [str(Path.cwd()), *filter(None, added)]
    importlib.invalidate_caches()
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - whatever Python itself would show
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _tell_modules(writing: int) -> None:
    """What this command imported: the next one finds it in memory."""
    with os.fdopen(writing, "w") as told:
        told.write("\n".join(sys.modules))


def _import_all(names: list[str]) -> None:
    for name in names:
        if name not in sys.modules and name.split(".")[0] != "__main__":
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def write_dvc(path: Path) -> None:
    """The program ``dvc`` for a folder of PATH: it asks the server at `DVC`."""
    _write_program(path, f'exec {_CLIENT} {DVC} "$@"')


def write_python(path: Path) -> None:
    """The program ``python``: for a stage that a server runs, it asks that."""
    cases = []
    for server, names in ((STAGE, STAGES), (SCORES, _SCORE_STAGES)):
        stages = "|".join(f'"-m {name}"' for name in names)
        cases.append(f'{stages}) shift; exec {_CLIENT} {server} "$@";;')
    _write_program(path, f'case "$1 $2" in {" ".join(cases)} esac\nexec "{sys.executable}" "$@"')


def _write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)


@contextlib.contextmanager
def serving(variable: str, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A server in a process of its own; the address of its socket in ``folder``."""
    address = folder / f"{variable.lower()}.socket"
    command = [sys.executable, "-P", __file__, variable, str(address)]
    process = subprocess.Popen(command, env=environment)
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
    serve(*sys.argv[1:])
