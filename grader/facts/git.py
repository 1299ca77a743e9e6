"""Git, asked by plumbing that changes nothing and runs nothing that a repository configures.

The one place of the grader that starts a program. An attendee's git config can name programs
(``core.fsmonitor``, hooks, filters, ``core.sshCommand``): none of what is called here runs them,
and they are switched off besides. The index is read from a copy.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from grader.engine.finding import UnknownError
from grader.engine.step import Command, Note
from grader.facts.git_cache import GitCache, Key

TIMEOUT_S = 20
_LARGEST_KEPT = 64 * 1024
_CHECK, _VERSION = Command(("git", "fsck")), Command(("git", "--version"))
_OFF = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.untrackedCache=false",
    "core.commitGraph=false",
    "core.sshCommand=false",
    "credential.helper=",
    "gc.auto=0",
    "safe.directory=*",
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would fetch what is missing
    "GIT_TERMINAL_PROMPT": "0",
}


@dataclass(frozen=True)
class Blob:
    """A file in a tree: its object, and its size in bytes."""

    oid: str
    size: int


@dataclass(frozen=True)
class Place:
    """A line of a file, by its path from the root of git."""

    file: str
    line: int


class Entry(NamedTuple):
    """A path in git's index and the object that stands for it: several where a merge stopped."""

    path: str
    oid: str
    is_unmerged: bool


class GitError(UnknownError):
    """Git answered with an error, as it does where a repository is damaged."""


class Git:
    """The git repository whose working folder is ``root``.

    ``control`` is its folder in ``.git``, ``shared`` the one that it shares with git's worktrees.
    """

    def __init__(self, root: Path, control: Path, shared: Path, cache: GitCache) -> None:
        self.root = root
        self.control = control
        self._shared = shared
        self._cache = cache

    @classmethod
    def around(cls, start: Path, cache: GitCache | None = None) -> "Git | None":
        """The repository that the folder ``start`` is in; None where there is none, or a bare one.

        An UnknownError where git itself is missing or cannot say.
        """
        words = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir")
        try:
            answer = _run(start, "rev-parse", *words)
        except GitError:
            return None
        top, control, shared = answer.decode("utf-8", "surrogateescape").splitlines()[:3]
        return cls(Path(top), Path(control), start / shared, cache or GitCache())

    @cached_property
    def head(self) -> str | None:
        """The commit that HEAD is at, None before the first one."""
        try:
            return self._ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
        except GitError:
            return None

    @cached_property
    def branch(self) -> str | None:
        """The branch that the next commit goes to, None where HEAD is on none."""
        try:
            ref = self._ask("symbolic-ref", "--quiet", "HEAD")
        except GitError:
            return None
        return ref.decode("utf-8", "replace").strip().removeprefix("refs/heads/")

    def branches(self, at_most: int) -> list[str]:
        """The names of the branches of this repository, or the first of them."""
        words = ("--format=%(refname:lstrip=2)", f"--count={at_most}", "refs/heads")
        return self._ask("for-each-ref", *words).decode("utf-8", "replace").split()

    @property
    def operation_in_progress(self) -> str | None:
        """The command that has taken HEAD off its branch until it ends, if one has."""
        if any((self.control / name).is_dir() for name in ("rebase-merge", "rebase-apply")):
            return "rebase"
        return "bisect" if (self.control / "BISECT_LOG").is_file() else None

    @cached_property
    def is_shallow(self) -> bool:
        """Whether only the newest commits are here, as ``actions/checkout`` fetches them."""
        return self._ask("rev-parse", "--is-shallow-repository").strip() == b"true"

    def tree(self, commit: str) -> dict[str, Blob]:
        """Every file of ``commit`` by its path from the root; links and sub-modules left out."""
        known: dict[str, Blob] | None = self._cache.get("tree", commit)
        return known or self._cache.keep(self._tree(commit), "tree", commit)

    def _tree(self, commit: str) -> dict[str, Blob]:
        found = {}
        for entry in self._ask("ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0"):
            words, _, name = entry.partition(b"\t")
            if words.startswith(b"100"):
                _, _, oid, size = words.split()
                if not size.isdigit():
                    shown = name.decode("utf-8", "replace")
                    raise GitError(f"git has no sound copy of {shown}", _CHECK)
                found[name.decode("utf-8", "surrogateescape")] = Blob(oid.decode(), int(size))
        return found

    def links(self, commit: str) -> list[str]:
        """Every link and every sub-module of ``commit`` by its path from the root."""
        entries = self._ask("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
        apart = (entry for entry in entries if entry.startswith((b"12", b"16")))
        return _names(b"\0".join(entry.partition(b"\t")[2] for entry in apart))

    def index(self) -> tuple[str, ...]:
        """Every path that git tracks, committed or only added."""
        return tuple(dict.fromkeys(one.path for one in self.entries()))

    def entries(self) -> tuple[Entry, ...]:
        """What git's index holds of each path: three entries where a merge stopped."""
        original = self.control / "index"
        if not original.exists():
            return ()
        # The rest of a split index lies beside it.
        parts = {one.name: one.read_bytes() for one in self.control.glob("sharedindex.*")}
        parts["index"] = original.read_bytes()
        key: Key = ("index", *(hashlib.sha256(parts[name]).digest() for name in sorted(parts)))
        known: tuple[Entry, ...] | None = self._cache.get(*key)
        return known or self._cache.keep(self._entries(parts), *key)

    def _entries(self, parts: Mapping[str, bytes]) -> tuple[Entry, ...]:
        with tempfile.TemporaryDirectory(prefix="grader-") as folder:
            for name, content in parts.items():
                Path(folder, name).write_bytes(content)
            words = ("ls-files", "--stage", "-z", "--full-name")
            answer = self._ask(*words, index=Path(folder, "index"))
        found = (entry.partition("\t") for entry in _names(answer))
        told = ((name, *words.split()[1:]) for words, _, name in found)
        return tuple(Entry(name, oid, stage != "0") for name, oid, stage in told)

    def ignoring_line(self, path: str) -> Place | None:
        """The line of the .gitignore that leaves out ``path``, tracked or not."""
        words = ("check-ignore", "--no-index", "--verbose", "-z", "--stdin")
        try:
            answer = self._ask(*words, text=path.encode("utf-8", "surrogateescape") + b"\0")
            file, line, *_ = _names(answer)
            return Place(file.replace("\\", "/"), int(line))
        except (GitError, ValueError):
            return None

    def contents(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The bytes of blobs, by object; those that are not there are left out."""
        wanted = list(dict.fromkeys(oids))
        answers = zip(wanted, self._batch([oid.encode() for oid in wanted]), strict=True)
        return {oid: content for oid, content in answers if content is not None}

    def author(self, commit: str) -> str:
        """The name of who made ``commit``; empty where that says none."""
        written = self.contents([commit]).get(commit, b"").partition(b"\n\n")[0]
        found = re.search(rb"^author (.*) <", written, re.MULTILINE)
        return found[1].decode("utf-8", "replace") if found else ""

    def history(self, at_most: int) -> dict[str, str]:
        """Everything in the newest commits, and the path that it has there, by its object."""
        limit = f"--max-count={at_most}"
        key: Key = ("history", limit, self.head or "", *self._cut_off())
        known: dict[str, str] | None = self._cache.get(*key)
        if known is not None:
            return known
        answer = self._ask("rev-list", "--objects", "--missing=print", limit, self.head or "HEAD")
        lines = answer.splitlines()
        named = (line.partition(b" ") for line in lines)
        found = {o.decode(): n.decode("utf-8", "surrogateescape") for o, _, n in named if n}
        is_whole = not any(line.startswith(b"?") for line in lines)
        return self._cache.keep(found, *key) if is_whole else found

    def _cut_off(self) -> tuple[bytes, ...]:
        """What ends the history of a shallow clone, which can be fetched later on."""
        return tuple(_digest(self._shared / name) for name in ("shallow", "info/grafts"))

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """The size in bytes of each blob; what is none, or not there, is left out."""
        known = {oid: self._cache.get("size", oid) for oid in oids}
        wanted = "".join(f"{oid}\n" for oid, size in known.items() if size is None)
        answer = self._ask("cat-file", "--batch-check", text=wanted.encode()) if wanted else b""
        for name, kind, *size in map(str.split, answer.decode().splitlines()):
            if kind == "blob":
                known[name] = self._cache.keep(int(size[0]), "size", name)
        return {oid: size for oid, size in known.items() if size is not None}

    def commits(self, path: str, at_most: int) -> list[str]:
        """The newest commits, newest first, that changed ``path`` (from the root of git)."""
        limit, commit = f"--max-count={at_most}", self.head or "HEAD"
        key: Key = ("commits", limit, commit, path, *self._cut_off())
        known: list[str] | None = self._cache.get(*key)
        if known is not None:
            return known
        answer = self._ask("rev-list", limit, commit, "--", f":(top,literal){path}")
        return self._cache.keep(answer.decode().split(), *key)

    def versions(self, commits: Iterable[str], path: str) -> list[bytes]:
        """The file ``path`` as each commit has it; commits without it are left out."""
        names = [f"{one}:{path}".encode("utf-8", "surrogateescape") for one in commits]
        return [content for content in self._batch(names) if content is not None]

    def _batch(self, names: list[bytes]) -> list[bytes | None]:
        """What ``git cat-file --batch`` answers to each name: its bytes, None where it has none.

        Each name is a hash, or begins with one.
        """
        known = {name: self._cache.get("bytes", name) for name in names}
        unknown = [name for name, content in known.items() if content is None]
        for name, content in zip(unknown, self._asked_for(unknown), strict=True):
            known[name] = content
            if content is not None and len(content) <= _LARGEST_KEPT:
                self._cache.keep(content, "bytes", name)
        return [known[name] for name in names]

    def _asked_for(self, names: list[bytes]) -> list[bytes | None]:
        if not names:
            return []
        answer = self._ask("cat-file", "--batch", text=b"".join(name + b"\n" for name in names))
        found: list[bytes | None] = []
        at = 0
        for _ in names:
            end = answer.index(b"\n", at)
            header = answer[at:end].rsplit(b" ", 2)
            if header[-1] in (b"missing", b"ambiguous"):
                found.append(None)
                at = end + 1
                continue
            size = int(header[2])
            found.append(answer[end + 1 : end + 1 + size])
            at = end + size + 2
        return found

    def _ask(self, *command: str, text: bytes = b"", index: Path | None = None) -> bytes:
        return _run(self.root, *command, text=text, index=index)


def _digest(path: Path) -> bytes:
    """What stands for the bytes of a file; empty where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def _run(folder: Path, *command: str, text: bytes = b"", index: Path | None = None) -> bytes:
    settings = [word for setting in _OFF for word in ("-c", setting)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _ENVIRONMENT
    if index:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(  # noqa: S603 - git as found on PATH, on words of our own
            [_git(), "--no-pager", "-C", str(folder), *settings, *command],
            input=text,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise UnknownError(
            f"git {command[0]} did not answer within {TIMEOUT_S} s", Note("try again")
        ) from None
    except OSError as error:
        raise UnknownError(f"git cannot be started: {error.strerror}", _VERSION) from None
    if done.returncode:
        words = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
        raise GitError(f"git {command[0]} says: {words}", _CHECK)
    return done.stdout


def _git() -> str:
    """Git's own path: Windows would look into the current folder, an attendee's, first."""
    folders = [p for p in os.environ.get("PATH", "").split(os.pathsep) if Path(p).is_absolute()]
    found = shutil.which("git", path=os.pathsep.join(folders))
    if found is None:
        raise UnknownError("git is not installed, or not on PATH", _VERSION)
    return found


def _names(answer: bytes) -> list[str]:
    return [name.decode("utf-8", "surrogateescape") for name in answer.split(b"\0") if name]
