"""What stays the same between two looks at one repository, for a program that looks again."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from grader.facts.files import Files
from workshop.project import Workspace


class Memory:
    """The files of the last commit, and the worktree's hashes: facts, never a verdict."""

    def __init__(self) -> None:
        self._workspace: Workspace | None = None
        self._export: tempfile.TemporaryDirectory[str] | None = None
        self._exported: tuple[Path, str | None] | None = None
        self._files: Files | None = None

    def close(self) -> None:
        """Delete what was exported."""
        if self._export:
            self._export.cleanup()
        self._export = self._exported = self._files = None

    def workspace(self, root: Path) -> Workspace:
        """The worktree at ``root``, which knows what it has read and hashed before."""
        if self._workspace is None or self._workspace.root != root:
            self._workspace = Workspace(root)
        return self._workspace

    def exported(self, root: Path, commit: str | None) -> Files | None:
        """The files of ``commit`` of the repository at ``root``, if they were exported last."""
        return self._files if self._exported == (root, commit) else None

    def export(self, root: Path, commit: str | None, contents: Mapping[str, bytes]) -> Files:
        """Write the files of ``commit`` into a folder of their own."""
        self.close()
        self._export = tempfile.TemporaryDirectory(prefix="grader-", ignore_cleanup_errors=True)
        folder = Path(self._export.name)
        (folder / ".git" / "objects").mkdir(parents=True)  # DVC reads no project without git around
        for path, content in contents.items():
            try:
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError:  # a name that this machine cannot write
                continue
        self._files, self._exported = Files(folder), (root, commit)
        return self._files
