"""The model file of a repository: always the newest whole model, never half of one.

A model is replaced while it is served: `dvc repro` deletes it, trains for minutes and writes a new
one. So what was read once is served until something better was read, loaded and has answered.
"""

import asyncio
import logging
import stat
import time
from pathlib import Path

from service.inference.file_stamp import Stamp, stamp
from service.inference.model import Model, ModelError, load, md5

log = logging.getLogger("uvicorn.error")  # the one that uvicorn shows

QUIET_SECONDS = 0.3
"""How long a file must have rested before it is read: a writer in place changes it more often."""
PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.02
"""While a model is served, its file is looked at so often at most: each look is a system call."""
LARGEST_MODEL = 1_000_000_000
"""Bytes; a larger file is no poster classifier, and reading it would take the memory."""


class StillWrittenError(ModelError):
    """The file changes all the time."""


class ModelFile:
    """Holds the model to answer with, and asks the file's metadata when a request comes."""

    def __init__(self, repo_dir: Path, name: str) -> None:
        self.name = name
        """The path in the repository, as DVC writes it."""
        self.refusal: str | None = None
        """Why what lies there now is not served, or None."""
        self._path = repo_dir / name
        self._current: Model | None = None
        self._seen: Stamp | None = None
        self._next_look = 0.0
        self._again = True
        self._loading: asyncio.Task[None] | None = None

    @property
    def served_md5(self) -> str | None:
        """The hash of the model that answers now."""
        return self._current.md5 if self._current else None

    async def latest(self) -> Model | None:
        """The model to answer with now; None while there is none that can be served.

        Loading happens in a thread. Meanwhile the old model answers; where there is none, the
        caller waits.
        """
        if self._current is not None and time.monotonic() < self._next_look:
            return self._current
        self._next_look = time.monotonic() + LOOK_SECONDS
        if self._loading is None and (self._again or stamp(self._path) != self._seen):
            self._loading = asyncio.create_task(self._reload())
        if self._current is None and self._loading is not None:
            await asyncio.shield(self._loading)
        return self._current

    async def close(self) -> None:
        """Wait for a load in progress, so that no thread outlives the service."""
        if self._loading is not None:
            await self._loading

    async def _reload(self) -> None:
        # Asked before reading: whatever changes from here on is seen at the next request.
        self._seen = stamp(self._path)
        try:
            content = await asyncio.to_thread(_rested_content, self._path)
            if self._current is None or md5(content) != self._current.md5:
                self._current = await asyncio.to_thread(load, content)
                log.info("Serving %s, md5 %s", self.name, self._current.md5)
            self.refusal, self._again = None, False
        except ModelError as error:
            self._again = isinstance(error, StillWrittenError)
            self._refuse(f"{self.name}: {error}")
        finally:
            self._loading = None

    def _refuse(self, reason: str) -> None:
        if reason != self.refusal:
            still = f"; still serving md5 {self._current.md5}" if self._current else ""
            log.warning("Not served: %s%s", reason, still)
        self.refusal = reason


def _rested_content(path: Path) -> bytes:
    """The bytes of ``path``, read while nobody wrote; a ModelError where that cannot be.

    The file is closed again at once: Windows does not replace a file that is open.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        before = _regular_file(path)
        if before[2] > LARGEST_MODEL:
            raise ModelError(f"it is larger than {LARGEST_MODEL / 1e9:g} GB")
        if _rests(before):
            try:
                content = path.read_bytes()
            except OSError as error:
                raise ModelError(f"it cannot be read ({error.strerror})") from None
            if stamp(path) == before and len(content) == before[2]:
                return content
        time.sleep(QUIET_SECONDS / 3)
    raise StillWrittenError(f"it has been changing for {PATIENCE_SECONDS:g} s")


def _regular_file(path: Path) -> Stamp:
    try:
        mode = path.stat().st_mode
    except OSError:
        raise ModelError("there is no such file") from None
    found = stamp(path)
    if not stat.S_ISREG(mode) or found is None:
        raise ModelError("it is not a file")
    return found


def _rests(found: Stamp) -> bool:
    """Whether the last change is a while ago; a time in the future is another machine's clock."""
    age = (time.time_ns() - max(found[:2])) / 1e9
    return not 0 <= age < QUIET_SECONDS
