"""What the grader asks of git: commits, trees, contents, the index; nothing of it is changed."""

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from grader.facts.git_process import CHECK_REPOSITORY, GitError, run_git

# A grade reads some hundred objects: the cache holds those of several commits, in 64 MB at most.
_LARGEST_CACHED = 64 * 1024
_MOST_CACHED = 1000
# What HEAD holds where git keeps its refs elsewhere (reftable).
_NO_BRANCH = b"ref: refs/heads/.invalid"
_OBJECT_KINDS = ("blob", "tree", "commit", "tag")
_Answer = TypeVar("_Answer")
_Key = tuple[str | bytes, ...]


class Blob(NamedTuple):
    """A file in a tree: its object, and its size in bytes."""

    oid: str
    size: int


class FileLine(NamedTuple):
    """A line of a file, by its path from the root of git."""

    file: str
    line: int


class Tree(NamedTuple):
    """What a commit holds, by path from the root: files, links, and other repositories.

    ``repositories`` are paths of mode 160000, of which git keeps the commit alone.
    """

    files: dict[str, Blob]
    links: tuple[str, ...]
    repositories: tuple[str, ...]


class History(NamedTuple):
    """The path of each object in a number of commits; ``is_whole``: none of them is missing."""

    paths: dict[str, str]
    is_whole: bool


class IndexEntry(NamedTuple):
    """A path in git's index and its object; a stopped merge leaves several entries of a path."""

    path: str
    oid: str
    is_unmerged: bool
    is_repository: bool


class GitCache:
    """What git answered about commits and objects, for a program that asks again and again.

    A key holds the hashes of what the answer is made of, so that none can be out of date. That an
    object is missing is not kept: it may be fetched later.
    """

    def __init__(self) -> None:
        self._answers: dict[_Key, Any] = {}

    def get(self, *key: str | bytes) -> Any:
        """The answer, None where there is none."""
        return self._answers.get(key)

    def keep(self, answer: _Answer, *key: str | bytes) -> _Answer:
        """Keep ``answer``, which nobody changes from here on."""
        if len(self._answers) >= _MOST_CACHED:
            self._answers.clear()
        self._answers[key] = answer
        return answer

    def recall(self, ask: Callable[[], _Answer], *key: str | bytes) -> _Answer:
        """The answer that is kept, else what ``ask`` returns, which is kept from then on."""
        answer: _Answer | None = self.get(*key)
        return self.keep(ask(), *key) if answer is None else answer


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
    def find(cls, start: Path, cache: GitCache | None = None) -> "Git | None":
        """The repository that the folder ``start`` is in; None where there is none, or a bare one.

        An UnknownError where git itself is missing or cannot say.
        """
        words = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir")
        head: list[str] = []
        try:
            answer = run_git(start, "rev-parse", *words, "HEAD^{commit}")
            *_, commit = answer.decode("utf-8", "surrogateescape").splitlines()
            head = [commit]
        except GitError:  # before the first commit
            try:
                answer = run_git(start, "rev-parse", *words)
            except GitError:
                return None
        top, control, shared = answer.decode("utf-8", "surrogateescape").splitlines()[:3]
        git = cls(Path(top), Path(control), start / shared, cache or GitCache())
        if head:
            git.head = head[0]
        return git

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
            # "ref: refs/heads/main"; of another form of .git, or in a link, git itself is asked.
            text = (self.control / "HEAD").read_bytes()[:1024]
            if text.startswith(b"ref: refs/heads/") and not text.startswith(_NO_BRANCH):
                return text.decode("utf-8", "replace").strip().removeprefix("ref: refs/heads/")
        except OSError:
            pass
        try:
            ref = self._ask("symbolic-ref", "--quiet", "HEAD")
        except GitError:
            return None
        return ref.decode("utf-8", "replace").strip().removeprefix("refs/heads/")

    def branches(self, at_most: int) -> list[str]:
        """The names of the branches of this repository, or the first of them."""
        words = ("--format=%(refname:lstrip=2)", f"--count={at_most}", "refs/heads")
        return self._ask("for-each-ref", *words).decode("utf-8", "replace").split()

    @cached_property
    def has_remotes(self) -> bool:
        """Whether git knows a repository to push to."""
        return bool(self._ask("remote").strip())

    def branches_with(self, commit: str) -> list[str]:
        """The names of the branches that ``commit`` is in the history of."""
        words = ("--format=%(refname:lstrip=2)", f"--contains={commit}", "refs/heads")
        return self._ask("for-each-ref", *words).decode("utf-8", "replace").split()

    def tags(self) -> dict[str, str]:
        """The commit of each tag, by name."""
        words = ("--format=%(refname:lstrip=2) %(*objectname) %(objectname)", "refs/tags/")
        lines = self._ask("for-each-ref", *words).decode("utf-8", "replace").splitlines()
        return {name: commit for name, commit, *_ in map(str.split, lines)}

    def has_in_history(self, commit: str) -> bool:
        """Whether HEAD is ``commit`` or comes after it."""
        return not self._ask("rev-list", "--max-count=1", commit, f"^{self.head or 'HEAD'}")

    @property
    def operation_in_progress(self) -> str | None:
        """The command that has taken HEAD off its branch until it ends, if one has."""
        # git status looks for the same files: no plumbing command tells.
        if any((self.control / name).is_dir() for name in ("rebase-merge", "rebase-apply")):
            return "rebase"
        return "bisect" if (self.control / "BISECT_LOG").is_file() else None

    @property
    def is_merging(self) -> bool:
        """Whether a merge has begun whose commit is still to come."""
        return (self.control / "MERGE_HEAD").is_file()

    @cached_property
    def is_shallow(self) -> bool:
        """Whether only the newest commits are here, as ``actions/checkout`` fetches them."""
        return self._ask("rev-parse", "--is-shallow-repository").strip() == b"true"

    def tree(self, commit: str) -> Tree:
        """What is in ``commit``."""
        return self._cache.recall(lambda: self._read_tree(commit), "tree", commit)

    def _read_tree(self, commit: str) -> Tree:
        tree = Tree({}, (), ())
        links, repositories = [], []
        for entry in self._ask("ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0"):
            words, _, name = entry.partition(b"\t")
            path = name.decode("utf-8", "surrogateescape")
            # "100644 blob OID SIZE<tab>NAME"; SIZE is BAD where the object is missing.
            if words.startswith(b"100"):  # a regular file
                _, _, oid, size = words.split()
                if not size.isdigit():
                    shown = name.decode("utf-8", "replace")
                    raise GitError(f"git has no sound copy of {shown}", CHECK_REPOSITORY)
                tree.files[path] = Blob(oid.decode(), int(size))
            elif words.startswith(b"12"):
                links.append(path)
            elif words.startswith(b"16"):
                repositories.append(path)
        return tree._replace(links=tuple(links), repositories=tuple(repositories))

    def index_paths(self) -> tuple[str, ...]:
        """Every path that git tracks, committed or only added."""
        return tuple(dict.fromkeys(entry.path for entry in self.index_entries()))

    def index_entries(self) -> tuple[IndexEntry, ...]:
        """What git's index holds of each path: three entries where a merge stopped."""
        original = self.control / "index"
        if not original.exists():
            return ()
        # With core.splitIndex most entries are in files beside it.
        parts = {path.name: path.read_bytes() for path in self.control.glob("sharedindex.*")}
        parts["index"] = original.read_bytes()
        key: _Key = ("index", *(hashlib.sha256(parts[name]).digest() for name in sorted(parts)))
        return self._cache.recall(lambda: self._read_index(parts), *key)

    def _read_index(self, parts: Mapping[str, bytes]) -> tuple[IndexEntry, ...]:
        """From a copy: git updates the times of a shared index when it reads one."""
        with tempfile.TemporaryDirectory(prefix="grader-") as folder:
            for name, content in parts.items():
                Path(folder, name).write_bytes(content)
            words = ("ls-files", "--stage", "-z", "--full-name")
            answer = self._ask(*words, index=Path(folder, "index"))
        lines = (entry.partition("\t") for entry in _names(answer))
        fields = ((path, *words.split()) for words, _, path in lines)
        return tuple(
            IndexEntry(path, oid, stage != "0", mode.startswith("16"))
            for path, mode, oid, stage in fields
        )

    def unwatched_paths(self) -> list[str]:
        """The paths of the index in which git looks for no change: it was told so.

        By ``git update-index --assume-unchanged`` or ``--skip-worktree``.
        """
        # "h params.yaml", "S params.yaml", "s params.yaml" of a watched path's "H params.yaml"
        key: _Key = ("unwatched", _digest(self.control / "index"))
        answer = self._cache.recall(lambda: self._ask("ls-files", "-v", "-z", "--full-name"), *key)
        return [name[2:] for name in _names(answer) if name[:1] == "S" or name[:1].islower()]

    def ignoring_line(self, path: str) -> FileLine | None:
        """The line of the .gitignore that leaves out ``path``, tracked or not."""
        # "--no-index": else git says of a tracked path that nothing ignores it.
        words = ("check-ignore", "--no-index", "--verbose", "-z", "--stdin")
        try:
            answer = self._ask(*words, text=path.encode("utf-8", "surrogateescape") + b"\0")
            file, line, *_ = _names(answer)
            return FileLine(file.replace("\\", "/"), int(line))
        except (GitError, ValueError):
            return None

    def contents(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The bytes of blobs, by object; those that are not there are left out."""
        unique = list(dict.fromkeys(oids))
        answers = zip(unique, self._read_objects([oid.encode() for oid in unique]), strict=True)
        return {oid: content for oid, content in answers if content is not None}

    def author(self, commit: str) -> str:
        """The name of who made ``commit``; empty where that says none."""
        header = self.contents([commit]).get(commit, b"").partition(b"\n\n")[0]
        # "author Ada Lovelace <ada@example.com> 1700000000 +0100"
        match = re.search(rb"^author (.*) <", header, re.MULTILINE)
        return match[1].decode("utf-8", "replace") if match else ""

    def history(self, at_most: int) -> History:
        """Everything in the newest commits."""
        limit = f"--max-count={at_most}"
        key: _Key = ("history", limit, self.head or "", *self.clone_limits())
        cached: History | None = self._cache.get(*key)
        if cached is not None:
            return cached
        answer = self._ask("rev-list", "--objects", "--missing=print", limit, self.head or "HEAD")
        lines = answer.splitlines()
        named = (line.partition(b" ") for line in lines)
        paths = {o.decode(): n.decode("utf-8", "surrogateescape") for o, _, n in named if n}
        is_whole = not any(line.startswith(b"?") for line in lines)  # "?" marks a missing object
        history = History(paths, is_whole)
        return self._cache.keep(history, *key) if is_whole else history

    def clone_limits(self) -> tuple[bytes, ...]:
        """What ends the history of a shallow clone: more of it can be fetched later."""
        return tuple(_digest(self._shared / name) for name in ("shallow", "info/grafts"))

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """The size in bytes of each blob; what is none, or not there, is left out."""
        sizes = {oid: self._cache.get("size", oid) for oid in oids}
        unknown = "".join(f"{oid}\n" for oid, size in sizes.items() if size is None)
        answer = self._ask("cat-file", "--batch-check", text=unknown.encode()) if unknown else b""
        for oid, kind, *size in map(str.split, answer.decode().splitlines()):
            if kind in _OBJECT_KINDS:  # and not "missing": it may be fetched later
                sizes[oid] = self._cache.keep(int(size[0]) if kind == "blob" else -1, "size", oid)
        return {oid: size for oid, size in sizes.items() if size is not None and size >= 0}

    def commits(self, path: str, at_most: int) -> list[str]:
        """The newest commits, newest first, that changed ``path`` (from the root of git)."""
        limit, commit = f"--max-count={at_most}", self.head or "HEAD"
        # "literal": a name such as *.dvc is no pattern here.
        words = ("rev-list", limit, commit, "--", f":(top,literal){path}")
        key: _Key = ("commits", limit, commit, path, *self.clone_limits())
        return self._cache.recall(lambda: self._ask(*words).decode().split(), *key)

    def versions(self, commits: Iterable[str], path: str) -> list[bytes]:
        """The file ``path`` as each commit has it; commits without it are left out."""
        names = [f"{commit}:{path}".encode("utf-8", "surrogateescape") for commit in commits]
        return [content for content in self._read_objects(names) if content is not None]

    def _read_objects(self, names: list[bytes]) -> list[bytes | None]:
        """The bytes of each object, None where there is none; a name is or begins with a hash."""
        contents = {name: self._cache.get("bytes", name) for name in names}
        unknown = [name for name, content in contents.items() if content is None]
        for name, content in zip(unknown, self._ask_objects(unknown), strict=True):
            contents[name] = content
            if content is not None and len(content) <= _LARGEST_CACHED:
                self._cache.keep(content, "bytes", name)
        return [contents[name] for name in names]

    def _ask_objects(self, names: list[bytes]) -> Iterator[bytes | None]:
        """From the answer of ``git cat-file --batch``: ``OID blob SIZE``, the bytes, a line end."""
        answer = b""
        if names:
            answer = self._ask("cat-file", "--batch", text=b"".join(n + b"\n" for n in names))
        at = 0
        for _ in names:
            end = answer.index(b"\n", at)
            words = answer[at:end].rsplit(b" ", 2)
            if words[-1] in (b"missing", b"ambiguous"):
                yield None
                at = end + 1
            else:
                size = int(words[2])
                yield answer[end + 1 : end + 1 + size]
                at = end + size + 2

    def _ask(self, *command: str, text: bytes = b"", index: Path | None = None) -> bytes:
        return run_git(self.root, *command, text=text, index=index)


def _digest(path: Path) -> bytes:
    """The hash of the bytes of a file; empty where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def _names(answer: bytes) -> list[str]:
    return [name.decode("utf-8", "surrogateescape") for name in answer.split(b"\0") if name]
