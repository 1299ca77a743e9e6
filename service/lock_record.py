"""What dvc.lock records of the model, read again only when the file changes."""

from pathlib import Path
from typing import Literal

from service.file_stamp import Stamp, stamp
from workshop import project

Recorded = Literal["fresh", "stale", "never_run", "unknown"]


class LockRecord:
    """Compares a model with what dvc.lock records for its path.

    Used from several threads: they may read the file twice, and come to the same.
    """

    def __init__(self, repo_dir: Path, path: str) -> None:
        self._repo_dir = repo_dir
        self._path = path
        self._read: tuple[Stamp | None, project.Out | Literal["unreadable"] | None] | None = None

    def state(self, md5: str) -> Recorded:
        """``fresh`` if the lock records these bytes, ``stale`` if others, ``never_run`` if none.

        ``unknown`` while dvc.lock cannot be read: `GET /pipeline` says why.
        """
        recorded = self._recorded()
        if recorded == "unreadable":
            return "unknown"
        if recorded is None:
            return "never_run"
        return "fresh" if recorded.md5 == md5 else "stale"

    def _recorded(self) -> project.Out | Literal["unreadable"] | None:
        now = stamp(self._repo_dir / "dvc.lock")  # before reading: a later change is seen next time
        read = self._read
        if read is None or read[0] != now:
            read = self._read = now, self._read_out()
        return read[1]

    def _read_out(self) -> project.Out | Literal["unreadable"] | None:
        try:
            lock = project.read_lock(self._repo_dir)
        except project.ProjectError:
            return "unreadable"
        return lock.out(self._path) if lock else None
