"""Ask DVC about the deps and outs of stages that are not on this computer, all at once.

    python -P query_remote_status.py ROOT [SAFE_PROTOCOL ...] < STAGES

``STAGES`` is JSON: the file and the name of each stage, null for a ``.dvc`` file. Where safe
protocols are named, others are not asked. Each line of the answer is JSON, and is written as soon
as it is known, for the caller may not wait for the last:

    {"stage": 0, "queried": [paths], "changed": whether a .dvc file's own checksum differs}
    {"stage": 0, "failed": why the stage could not be read}
    {"stage": 0, "kind": "dep", "path": ..., "status": what Stage.status() says of it}
    {"stage": 0, "kind": "dep", "path": ..., "why": why there is no answer,
     "silent_server": the address where no server answers, or null}
"""

import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Collection, Iterator
from typing import Any, TextIO
from urllib.parse import urlsplit

from dvc.dependency import ParamsDependency
from dvc.repo import Repo

Entry = Any
"""A dep or an out, an object of DVC's."""


class _SilentServerError(Exception):
    """No server answers at the address."""

    def __init__(self, address: str, error: OSError) -> None:
        super().__init__(f"no server answers at {address} ({error})")
        self.address = address


def main() -> None:
    """Ask what the command line and stdin name; threads that still wait do not hold it up."""
    root, *safe_protocols = sys.argv[1:]
    stages = json.load(sys.stdin)
    os.chdir(root)
    _write_nothing(os.path.join(tempfile.gettempdir(), "tmp"))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what DVC prints is no answer
    with Repo(os.curdir) as repo:
        _StatusQuery(answers, safe_protocols).run(repo, stages)
    answers.flush()
    os._exit(0)  # a thread of gcsfs may live on and would keep the process


def _write_nothing(tmp_dir: str) -> None:
    """Keep a Repo from what it writes when it is made, in this repository and in those imported.

    It lists its own folders in ``.dvc/.gitignore``, and makes ``.dvc/tmp``, with a file of which it
    remembers the time: that is read, and a missing one is not made.
    """
    Repo._ignore = lambda self: None
    Repo.tmp_dir = property(lambda self: tmp_dir)
    Repo._btime = property(_time_of_first_use)


def _time_of_first_use(repo: Repo) -> float | None:
    try:
        return os.path.getmtime(os.path.join(repo.local_dvc_dir or "", "tmp", "btime"))
    except OSError:
        return None


class _StatusQuery:
    def __init__(self, answers: TextIO, safe_protocols: Collection[str]) -> None:
        self._answers = answers
        self._safe_protocols = safe_protocols
        self._write_lock = threading.Lock()
        self._clone_lock = threading.Lock()

    def run(self, repo: Repo, stages: list[tuple[str, str | None]]) -> None:
        threads = [
            threading.Thread(target=self._ask, args=(number, kind, entry), daemon=True)
            for number, (file, name) in enumerate(stages)
            for kind, entry in self._external_entries(repo, number, file, name)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _external_entries(
        self, repo: Repo, number: int, file: str, name: str | None
    ) -> list[tuple[str, Entry]]:
        """What is to be asked of one stage; it is written before the first answer."""
        try:
            stage = repo.stage.load_one(file, name)
            entries = [(kind, entry) for kind, entry in _entries(stage) if _is_external(entry)]
            changed = name is None and stage.changed_stage()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this stage's answer
            self._write(number, failed=_message(error))
            return []
        self._write(number, queried=[str(entry) for _, entry in entries], changed=changed)
        return entries

    def _ask(self, number: int, kind: str, entry: Entry) -> None:
        silent_server = None
        try:
            if self._safe_protocols and not _is_safe(entry, self._safe_protocols):
                raise ValueError("not asked: it may lead anywhere")
            _refuse_silent_server(entry)
            # One clone is shared by all imports of a repository.
            with self._clone_lock if _is_in_a_repository(entry) else contextlib.nullcontext():
                status = entry.status()
            self._write(number, kind=kind, path=str(entry), status=status)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is this entry's answer
            if isinstance(error, _SilentServerError):
                silent_server = error.address
            why = _message(error)
            self._write(number, kind=kind, path=str(entry), why=why, silent_server=silent_server)

    def _write(self, number: int, **answer: object) -> None:
        with self._write_lock:
            line = json.dumps({"stage": number, **answer})
            print(line, file=self._answers, flush=True)


def _refuse_silent_server(entry: Entry) -> None:
    """Where no server answers, gcsfs would try again for half a minute."""
    chosen = getattr(entry.fs, "fs_args", {}).get("endpoint_url")
    address = chosen or os.environ.get("STORAGE_EMULATOR_HOST", "")
    parts = urlsplit(address)
    if entry.fs is None or entry.fs.protocol != "gs" or not parts.hostname:
        return
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname, port), 3).close()
    except OSError as error:
        raise _SilentServerError(address, error) from None


def _entries(stage: Any) -> Iterator[tuple[str, Entry]]:
    """Those that ``dvc status`` looks at."""
    newer = stage.is_repo_import or stage.is_versioned_import
    for entry in () if stage.frozen and not newer else stage.deps:
        yield "param" if isinstance(entry, ParamsDependency) else "dep", entry
    for entry in stage.outs:
        yield "out", entry


def _is_external(entry: Entry) -> bool:
    return entry.fs is None or entry.fs.protocol != "local" or _is_in_a_repository(entry)


def _is_in_a_repository(entry: Entry) -> bool:
    """Another repository's, of which DVC says that it is local."""
    return hasattr(entry, "def_repo")


def _is_safe(entry: Entry, protocols: Collection[str]) -> bool:
    """Credentials of ours are not sent to a server that the repository chose."""
    chosen = getattr(entry.fs, "fs_args", {})
    own_server = chosen.get("endpoint_url") and chosen.get("token") != "anon"
    return entry.fs is not None and entry.fs.protocol in protocols and not own_server


def _message(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "nothing is there any more"
    return " ".join(str(error).split())[:300] or type(error).__name__


if __name__ == "__main__":
    main()
