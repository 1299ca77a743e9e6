"""Ask DVC about the deps and outs of stages that do not lie on this computer, all at once.

    python -P ask_elsewhere.py ROOT NOBODY_LISTENS [HARMLESS ...] < STAGES

``STAGES`` is JSON: the file and the name of each stage, null for a ``.dvc`` file. Protocols that
are ``HARMLESS`` are asked alone, where some are given. Each line of the answer is JSON, and is
there as soon as it is known, for whoever asks may not wait for the last:

    {"stage": 0, "asked": [paths], "changed": whether a .dvc file's own checksum differs}
    {"stage": 0, "failed": why the stage could not be read}
    {"stage": 0, "kind": "dep", "path": ..., "status": what Stage.status() says of it}
    {"stage": 0, "kind": "dep", "path": ..., "why": why there is no answer}
"""

import contextlib
import json
import os
import socket
import sys
import threading
from collections.abc import Collection, Iterator
from typing import Any, TextIO
from urllib.parse import urlsplit

from dvc.repo import Repo

Entry = Any
"""A dep or an out, an object of DVC's."""


def main() -> None:
    """Ask what the command line and stdin name; threads that still wait do not hold it up."""
    root, nobody_listens, *harmless = sys.argv[1:]
    addresses = json.load(sys.stdin)
    os.chdir(root)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what DVC prints is no answer
    with Repo(os.curdir) as repo:
        _Asker(answers, nobody_listens, harmless).ask_all(repo, addresses)
    answers.flush()
    os._exit(0)


class _Asker:
    def __init__(self, answers: TextIO, nobody_listens: str, harmless: Collection[str]) -> None:
        self._answers = answers
        self._nobody_listens = nobody_listens
        self._harmless = harmless
        self._turn = threading.Lock()
        self._clones = threading.Lock()

    def ask_all(self, repo: Repo, addresses: list[tuple[str, str | None]]) -> None:
        threads = [
            threading.Thread(target=self._ask, args=(number, kind, entry), daemon=True)
            for number, (file, name) in enumerate(addresses)
            for kind, entry in self._elsewhere(repo, number, file, name)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _elsewhere(
        self, repo: Repo, number: int, file: str, name: str | None
    ) -> list[tuple[str, Entry]]:
        """What is to be asked of one stage; told before the first answer."""
        try:
            stage = repo.stage.load_one(file, name)
            entries = [one for one in _looked_at(stage) if _is_elsewhere(one[1])]
            changed = name is None and stage.changed_stage()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this stage's answer
            self._tell(number, failed=_words(error))
            return []
        self._tell(number, asked=[str(entry) for _, entry in entries], changed=changed)
        return entries

    def _ask(self, number: int, kind: str, entry: Entry) -> None:
        try:
            if self._harmless and not _is_harmless(entry, self._harmless):
                raise ValueError("not asked: it may lead anywhere")
            self._refuse_silence(entry)
            # One clone is shared by all imports of a repository.
            with self._clones if _is_in_a_repository(entry) else contextlib.nullcontext():
                status = entry.status()
            self._tell(number, kind=kind, path=str(entry), status=status)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is this entry's answer
            self._tell(number, kind=kind, path=str(entry), why=_words(error))

    def _refuse_silence(self, entry: Entry) -> None:
        """Where nobody listens, gcsfs would try again for half a minute."""
        chosen = getattr(entry.fs, "fs_args", {}).get("endpoint_url")
        address = chosen or os.environ.get("STORAGE_EMULATOR_HOST", "")
        parts = urlsplit(address)
        if entry.fs is None or entry.fs.protocol != "gs" or not parts.hostname:
            return
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            socket.create_connection((parts.hostname, port), 3).close()
        except OSError as error:
            raise ValueError(f"{self._nobody_listens} {address} ({error})") from None

    def _tell(self, number: int, **answer: object) -> None:
        with self._turn:
            line = json.dumps({"stage": number, **answer})
            print(line, file=self._answers, flush=True)


def _looked_at(stage: Any) -> Iterator[tuple[str, Entry]]:
    newer = stage.is_repo_import or stage.is_versioned_import
    for entry in () if stage.frozen and not newer else stage.deps:
        yield "dep", entry
    for entry in stage.outs:
        yield "out", entry


def _is_elsewhere(entry: Entry) -> bool:
    return entry.fs is None or entry.fs.protocol != "local" or _is_in_a_repository(entry)


def _is_in_a_repository(entry: Entry) -> bool:
    """Another repository's, of which DVC says that it is local."""
    return hasattr(entry, "def_repo")


def _is_harmless(entry: Entry, protocols: Collection[str]) -> bool:
    chosen = getattr(entry.fs, "fs_args", {})
    own = chosen.get("endpoint_url") and chosen.get("token") != "anon"
    return entry.fs is not None and entry.fs.protocol in protocols and not own


def _words(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "nothing is there any more"
    return " ".join(str(error).split())[:300] or type(error).__name__


if __name__ == "__main__":
    main()
