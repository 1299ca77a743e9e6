"""The small files of one snapshot: each is read once, and what it says is kept."""

import os
import stat
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from dvcstate import Project, Stage, read
from dvcstate.documents import regular_file
from grader.code import source
from grader.code.stage_code import ImportPaths, StageCode
from workshop.stages import PACKAGE, StageSpec

# A larger file is data, whatever its name says.
MAX_TEXT_BYTES = 8 * 2**20
# Younger than this when it was read, a file may change again and keep its mtime.
_YOUNG_NS = 2_000_000_000
_Stamp = tuple[int, ...] | None
_TO_READ_AGAIN: _Stamp = ()  # no path has it, neither one that is there nor one that is not


def with_lf(content: bytes) -> bytes:
    """Git and editors on Windows may write other line ends, which are no change."""
    return content.replace(b"\r\n", b"\n")


class Files:
    """The files below the folder ``root``, by their paths from there.

    ``contents`` are the bytes of those that are known, on the disk or not.
    """

    def __init__(self, root: Path, contents: Mapping[str, bytes] | None = None) -> None:
        self.root = root
        self._start = os.path.join(root, "")  # noqa: PTH118 - as text
        self._contents: dict[str, bytes | None] = {**(contents or {})}
        self._texts: dict[str, str | None] = {}
        # What the disk said of each path when it was read; None where nothing was.
        self._stamps: dict[str, _Stamp] = {}
        self._codes: dict[tuple[str, str, str], StageCode] = {}
        self._import_paths: ImportPaths = {}

    def forget_changed(self) -> None:
        """Forget what has changed on the disk since it was read, and all code with it."""
        changed = [path for path, stamp in self._stamps.items() if self._stamp(path) != stamp]
        for path in changed:
            del self._stamps[path]
            self._contents.pop(path, None)
            self._texts.pop(path, None)
        # Of the folders that hold packages no stamp tells.
        if "_layouts" in self.__dict__ or any(path.endswith(".py") for path in changed):
            self.__dict__.pop("_layouts", None)
            self._codes.clear()
            self._import_paths.clear()
        self.__dict__.pop("project", None)

    def _stamp(self, path: str) -> _Stamp:
        try:
            return _stamp_of(os.lstat(f"{self._start}{path}"))
        except (OSError, ValueError):  # a NUL in its name
            return None

    def content(self, path: str) -> bytes | None:
        """The bytes of the small file ``path``; None where there is none, or no small one."""
        if path not in self._contents:
            self._contents[path] = self._read(path)
        return self._contents[path]

    def _read(self, path: str) -> bytes | None:
        # Most names are of no file: the walk over imports asks for some hundred. As text, once.
        file = f"{self._start}{path}"
        self._stamps[path] = None
        try:
            status = os.lstat(file)
            is_young = status.st_mtime_ns > time.time_ns() - _YOUNG_NS
            self._stamps[path] = _TO_READ_AGAIN if is_young else _stamp_of(status)
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_TEXT_BYTES:
                return None
            return regular_file.read(file, MAX_TEXT_BYTES)
        except (OSError, ValueError):  # a NUL in its name
            return None

    def text(self, path: str) -> str | None:
        """The same as text with plain line ends; None where it is none."""
        if path not in self._texts:
            self._texts[path] = self._decode(path)
        return self._texts[path]

    def _decode(self, path: str) -> str | None:
        content = self.content(path)
        if content is None:
            return None
        try:
            return content.decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            return source.decode(content) if path.endswith(".py") else None

    def code(self, spec: StageSpec, stage: Stage | None = None) -> StageCode:
        """The code of a lesson's stage, as ``stage`` runs it; it is read and never run."""
        command, folder = (stage.cmd, stage.wdir) if stage else (None, "")
        key = spec.name, repr(command), folder
        if key not in self._codes:
            self._codes[key] = StageCode(
                self.text, spec, self._import_paths, command, folder, lambda: self._layouts
            )
        return self._codes[key]

    @cached_property
    def _layouts(self) -> tuple[str, ...]:
        """The folders, two deep at most, that hold the package of the stages."""
        below = [path.split("/") for path, content in self._contents.items() if content is not None]
        known = {
            "/".join(parts[:at]) for parts in below for at in (1, 2) if PACKAGE in parts[at:-1]
        }
        try:
            here = self.root.glob(f"*/{PACKAGE}"), self.root.glob(f"*/*/{PACKAGE}")
            found = [
                path.parent.relative_to(self.root).as_posix() for each in here for path in each
            ]
        except OSError:
            found = []
        folders = [path for path in (*known, *found) if not path.startswith(".")]
        return tuple(sorted(dict.fromkeys(folders), key=lambda path: (path.count("/"), path)))

    @cached_property
    def project(self) -> Project:
        """The stages; a ProjectError where the files don't say which."""
        return read(self.root)


def _stamp_of(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
