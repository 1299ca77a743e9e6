"""Lesson ``data``: no copy of what DVC keeps is in git under another name, now or before."""

import hashlib
import itertools
import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from grader import fixes
from grader.amounts import amount
from grader.checks.in_git import is_cache_object
from grader.code.stage_code import words_of
from grader.engine.registry import check
from grader.facts import history
from grader.facts.archives import is_archive_name, member_md5s
from grader.facts.git import Blob, Git
from grader.facts.picture import is_picture_name
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.git_files import append_lines
from grader.stages.lookup import every_stage
from grader.stages.paths import cover_test, covers
from grader.step import Step

_VERSION = "2"
"""Higher whenever more is taken for a copy: what is remembered is found out again then."""
_FEW, _SMALL = 5, 2**20
"""So many files of a folder, with so many bytes together, may be copied for a page or a test."""
_UNNOTICED = 4096
"""Bytes in the history that make no clone larger: a block on a disk."""
_NAMED = 20
"""More paths are not named in one command: the next round names the others."""
_READ = 64 * 2**20
"""Bytes of git that are read at a time."""


class _Copies(NamedTuple):
    """Files that git has of what DVC keeps: ``paths`` with their bytes, of the ``outs``.

    ``are_many``: more than what a page or a test shows of the data.
    """

    paths: dict[str, int]
    outs: list[str]
    are_many: bool


@check(
    "data.no_copy_in_git", "data-copied-into-git", requires=("init.readable",), committed_only=True
)
def data_is_not_copied_into_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Git has no copy of the data under another name, nor in an archive.

    A copy is in every clone for ever, as the data itself would be; and when the data changes, the
    copy stays as it is. One picture for a page is no harm.
    """
    every_stage(snapshot)  # blocked where DVC tracks nothing yet
    search = _CopySearch(repository, snapshot)
    if not search.outs:
        return None
    copies = search.at_head()
    staged = search.in_index()
    if _are_noticed(copies) or _are_noticed(staged):
        return _finding(repository, copies, staged)
    older = search.in_older_commits()
    is_noticed = older.are_many and sum(older.paths.values()) > _UNNOTICED
    return _older_finding(older) if is_noticed else None


def _are_noticed(copies: _Copies) -> bool:
    """Whether something is to be said of them: of a picture or two for a page there is not."""
    return copies.are_many or not all(is_picture_name(Path(path)) for path in copies.paths)


class _CopySearch:
    """Looks for copies of the outs in DVC's cache.

    Metrics and plots are left out: they are small, and a page may show them.
    """

    def __init__(self, repository: Repository, snapshot: Snapshot) -> None:
        self._repository = repository
        stages = snapshot.project.stages
        every = [out for stage in stages for out in stage.outs]
        self._is_in_an_out = cover_test(out.path for out in every)
        # A stage may write a copy of what it reads: then that is no copy of the out.
        self._sources = {
            out.path: [*(dep.path for dep in stage.deps), *words_of(stage.cmd)]
            for stage in stages
            for out in stage.outs
        }
        self.outs = [
            out
            for out in every
            if out.cache and out.inside and out.recorded.md5 and not (out.metric or out.plot)
        ]

    def at_head(self) -> _Copies:
        """Those of the last commit."""
        blobs = self._repository.committed_files
        return self._recall("copies", lambda git: self._find(git, self._elsewhere(blobs.items())))

    def in_index(self) -> _Copies:
        """Those that are added and not committed yet."""
        repository = self._repository
        known = {blob.oid for blob in repository.committed_files.values()}
        entries = repository.git.index_entries() if repository.git else ()
        new = {
            entry.path.removeprefix(repository.prefix): entry.oid
            for entry in entries
            if entry.oid not in known
            and not entry.is_repository
            and entry.path.startswith(repository.prefix)
        }
        if not new or repository.git is None:
            return _Copies({}, [], False)
        sizes = repository.git.sizes(new.values())
        blobs = [(path, Blob(oid, sizes[oid])) for path, oid in new.items() if oid in sizes]
        return self._find(repository.git, self._elsewhere(blobs))

    def in_older_commits(self) -> _Copies:
        """Those of the history, whatever their path was."""

        def find(git: Git) -> _Copies:
            files = history.older_files(self._repository).items()
            return self._find(git, [(file.path, Blob(oid, file.size)) for oid, file in files])

        return self._recall("older-copies", find)

    def _elsewhere(self, blobs: Iterable[tuple[str, Blob]]) -> list[tuple[str, Blob]]:
        """Those at other paths than the outs', which ``data.only_dvc`` reports, and the cache's."""
        return [
            (path, blob)
            for path, blob in blobs
            if not is_cache_object(path) and not self._is_in_an_out(path)
        ]

    def _recall(self, kind: str, find: Callable[[Git], _Copies]) -> _Copies:
        """What was found before in the same commit, of the same data."""
        objects, git = self._repository.objects, self._repository.git
        md5s = [out.recorded.md5 or "" for out in self.outs]
        if git and not all(objects.path(md5).exists() for md5 in md5s if md5.endswith(".dir")):
            return find(git)  # the folder as it is now says what is in it
        entries = history.recall(
            self._repository,
            kind,
            lambda git: [*find(git)],
            _VERSION,
            *(
                f"{o.path} {md5} {self._sources[o.path]}"
                for o, md5 in zip(self.outs, md5s, strict=True)
            ),
        )
        return _Copies(*entries) if entries else _Copies({}, [], False)

    def _find(self, git: Git, files: list[tuple[str, Blob]]) -> _Copies:
        """The files whose bytes are those of the data; only what has the size of some is read."""
        data, sizes = self._data, self._sizes
        left = [
            (path, blob)
            for path, blob in files
            if blob.size and (sizes is None or blob.size in sizes or is_archive_name(path))
        ]
        copies: dict[str, int] = {}
        found: dict[str, set[str]] = {}
        for batch in _batches(left):
            contents = git.contents(blob.oid for _, blob in batch)
            for path, blob in batch:
                for md5 in _md5s(path, contents.get(blob.oid, b"")):
                    out = data.get(md5)
                    if out and not any(covers(source, path) for source in self._sources[out]):
                        copies[path] = blob.size
                        found.setdefault(out, set()).add(md5)
        is_most = any(2 * len(md5s) >= self._counts[out] for out, md5s in found.items())
        are_many = is_most or len(copies) > _FEW or sum(copies.values()) > _SMALL
        return _Copies(copies, [*found], bool(copies) and are_many)

    @cached_property
    def _listed(self) -> dict[str, list[str]]:
        """The md5s of the files of each out."""
        listed: dict[str, list[str]] = {}
        for out in self.outs:
            md5, place = out.recorded.md5 or "", self._repository.root / out.path
            if not md5.endswith(".dir"):
                listed[out.path] = [md5]
                continue
            objects = self._repository.objects
            listed[out.path] = objects.read_listing(objects.path(md5))
            if not listed[out.path] and place.is_dir() and self._repository.stop is None:
                listed[out.path] = self._repository.md5s_in(place)
        return listed

    @cached_property
    def _data(self) -> dict[str, str]:
        """The out that each md5 belongs to."""
        return {md5: path for path, md5s in self._listed.items() for md5 in md5s}

    @cached_property
    def _counts(self) -> dict[str, int]:
        return {path: len({*md5s}) for path, md5s in self._listed.items()}

    @cached_property
    def _sizes(self) -> set[int] | None:
        """The sizes of the data; None where the cache does not tell all of them."""
        sizes = set()
        for md5 in self._data:
            try:
                sizes.add(self._repository.objects.path(md5).stat().st_size)
            except OSError:
                return None
        return sizes


def _md5s(path: str, content: bytes) -> Iterator[str]:
    """The md5 of a file, and of those in it where it is an archive."""
    yield hashlib.md5(content, usedforsecurity=False).hexdigest()
    if is_archive_name(path):
        yield from member_md5s(path, content)


def _batches(files: list[tuple[str, Blob]]) -> Iterator[list[tuple[str, Blob]]]:
    batch: list[tuple[str, Blob]] = []
    size = 0
    for path, blob in files:
        if batch and size + blob.size > _READ:
            yield batch
            batch, size = [], 0
        batch.append((path, blob))
        size += blob.size
    if batch:
        yield batch


def _finding(repository: Repository, committed: _Copies, staged: _Copies) -> Finding:
    paths = {**committed.paths, **staged.paths}
    tops = _top_paths(repository, paths)
    outs = dict.fromkeys([*committed.outs, *staged.outs])
    count, them = amount(len(paths), "file"), "it" if len(paths) == 1 else "them"
    return Finding(
        "data-copied-into-git",
        f"Git has {count} of {fixes.join(outs)} under another name, {fixes.join(tops)}: every clone"
        f" carries {them} beside DVC's, for ever.",
        "data in DVC alone",
        f"{count} with {amount(sum(paths.values()), 'byte')}",
        tuple(_remove(repository, tops)),
        tuple(
            Evidence("HEAD" if path in committed.paths else "index", path) for path in sorted(paths)
        ),
        severity="fail" if committed.are_many or staged.are_many else "advice",
    )


def _remove(repository: Repository, tops: list[str]) -> Iterator[Step]:
    """Leave ``tops`` in the folder, and out of git."""
    staged = [top for top in tops if any(covers(top, p) for p in repository.tracked_files)]
    if staged:
        yield fixes.command("git", "rm", "-r", "--cached", "--quiet", "--", *staged)
    lines = [f"/{top}" for top in tops if not repository.ignores(top)]
    if lines:
        yield append_lines(repository, ".gitignore", lines)
        yield fixes.command("git", "add", ".gitignore")
    yield fixes.commit_staged("Leave the data to DVC")


def _top_paths(repository: Repository, paths: Iterable[str]) -> list[str]:
    """The highest folders in which git has nothing but ``paths``, and files beside other ones."""
    copies = {*paths}
    in_git = {*repository.committed_files, *repository.tracked_files} - copies
    shared = {folder for path in in_git for folder in _folders_above(path)}
    tops = (
        next((folder for folder in _folders_above(path) if folder not in shared), path)
        for path in sorted(copies)
    )
    return [*dict.fromkeys(tops)][:_NAMED]


def _folders_above(path: str) -> list[str]:
    """``data`` and ``data/raw`` of ``data/raw/train.csv``."""
    return list(itertools.accumulate(path.split("/")[:-1], lambda above, name: f"{above}/{name}"))


def _older_finding(older: _Copies) -> Finding:
    paths, total = sorted(older.paths), sum(older.paths.values())
    place = f":/{posixpath.commonpath(paths)}"
    return Finding(
        "data-copied-into-git",
        f"An older commit has {amount(len(paths), 'file')} of {fixes.join(older.outs)}: every"
        f" clone carries {amount(total, 'byte')} more for ever. Nothing is lost, and nothing"
        " has to be done.",
        "data in DVC alone, in every commit",
        f"{amount(len(paths), 'file')} in the history",
        (fixes.command("git", "log", "--oneline", "--full-history", "--", place),),
        tuple(Evidence("HEAD", path, value="in an older commit") for path in paths),
        severity="advice",
    )
