"""What git has of a repository, at HEAD and in its index, by paths of the DVC repository in it."""

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath

from grader.facts.git import Blob, Git, GitCache, Tree
from grader.facts.snapshot import is_code_file
from grader.facts.sub_modules import SubModule, read_sub_modules
from grader.finding import Source

_SUB_MODULES = ".gitmodules"


def _is_same_folder(folder: Path, other: Path) -> bool:
    try:
        return folder.samefile(other)
    except OSError:
        return False


def _files_by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    # Asked for 100 times in a grade: to compare each path with each folder took 5 ms of its 60.
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(".", []).append(path)
        at = path.find("/")
        while at > 0:
            folders.setdefault(path[:at], []).append(path)
            at = path.find("/", at + 1)
    return folders


class GitFacts:
    """What git has of the repository that the folder ``start`` is in."""

    def __init__(self, start: Path, git_cache: GitCache) -> None:
        self.start = Path(os.path.abspath(start))  # noqa: PTH100 - links stay
        self.git_cache = git_cache

    @cached_property
    def git(self) -> Git | None:
        """The git repository, None where there is none that could be graded."""
        return Git.find(self.start, self.git_cache)

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
        """The root of git and ``start`` below it, both through the same links.

        Git resolves links in its root, and on macOS /tmp itself is a link.
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
        return (folder / ".dvc").is_dir() or name in self._tree.files

    @cached_property
    def _tree(self) -> Tree:
        return self.git.tree(self.commit) if self.git and self.commit else Tree({}, (), ())

    @cached_property
    def prefix(self) -> str:
        """What stands before a path of the DVC repository in git: empty, or ``folder/``."""
        top, _ = self._ends
        return "" if self.root == top else self.root.relative_to(top).as_posix() + "/"

    @cached_property
    def committed_files(self) -> dict[str, Blob]:
        """Each file at HEAD below the root of the DVC repository."""
        return {
            path.removeprefix(self.prefix): blob
            for path, blob in self._tree.files.items()
            if path.startswith(self.prefix)
        }

    @cached_property
    def committed_folders(self) -> dict[str, list[str]]:
        """The files at HEAD in each folder, at any depth, by its path; ``.`` is the root."""
        return self.git_cache.recall(
            lambda: _files_by_folder(self.committed_files),
            *("folders", self.commit or "", self.prefix),
        )

    @cached_property
    def links(self) -> list[str]:
        """Each link at HEAD below that root, and each sub-module."""
        return self._below([*self._tree.links, *self._sub_modules_at_head])

    @cached_property
    def sub_modules(self) -> dict[str, SubModule]:
        """The sub-modules at HEAD below that root, by path."""
        found = self._sub_modules_at_head
        return {path: found[self.prefix + path] for path in self._below(found)}

    @cached_property
    def _sub_modules_at_head(self) -> dict[str, SubModule]:
        tree = self._tree
        if not tree.repositories:
            return {}
        named = self._read_sub_modules(tree.files.get(_SUB_MODULES))
        return {path: named[path] for path in tree.repositories if path in named}

    def link_target(self, link: str) -> str:
        """Where one of ``links`` leads at HEAD, as git has it; empty for a sub-module."""
        name = f"{self.prefix}{link}"
        if self.git is None or self.commit is None or name not in self._tree.links:
            return ""
        return b"".join(self.git.versions([self.commit], name)).decode("utf-8", "replace")

    @cached_property
    def nested_repositories(self) -> dict[str, Source]:
        """Other git repositories below that root, in place of whose files git has a commit alone.

        By path, and whether HEAD has it or the index only. Sub-modules are none: a clone gets them.
        """
        entries = self.git.index_entries() if self.git else ()
        staged = [entry.path for entry in entries if entry.is_repository]
        committed = self._tree.repositories
        if not (staged or committed):
            return {}
        blobs = [entry.oid for entry in entries if entry.path == _SUB_MODULES]
        modules = self._read_sub_modules(*blobs, self._tree.files.get(_SUB_MODULES))
        sources: dict[str, Source] = dict.fromkeys(self._below(staged), "index")
        sources |= dict.fromkeys(self._below(committed), "HEAD")
        return {
            path: source for path, source in sources.items() if self.prefix + path not in modules
        }

    def _read_sub_modules(self, *files: Blob | str | None) -> dict[str, SubModule]:
        """What versions of ``.gitmodules`` name, by path from the root of git."""
        oids = [file.oid if isinstance(file, Blob) else file for file in files if file]
        texts = self.git.contents(oids).values() if self.git else ()
        return {path: module for text in texts for path, module in read_sub_modules(text).items()}

    @cached_property
    def tracked_files(self) -> tuple[str, ...]:
        """Each path in git's index below the root of the DVC repository."""
        return tuple(dict.fromkeys(self._below(self.git.index_paths() if self.git else ())))

    @cached_property
    def code_files(self) -> tuple[str, ...]:
        """The programs and settings that git has, in its index or at HEAD."""
        known = dict.fromkeys([*self.tracked_files, *self.committed_files])
        return tuple(filter(is_code_file, known))

    @cached_property
    def code_folders(self) -> dict[str, list[str]]:
        """Those of ``code_files`` in each folder, as in `committed_folders`."""
        return _files_by_folder(self.code_files)

    def _below(self, paths: Iterable[str]) -> list[str]:
        return [p.removeprefix(self.prefix) for p in paths if p.startswith(self.prefix)]

    @cached_property
    def unmerged_files(self) -> list[str]:
        """Each path that a merge in progress has left in several versions."""
        entries = self.git.index_entries() if self.git else ()
        return self._below(dict.fromkeys(entry.path for entry in entries if entry.is_unmerged))
