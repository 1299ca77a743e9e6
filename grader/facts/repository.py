"""Everything that checks may ask of one repository; each fact is gathered once, when asked for."""

import os
import time
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath

from dvcstate import Project, ProjectError, ProjectState, Workspace
from dvcstate.config.dvc_config import read as read_config
from dvcstate.dvc_repository import DvcRepository, find
from grader.facts import settings
from grader.facts.files import MAX_TEXT_BYTES, Files
from grader.facts.git import Blob, Git, Place
from grader.facts.objects import Objects
from grader.facts.settings import Settings, read_settings
from grader.facts.snapshot import Snapshot, is_dvc, is_metadata_file
from grader.facts.snapshot_cache import SnapshotCache

_MAX_EXPORT_BYTES = 64 * 2**20
_MAX_EXPORT_FILES = 5000
_RAW = "data/raw.dvc"
"""Looked for in a folder that git ignores, too: there it is a mistake."""


def _is_same_folder(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


class Repository:
    """The repository that the folder ``start`` is in.

    ``cache`` is of whoever looks again and again, who closes it too. ``ask_s``: how long deps that
    lie elsewhere, in a cloud, are waited for; 0 asks nobody about them.
    """

    def __init__(self, start: Path, cache: SnapshotCache | None = None, ask_s: float = 0) -> None:
        self.start = Path(os.path.abspath(start))  # noqa: PTH100 - links stay
        self._cache = cache or SnapshotCache()
        self._owns_cache = cache is None
        self.ask_s = ask_s
        self.asked_since: float | None = None
        """When a cloud was first asked: all that is asked has to be answered within ten seconds."""

    def close(self) -> None:
        """Delete what was exported."""
        if self._owns_cache:
            self._cache.close()

    @cached_property
    def git(self) -> Git | None:
        """The git repository, None where there is none that could be graded."""
        return Git.around(self.start, self._cache.git)

    @cached_property
    def commit(self) -> str | None:
        """The commit that is graded, None before the first."""
        return self.git.head if self.git else None

    @cached_property
    def root(self) -> Path:
        """The root of the DVC repository, or where it would be: the root of git."""
        top, start = self._ends
        for folder in (start, *start.parents):
            if self._holds_dvc(folder, folder.relative_to(top).as_posix()):
                return folder
            if folder == top:
                break
        return top

    @cached_property
    def _ends(self) -> tuple[Path, Path]:
        """The root of git and ``start``, below it, both through the same links.

        Git tells its root without links, and macOS' own /tmp is one.
        """
        if self.git is None:
            return self.start, self.start
        for folder in (self.start, *self.start.parents):
            if folder == self.git.root or _is_same_folder(folder, self.git.root):
                return folder, self.start
        real = Path(os.path.realpath(self.start))
        return self.git.root, real if real.is_relative_to(self.git.root) else self.git.root

    def _holds_dvc(self, folder: Path, inside: str) -> bool:
        name = (PurePosixPath(inside) / ".dvc" / "config").as_posix()
        return (folder / ".dvc").is_dir() or name in self._tree

    @cached_property
    def _tree(self) -> dict[str, Blob]:
        return self.git.tree(self.commit) if self.git and self.commit else {}

    @cached_property
    def prefix(self) -> str:
        """What stands before a path of the DVC repository in git: empty, or ``folder/``."""
        top, _ = self._ends
        return "" if self.root == top else self.root.relative_to(top).as_posix() + "/"

    @cached_property
    def committed(self) -> dict[str, Blob]:
        """Every file at HEAD below the root of the DVC repository."""
        return {
            path.removeprefix(self.prefix): blob
            for path, blob in self._tree.items()
            if path.startswith(self.prefix)
        }

    def links(self) -> list[str]:
        """Every link and every sub-module at HEAD, likewise; seldom asked for."""
        paths = self.git.links(self.commit) if self.git and self.commit else []
        return self._below(paths)

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """Every path in git's index below the root of the DVC repository."""
        return tuple(dict.fromkeys(self._below(self.git.index() if self.git else ())))

    def _below(self, paths: Iterable[str]) -> list[str]:
        return [p.removeprefix(self.prefix) for p in paths if p.startswith(self.prefix)]

    @cached_property
    def unmerged(self) -> list[str]:
        """Every path of which a merge that goes on has left several versions."""
        entries = self.git.entries() if self.git else ()
        return self._below(dict.fromkeys(one.path for one in entries if one.is_unmerged))

    def is_staged(self, path: str) -> bool:
        """Whether git's index has the small file ``path`` as it lies in the folder."""
        content = self.worktree.content(path)
        if content is None or self.git is None or path in self.unmerged:
            return False
        oids = [one.oid for one in self.git.entries() if one.path == f"{self.prefix}{path}"]
        there = self.git.contents(oids)
        return content.replace(b"\r\n", b"\n") in [
            one.replace(b"\r\n", b"\n") for one in there.values()
        ]

    @cached_property
    def head(self) -> Snapshot:
        """What is committed."""
        files = self._cache.exported(self.root, self.commit)
        if files is None:
            blobs = self._metadata_files
            found = self.git.contents(blob.oid for blob in blobs.values()) if self.git else {}
            there = {path: found[b.oid] for path, b in blobs.items() if b.oid in found}
            files = self._cache.export(self.root, self.commit, there)
        return Snapshot("HEAD", files, lambda: self.project_alike or files.project)

    @cached_property
    def _metadata_files(self) -> dict[str, Blob]:
        """The files of HEAD that say something, DVC's own first, as far as anybody would wait."""
        found: dict[str, Blob] = {}
        total = 0
        for path in sorted(
            filter(is_metadata_file, self.committed), key=lambda path: (not is_dvc(path), path)
        ):
            blob = self.committed[path]
            total += blob.size
            if total > _MAX_EXPORT_BYTES or len(found) == _MAX_EXPORT_FILES:
                break
            parts = set(path.split("/"))
            if blob.size <= MAX_TEXT_BYTES and not parts & {"..", ".git"} and "\\" not in path:
                found[path] = blob
        return found

    @cached_property
    def worktree(self) -> Snapshot:
        """What lies in the attendee's folder."""
        return Snapshot("worktree", Files(self.root), lambda: self.workspace.project())

    @cached_property
    def uncommitted(self) -> tuple[str, ...]:
        """The files that say something of the project and are not at HEAD as in the worktree."""
        paths = {*self._metadata_files, *self._dvc_files_in_worktree}
        return tuple(sorted(path for path in paths if not self._is_same(path)))

    def _is_same(self, path: str) -> bool:
        ours, theirs = self.worktree.content(path), self.head.content(path)
        if ours is None or theirs is None:
            return ours is theirs
        return ours.replace(b"\r\n", b"\n") == theirs.replace(b"\r\n", b"\n")

    @cached_property
    def _dvc_files_in_worktree(self) -> list[str]:
        """DVC's own files in the worktree, as far as anybody would put them: three folders deep."""
        found = [p for p in (_RAW, *self.params_files) if (self.root / p).is_file()]
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
                    if path.count("/") < 3 and self._is_searched(path):
                        pending.append((folder / entry.name, f"{path}/"))
                elif path.endswith(("dvc.yaml", "dvc.lock", ".dvc")):
                    found.append(path)
        return found

    def _is_searched(self, path: str) -> bool:
        """Whether DVC looks there for stages: not in what is ignored, nor in other repositories.

        Sub-modules and git worktrees are such.
        """
        if path.rpartition("/")[2].startswith("."):
            return False
        place = str(self.root / path)
        if any(os.path.lexists(f"{place}/{name}") for name in (".git", ".dvc")):
            return False
        try:
            found = self._found
        except ProjectError:  # told by init.config
            return True
        is_ignored = found.git_ignores(place, True) or found.dvcignore.ignores(place, True)
        return not is_ignored or any(one.startswith(f"{path}/") for one in self._metadata_files)

    @cached_property
    def params_files(self) -> frozenset[str]:
        """The files that hold params, as far as the stages in the worktree can be read."""
        try:
            stages = self.worktree.project.stages
        except (ProjectError, OSError):
            stages = ()
        declared = {file.path for stage in stages for file in stage.params}
        return frozenset({"params.yaml", *filter(is_metadata_file, declared)})

    @cached_property
    def objects(self) -> Objects:
        """DVC's cache on this machine."""
        return Objects(self._found.cache_dir)

    @cached_property
    def state(self) -> ProjectState:
        """The state of the worktree as ``dvc status`` sees it; a ProjectError where it cannot."""
        _ = self.worktree.project  # the same reading, or the error that it ends in
        if self.ask_s and any(stage.external for stage in self.worktree.project.stages):
            self.asked_since = time.monotonic()
        return self.workspace.state(read=False, ask_s=self.ask_s, trusted=False)

    @cached_property
    def workspace(self) -> Workspace:
        """The worktree as a DVC project."""
        return self._cache.workspace(self.root)

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

    def ignoring_line(self, path: str) -> Place | None:
        """The line that leaves ``path`` out of git; None where git itself cannot say."""
        found = self.git.ignoring_line(f"{self.prefix}{path}") if self.git else None
        if found and self.prefix and found.file.startswith(self.prefix):
            return Place(found.file.removeprefix(self.prefix), found.line)
        return found

    def ignores_at_head(self, path: str) -> bool:
        """The same by the .gitignore files that are committed, those above the root left out."""
        is_folder = (self.root / path).is_dir()
        return self._found_at_head.git_ignores(str(self.head.root / path), is_folder)

    @cached_property
    def _found_at_head(self) -> DvcRepository:
        return find(self.head.root)

    @cached_property
    def _found(self) -> DvcRepository:
        return find(self.root)

    @cached_property
    def remote_options(self) -> Mapping[str, Mapping[str, str]]:
        """The options of each remote as DVC has them here: config.local and the user's included."""
        return read_config(self.root).remotes

    @cached_property
    def settings(self) -> Settings:
        """What ``workshop.toml`` says of this attendee."""
        return read_settings(self.worktree.content(settings.PATH))
