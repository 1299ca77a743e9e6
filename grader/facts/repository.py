"""Everything that checks may ask of one repository; each fact is gathered once, when asked for."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath

from grader.facts.git import Blob, Git
from grader.facts.objects import Objects
from grader.facts.settings import Settings, read_settings
from grader.facts.view import MAX_TEXT_BYTES, View, is_dvc, is_told
from workshop.project import Project, ProjectState, Workspace
from workshop.project.config import read as read_config
from workshop.project.repository import Repository, find

_MAX_EXPORT_BYTES = 64 * 2**20
_MAX_EXPORT_FILES = 5000


class Facts:
    """The repository that the folder ``start`` is in."""

    def __init__(self, start: Path) -> None:
        self.start = Path(os.path.abspath(start))  # noqa: PTH100 - links stay
        self._export: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Delete what was exported."""
        if self._export:
            self._export.cleanup()

    @cached_property
    def git(self) -> Git | None:
        """The git repository, None where there is none that could be graded."""
        return Git.around(self.start)

    @cached_property
    def commit(self) -> str | None:
        """The commit that is graded, None before the first."""
        return self.git.head() if self.git else None

    @cached_property
    def root(self) -> Path:
        """The root of the DVC repository, or where it would be: the root of git."""
        top = self.git.root if self.git else self.start
        for folder in (self.start, *self.start.parents):
            inside = folder.relative_to(top).as_posix() if folder.is_relative_to(top) else None
            if inside is not None and self._holds_dvc(folder, inside):
                return folder
            if folder == top:
                break
        return top

    def _holds_dvc(self, folder: Path, inside: str) -> bool:
        name = (PurePosixPath(inside) / ".dvc" / "config").as_posix()
        return (folder / ".dvc").is_dir() or name in self._tree

    @cached_property
    def _tree(self) -> dict[str, Blob]:
        return self.git.tree(self.commit) if self.git and self.commit else {}

    @cached_property
    def prefix(self) -> str:
        """What stands before a path of the DVC repository in git: empty, or ``folder/``."""
        if self.git is None or self.root == self.git.root:
            return ""
        return self.root.relative_to(self.git.root).as_posix() + "/"

    @cached_property
    def committed(self) -> dict[str, Blob]:
        """Every file at HEAD below the root of the DVC repository."""
        return {
            path.removeprefix(self.prefix): blob
            for path, blob in self._tree.items()
            if path.startswith(self.prefix)
        }

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """Every path in git's index below the root of the DVC repository."""
        paths = self.git.index() if self.git else ()
        return tuple(p.removeprefix(self.prefix) for p in paths if p.startswith(self.prefix))

    @cached_property
    def head(self) -> View:
        """What is committed."""
        self._export = tempfile.TemporaryDirectory(prefix="grader-", ignore_cleanup_errors=True)
        root = Path(self._export.name)
        (root / ".git" / "objects").mkdir(parents=True)  # DVC reads no project without git around
        told = self._told
        contents = self.git.contents(blob.oid for blob in told.values()) if self.git else {}
        for path, blob in told.items():
            if blob.oid in contents:
                with contextlib.suppress(OSError):  # a name that this machine cannot write
                    target = root / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(contents[blob.oid])
        return View("HEAD", root, self)

    @cached_property
    def _told(self) -> dict[str, Blob]:
        """The files of HEAD that say something, DVC's own first, as far as anybody would wait."""
        told: dict[str, Blob] = {}
        total = 0
        for path in sorted(
            filter(is_told, self.committed), key=lambda path: (not is_dvc(path), path)
        ):
            blob = self.committed[path]
            total += blob.size
            if total > _MAX_EXPORT_BYTES or len(told) == _MAX_EXPORT_FILES:
                break
            parts = set(path.split("/"))
            if blob.size <= MAX_TEXT_BYTES and not parts & {"..", ".git"} and "\\" not in path:
                told[path] = blob
        return told

    @cached_property
    def worktree(self) -> View:
        """What lies in the attendee's folder."""
        return View("worktree", self.root, self)

    @cached_property
    def uncommitted(self) -> tuple[str, ...]:
        """The files that say something of the project and are not at HEAD as in the worktree."""
        told = {*self._told, *self._lying_about}
        return tuple(sorted(path for path in told if not self._is_same(path)))

    def _is_same(self, path: str) -> bool:
        ours, theirs = self.worktree.content(path), self.head.content(path)
        if ours is None or theirs is None:
            return ours is theirs
        return ours.replace(b"\r\n", b"\n") == theirs.replace(b"\r\n", b"\n")

    @cached_property
    def _lying_about(self) -> list[str]:
        """DVC's own files in the worktree, as far as anybody would put them: three folders deep."""
        found = []
        pending = [(self.root, "")]
        while pending:
            folder, shown = pending.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError:
                continue
            for entry in entries:
                path = shown + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if path.count("/") < 3 and self._is_searched(entry):
                        pending.append((folder / entry.name, f"{path}/"))
                elif path == "params.yaml" or path.endswith(("dvc.yaml", "dvc.lock", ".dvc")):
                    found.append(path)
        return found

    @cached_property
    def objects(self) -> Objects:
        """DVC's cache on this machine."""
        return Objects(self._found.cache_dir)

    def _is_searched(self, folder: "os.DirEntry[str]") -> bool:
        """Not a hidden folder, nor a repository of its own: a sub-module, a git worktree."""
        if folder.name.startswith("."):
            return False
        return not any(os.path.lexists(f"{folder.path}/{name}") for name in (".git", ".dvc"))

    @cached_property
    def state(self) -> ProjectState:
        """The state of the worktree as ``dvc status`` sees it; a ProjectError where it cannot."""
        return self.workspace.state()

    @cached_property
    def workspace(self) -> Workspace:
        """The worktree as a DVC project."""
        return Workspace(self.root)

    @cached_property
    def project_alike(self) -> Project | None:
        """The project in the worktree where it is that of HEAD too: it need not be read twice."""
        if self.uncommitted:
            return None
        project = self.workspace.project()
        is_committed = all(stage.file in self.committed for stage in project.stages)
        return project if is_committed else None

    def ignores(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether a .gitignore of the worktree leaves out ``path``."""
        return self._found.git_ignores(str(self.root / path), is_folder)

    @cached_property
    def _found(self) -> Repository:
        return find(self.root)

    @cached_property
    def remote_options(self) -> Mapping[str, Mapping[str, str]]:
        """The options of each remote as DVC has them here: config.local and the user's included."""
        return read_config(self.root).remotes

    @cached_property
    def settings(self) -> Settings:
        """What ``workshop.toml`` says of this attendee."""
        return read_settings(self.worktree.text("workshop.toml"))
