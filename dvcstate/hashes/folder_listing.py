"""Every file in a tracked folder with inode, size and mtime, as cheaply as Python can ask for them.

A warm status is little else than this: one scandir a folder, one stat a file. The answer is packed
as it comes (no object for each file) and summed up in a fingerprint; single files are compared only
where that differs from the last one.
"""

import hashlib
import os
from array import array
from typing import NamedTuple

from dvcstate.documents import regular_file
from dvcstate.dvcignore import IGNORE_FILE, DvcIgnore
from dvcstate.errors import ErrorKind, TrackedPathError

# From a descriptor, the kernel need not resolve the whole path again for each stat.
_BY_DESCRIPTOR = os.scandir in os.supports_fd
_FOLDER = os.O_RDONLY | regular_file.FLAGS | getattr(os, "O_DIRECTORY", 0)
_SKIPPED_FOLDERS = frozenset((".git", ".hg", ".dvc"))


class Listing(NamedTuple):
    """``names`` are posix paths below the folder; ``stats`` holds inode, size, mtime (ns) of each.

    A single file is a listing with the one name ``""``. Names may include files that a
    ``.dvcignore`` leaves out: the fingerprint covers them and the rules, ``kept`` filters.
    ``nested_rules``: a ``.dvcignore`` inside (which ignores itself) adds rules of its own.
    """

    names: list[str]
    stats: "array[int]"
    fingerprint: bytes
    is_folder: bool
    nested_rules: bool = False
    has_links: bool = False

    def stat(self, index: int) -> tuple[int, int, int]:
        """Inode, size and mtime of the file ``names[index]``."""
        inode, size, mtime = self.stats[3 * index : 3 * index + 3]
        return inode, size, mtime


def of_file(path: str) -> Listing:
    """The listing of the single file ``path``; a link is followed."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    stats = _pack([status.st_ino, status.st_size, status.st_mtime_ns])
    fingerprint = _fingerprint([""], stats, b"")
    return Listing([""], stats, fingerprint, is_folder=False, has_links=os.path.islink(path))


def of_folder(top: str, ignore: DvcIgnore) -> Listing:
    """The listing of the folder ``top``.

    As DVC's walk: links to files are followed, links to folders are not looked at, ignored folders
    and repositories inside are not looked into, and an empty folder leaves no trace.
    """
    walk = _FolderWalk(top, ignore)
    walk.run()
    fingerprint = _fingerprint(walk.names, walk.stats, walk.rules_key)
    linked = walk.linked or os.path.islink(top)
    return Listing(walk.names, walk.stats, fingerprint, True, walk.nested, linked)


def unignored_indices(top: str, listing: Listing, ignore: DvcIgnore) -> list[int]:
    """The indexes of the names that no ``.dvcignore`` leaves out."""
    ignored = ignore.file_test(top)
    if listing.nested_rules:
        return [
            index
            for index, name in enumerate(listing.names)
            if not ignore.ignores(os.path.join(top, *name.split("/")), False, subrepos=False)
        ]
    if ignored is None:
        return list(range(len(listing.names)))
    return [index for index, name in enumerate(listing.names) if not ignored(name)]


class _ClosedFolderError(Exception):
    """A folder whose entries cannot be listed, and why."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _FolderWalk:
    """Collects the names and stats below one folder."""

    def __init__(self, top: str, ignore: DvcIgnore) -> None:
        self.top = top
        self.ignore = ignore
        self.names: list[str] = []
        self.stats = array("q")
        self.rules_key = ignore.rules_key(top)
        self.nested = False
        self.linked = False

    def run(self) -> None:
        pending = [""] if not self.ignore.ignores(self.top, True) else []
        while pending:
            folder = pending.pop()
            path = f"{self.top}{os.sep}{folder}" if folder else self.top
            try:
                pending += self._add(path, f"{folder}/" if folder else "")
            except _ClosedFolderError as error:
                # Like os.walk, which DVC uses: a folder that cannot be opened is passed over.
                if not folder:
                    raise _unreadable(path, error.reason) from None
            except OSError as error:
                raise _unreadable(path, error) from None

    def _add(self, path: str, prefix: str) -> list[str]:
        """Add the files of one folder; return the folders in it that are to be looked into."""
        files, stats, folders, linked = _scan(path)
        self.linked = self.linked or linked
        # Looked up once a folder, and not compared with the name of each file.
        if ".git" in files or ".dvc" in files or IGNORE_FILE in files or ".dvc" in folders:
            if self.ignore.is_subrepo(path) and self.ignore.covers(path):
                return []
            self._check_special_files(path, files, stats)
        self.names += [prefix + name for name in files] if prefix else files
        self.stats.extend(_pack(stats))
        if self.ignore.restricts(path):
            folders = [
                name
                for name in folders
                if not self.ignore.ignores(f"{path}{os.sep}{name}", True, subrepos=False)
            ]
        elif not _SKIPPED_FOLDERS.isdisjoint(folders) and self.ignore.covers(path):
            folders = [name for name in folders if name not in _SKIPPED_FOLDERS]
        return [prefix + name for name in folders]

    def _check_special_files(self, path: str, files: list[str], stats: list[int]) -> None:
        if not self.ignore.covers(path):
            return
        if ".git" in files and not self.ignore.restricts(path):  # the file of a submodule
            index = files.index(".git")
            del files[index], stats[3 * index : 3 * index + 3]
        if IGNORE_FILE in files:
            if not self.ignore.ignores(f"{path}{os.sep}{IGNORE_FILE}", False, subrepos=False):
                raise TrackedPathError(
                    f"{path}: a .dvcignore must not be in a folder that DVC tracks",
                    "move its lines into the .dvcignore of the repository's root",
                    kind=ErrorKind.NESTED_DVCIGNORE,
                )
            self.nested = True
            self.rules_key += self.ignore.rules_key(path)


def _scan(path: str) -> tuple[list[str], list[int], list[str], bool]:
    """The files in one folder, three numbers for each, the folders, and whether there are links."""
    files: list[str] = []
    stats: list[int] = []
    folders: list[str] = []
    linked = False
    descriptor = None
    try:
        try:
            descriptor = os.open(path, _FOLDER) if _BY_DESCRIPTOR else None
            listed = os.scandir(path if descriptor is None else descriptor)
        except OSError as error:
            raise _ClosedFolderError(error) from None
        with listed as entries:
            for entry in entries:
                if entry.is_symlink():
                    linked = True
                    # A linked .dvc makes the folder a repository of its own all the same.
                    if entry.is_dir() and entry.name != ".dvc":
                        continue
                if entry.is_dir():
                    folders.append(entry.name)
                else:
                    status = entry.stat()
                    files.append(entry.name)
                    stats += (status.st_ino, status.st_size, status.st_mtime_ns)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    return files, stats, folders, linked


def _pack(numbers: list[int]) -> "array[int]":
    try:
        return array("q", numbers)
    except OverflowError:  # inode numbers of 64 bits on some network file systems
        return array("q", [number & 0x7FFF_FFFF_FFFF_FFFF for number in numbers])


def _fingerprint(names: list[str], stats: "array[int]", rules: bytes) -> bytes:
    digest = hashlib.blake2b(stats.tobytes(), digest_size=16)
    digest.update(os.fsencode("\0".join(names)) + rules)
    return digest.digest()


def _unreadable(path: str, error: OSError) -> TrackedPathError:
    if isinstance(error.filename, str) and error.filename not in path:
        path = f"{path}{os.sep}{error.filename}"
    why = error.strerror or str(error)
    return TrackedPathError(
        f"{path}: cannot be looked at: {why}", "a link that leads nowhere? delete it or restore it"
    )
