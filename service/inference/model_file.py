"""The model file of a repository: always the newest whole model, never half of one.

A model is replaced while it is served: `dvc repro` deletes it, trains for minutes and writes a new
one. So a model is served until another one is read, is loaded and has answered.
"""

import asyncio
import logging
import time
from http import HTTPStatus
from pathlib import Path

from service.inference.model import BadModelError, Model, load_model, md5
from service.problems import Problem
from service.repository.file_stamp import Stamp, stamp

log = logging.getLogger("uvicorn.error")  # uvicorn shows info and more of this logger

QUIET_SECONDS = 0.3
"""A file is read when it has not changed for so long: one that is being written changes sooner."""
PATIENCE_SECONDS = 5.0
"""How long to wait for that."""
CHECK_SECONDS = 0.02
"""While a model is served its file is checked so often at most: each check is a system call."""
LARGEST_MODEL = 1_000_000_000
"""Bytes; a larger file is no poster classifier, and reading it would take the memory."""


class ChangingFileError(BadModelError):
    """The file is still being written."""


class ModelFile:
    """Holds the model to answer with, and checks its file when a request comes."""

    def __init__(self, repo_dir: Path, name: str) -> None:
        self.name = name
        """The path in the repository, as DVC writes it."""
        self.refusal: str | None = None
        """Why the present file is not served, or None."""
        self._repo_dir = repo_dir
        self._path = repo_dir / name
        self._current: Model | None = None
        self._read_stamp: Stamp | None = None
        self._next_check = 0.0
        self._must_read = True
        self._loading: asyncio.Task[None] | None = None

    @property
    def served_md5(self) -> str | None:
        """The hash of the model to answer with."""
        return self._current.md5 if self._current else None

    async def model(self) -> Model:
        """The model to answer with, or the 503 that says how to get one."""
        model = await self.latest()
        if model is None:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"there is no model to serve: {self.refusal} (in {self._repo_dir})",
                "type dvc repro (makes it) or dvc pull (fetches it); "
                "it is served as soon as it is there, without a restart",
                headers={"Retry-After": "5"},
            )
        return model

    async def latest(self) -> Model | None:
        """The model to answer with; None while there is none that can be served.

        A changed file is loaded in a thread. Meanwhile the old model answers; where there is none,
        the caller waits.
        """
        if self._current is not None and time.monotonic() < self._next_check:
            return self._current
        self._next_check = time.monotonic() + CHECK_SECONDS
        if self._loading is None and (self._must_read or stamp(self._path) != self._read_stamp):
            self._loading = asyncio.create_task(self._reload())
        if self._current is None and self._loading is not None:
            # Shielded: a client that disconnects must not cancel what others wait for.
            await asyncio.shield(self._loading)
        return self._current

    async def close(self) -> None:
        """Wait for a load in progress, so that no thread outlives the service."""
        if self._loading is not None:
            await self._loading

    async def _reload(self) -> None:
        # Before reading, so that the next check finds whatever changes from here on.
        self._read_stamp = stamp(self._path)
        try:
            content = await asyncio.to_thread(_read_quiet_file, self._path)
            if self._current is None or md5(content) != self._current.md5:
                self._current = await asyncio.to_thread(load_model, content)
                log.info("Serving %s, md5 %s", self.name, self._current.md5)
            self.refusal, self._must_read = None, False
        except BadModelError as error:
            self._must_read = isinstance(error, ChangingFileError)
            self._refuse(f"{self.name}: {error}")
        finally:
            self._loading = None

    def _refuse(self, reason: str) -> None:
        if reason != self.refusal:
            still = f"; still serving md5 {self._current.md5}" if self._current else ""
            log.warning("Not served: %s%s", reason, still)
        self.refusal = reason


def _read_quiet_file(path: Path) -> bytes:
    """The bytes of ``path``, read while nobody wrote to it.

    The file is closed again at once: Windows does not replace a file that is open.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        before = _regular_file_stamp(path)
        if before.size > LARGEST_MODEL:
            raise BadModelError(f"it is larger than {LARGEST_MODEL / 1e9:g} GB")
        if _is_quiet(before):
            try:
                content = path.read_bytes()
            except OSError as error:
                raise BadModelError(f"it cannot be read ({error.strerror})") from None
            if stamp(path) == before and len(content) == before.size:  # not written to meanwhile
                return content
        time.sleep(QUIET_SECONDS / 3)
    raise ChangingFileError(f"it has been changing for {PATIENCE_SECONDS:g} s")


def _regular_file_stamp(path: Path) -> Stamp:
    file_stamp = stamp(path)
    if file_stamp is None:
        raise BadModelError("there is no such file")
    if not path.is_file():  # a named pipe would block whoever reads it
        raise BadModelError("it is not a file")
    return file_stamp


def _is_quiet(file_stamp: Stamp) -> bool:
    """Whether the last change is a while ago; a time in the future is another machine's clock."""
    age = (time.time_ns() - max(file_stamp.content_ns, file_stamp.inode_ns)) / 1e9
    return not 0 <= age < QUIET_SECONDS
