"""What stays the same between two looks at one repository, for a program that looks again."""

import contextlib
import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dvcstate import Workspace
from grader.facts.files import Files
from grader.facts.git_cache import GitCache


class SnapshotCache:
    """The files of the last commit, and the worktree's hashes: facts, never a verdict."""

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
        """The worktree at ``root``, which knows what it has read and hashed before."""
        if self._workspace is None or self._workspace.root != root:
            self._workspace = Workspace(root)
        return self._workspace

    def exported(self, root: Path, commit: str | None) -> Files | None:
        """The files of ``commit`` of the repository at ``root``, if they were exported last."""
        return self._files if self._exported == (root, commit) else None

    def export(self, root: Path, commit: str | None, contents: Mapping[str, bytes]) -> Files:
        """Write the files of ``commit`` into a folder of their own: what is there stays there.

        Where a file is gone, all are written anew: an empty folder says something too.
        """
        digests = {path: hashlib.sha256(content).digest() for path, content in contents.items()}
        if self._export is None or self._written.keys() - digests.keys():
            self.close()
            self._export = tempfile.TemporaryDirectory(prefix="grader-", ignore_cleanup_errors=True)
            # DVC reads no project without git around.
            Path(self._export.name, ".git", "objects").mkdir(parents=True)
        folder = Path(self._export.name)
        for path, digest in digests.items():
            if self._written.get(path) != digest:
                _write(folder / path, contents[path])
        self._written = digests
        self._files, self._exported = Files(folder), (root, commit)
        return self._files


def _write(path: Path, content: bytes) -> None:
    with contextlib.suppress(OSError):  # a name that this machine cannot write
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
