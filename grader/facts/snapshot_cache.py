"""What stays the same between two grades of one repository, for a program that grades again."""

import contextlib
import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dvcstate import Workspace
from grader.facts.files import Files
from grader.facts.git import GitCache


class SnapshotCache:
    """The exported files of the last commit, git's answers, the worktree's hashes; no verdicts."""

    def __init__(self) -> None:
        self.git = GitCache()
        self._workspace: Workspace | None = None
        self._export: tempfile.TemporaryDirectory[str] | None = None
        self._exported: tuple[Path, str | None] | None = None
        self._files: Files | None = None
        self._written: dict[str, bytes] = {}

    def close(self) -> None:
        """Delete what was exported."""
        if self._export:
            self._export.cleanup()
        self._export = self._exported = self._files = None
        self._written = {}

    def workspace(self, root: Path) -> Workspace:
        """The worktree at ``root``, which keeps what it has read and hashed."""
        if self._workspace is None or self._workspace.root != root:
            self._workspace = Workspace(root, keeps_object_stats=True)
        return self._workspace

    def exported_files(self, root: Path, commit: str | None) -> Files | None:
        """The files of ``commit`` of the repository at ``root``, if these are what is exported."""
        return self._files if self._exported == (root, commit) else None

    def export(self, root: Path, commit: str | None, contents: Mapping[str, bytes]) -> Files:
        """Write the files of ``commit`` into a temporary folder: only those that changed.

        Where a file is gone, all are written anew: an emptied folder would still be found. Code
        that no dvc.yaml names is not written: 40 files in 10 folders take longer than many checks.
        """
        paths = _paths_to_write(contents)
        digests = {path: hashlib.sha256(contents[path]).digest() for path in paths}
        if self._export is None or self._written.keys() - digests.keys():
            self.close()
            self._export = tempfile.TemporaryDirectory(prefix="grader-", ignore_cleanup_errors=True)
            # Without a .git beside it, DVC takes the folder for no repository.
            Path(self._export.name, ".git", "objects").mkdir(parents=True)
        folder = Path(self._export.name)
        for path, digest in digests.items():
            if self._written.get(path) != digest:
                _write(folder / path, contents[path])
        self._written = digests
        self._files, self._exported = Files(folder, contents), (root, commit)
        return self._files


def _paths_to_write(contents: Mapping[str, bytes]) -> list[str]:
    """All that dvcstate may read from the disk: params can be in a Python file."""
    pipelines = b"".join(text for path, text in contents.items() if path.endswith("dvc.yaml"))
    if b"${" in pipelines:  # a template may make any name
        return list(contents)
    names = {path: path.rpartition("/")[2].encode("utf-8", "surrogateescape") for path in contents}
    return [path for path, name in names.items() if not name.endswith(b".py") or name in pipelines]


def _write(path: Path, content: bytes) -> None:
    with contextlib.suppress(OSError):  # a name that this machine cannot write
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
