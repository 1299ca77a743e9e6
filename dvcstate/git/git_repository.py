"""The git repository around a project, found and read as dulwich does it for DVC."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dvcstate.documents import regular_file
from dvcstate.errors import FileError, NotAProjectError
from dvcstate.git import git_config
from dvcstate.git.git_config import Conditions, Values
from dvcstate.git.gitignore import GitIgnore

_SMALL = 4096
_LISTS = 2**20
_HASH = re.compile(rb"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_NUMBERS = (
    (b"core", "compression looseCompression packCompression packedGitLimit deltaBaseCacheLimit "
     "bigFileThreshold maxTreeDepth"),
    (b"pack", "indexVersion deltaWindowSize windowMemory deltaCacheSize depth threads "
     "bigFileThreshold"),
)  # fmt: skip
_FLAGS = (
    (b"core", "commitGraph multiPackIndex fsyncObjectFiles"),
    (b"pack", "writeBitmaps writeBitmapHashCache writeBitmapLookupTable"),
    (b"extensions", "worktreeConfig"),
)
_EXTENSIONS = (b"worktreeconfig", b"objectformat", b"relativeworktrees", b"refstorage")


@dataclass(frozen=True)
class GitRepository:
    """``top`` is the folder of the working tree; ``git_dir`` its own, ``common_dir`` the shared."""

    top: str
    git_dir: str
    common_dir: str
    config: Values


def find(root: Path) -> GitRepository:
    """The repository at or above ``root``, which is a real path."""
    for folder in (root, *root.parents):
        found = _opened(str(folder))
        if found is not None:
            return found
    raise NotAProjectError(
        f"{root}: not inside a git repository", "git init, or: dvc config core.no_scm true"
    )


def ignored(repository: GitRepository, root: str) -> GitIgnore:
    """What the repository leaves out; ``root`` is where DVC runs, and so paths begin."""
    stack = _stack(repository)
    excludes = _first(stack, b"excludesfile")
    path = os.fspath(user_folder() / "ignore")
    try:
        path = path if excludes is None else excludes.decode("utf-8")
        if "\0" in path:
            raise ValueError("a NUL in it")
        ignore_case = git_config.flag(_first(stack, b"ignorecase"), default=False)
    except ValueError as error:
        raise FileError(
            f"DVC refuses core.excludesFile or core.ignoreCase: {error}",
            "git config --show-origin --get-regexp 'core.(excl|ignorec)' shows where it is set",
            path=os.path.join(repository.common_dir, "config"),
        ) from None
    own = os.path.join(repository.git_dir, "info", "exclude")
    shared = [Path(root, os.path.expanduser(one)) for one in (own, path)]
    return GitIgnore(Path(repository.top), shared, ignore_case)


def files(root: Path) -> list[Path]:
    """Every file that may change what ``find`` and ``ignored`` say, as far as they are known."""
    controls = [folder / ".git" for folder in (root, *root.parents)]
    names = ("", "config", "config.worktree", "info/exclude", "commondir", "HEAD", "objects")
    git = [control / name for control in controls for name in names]
    above = [folder / name for folder in root.parents for name in (".gitignore", ".gitmodules")]
    return [*git, *above, root / ".gitmodules", *user_files(), user_folder() / "ignore"]


def user_folder() -> Path:
    """Where git's own settings of the user are."""
    chosen = os.environ.get("XDG_CONFIG_HOME")
    return Path(os.path.expanduser("~/.config/") if chosen is None else chosen) / "git"


def user_files() -> list[Path]:
    """The git config of the user, then that of the machine; the environment may move both."""
    found = [Path(os.path.expanduser("~/.gitconfig")), user_folder() / "config"]
    if (chosen := os.environ.get("GIT_CONFIG_GLOBAL")) is not None:
        found = [Path(chosen)]
    if (chosen := os.environ.get("GIT_CONFIG_SYSTEM")) is not None:
        return [*found, Path(chosen)]
    return found if "GIT_CONFIG_NOSYSTEM" in os.environ else [*found, Path("/etc/gitconfig")]


def _opened(folder: str) -> GitRepository | None:
    """The repository whose top is ``folder``, None where there is none."""
    control = os.path.join(folder, ".git")
    if os.path.isfile(control):  # a worktree or a submodule: "gitdir: <path>"
        control = os.path.join(folder, _target(control))
    elif not os.path.isdir(os.path.join(control, "objects")):
        if not all(os.path.isdir(os.path.join(folder, name)) for name in ("objects", "refs")):
            return None
        control = folder
    shared = _content(os.path.join(control, "commondir"))
    common = (
        control if shared is None else os.path.join(control, os.fsdecode(shared).rstrip("\r\n"))
    )
    if "\0" in common:
        raise FileError("has a NUL in it", "delete it", path=os.path.join(control, "commondir"))
    path = Path(common, "config")
    _refuse_grafts(common)
    config = git_config.read(path, _conditions(control))
    _refuse_unknown(config, path)
    worktree = _core(config, b"worktree")
    top = folder if worktree is None else os.path.join(control, os.fsdecode(worktree))
    found = GitRepository(os.path.realpath(top), control, common, config)
    if os.path.isfile(modules := os.path.join(found.top, ".gitmodules")):
        git_config.read(Path(modules))  # DVC reads it too, and ends where it is broken
    return found


def _target(control: str) -> str:
    text = _content(control) or b""
    try:
        if not text.startswith(b"gitdir: "):
            raise ValueError("it does not begin with 'gitdir: '")
        if b"\0" in text:
            raise ValueError("a NUL in it")
        return text.removeprefix(b"gitdir: ").rstrip(b"\r\n").decode("utf-8")
    except ValueError as error:
        raise FileError(
            f"names no git repository: {error}",
            "bring the file .git back, or delete it and type: git init", path=control,
        ) from None  # fmt: skip


def _content(path: str, at_most: int = _SMALL) -> bytes | None:
    try:
        return regular_file.read(path, at_most)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise FileError(
            f"cannot be read: {error.strerror}", "put back what git had there", path=path
        ) from None


def _refuse_grafts(common: str) -> None:
    """DVC ends where one of the two lists of commits holds anything but hashes."""
    for path in (os.path.join(common, "info", "grafts"), os.path.join(common, "shallow")):
        for number, line in enumerate((_content(path, _LISTS) or b"").splitlines(), 1):
            hashes = line.split()
            if not hashes or not all(map(_HASH.fullmatch, hashes)):
                raise FileError(
                    "holds no list of commits, and DVC ends there", "mend or delete that line",
                    path=path, line=number, column=1,
                )  # fmt: skip


def _conditions(control: str) -> Conditions:
    try:
        head = _content(os.path.join(control, "HEAD")) or b""
    except FileError:
        head = b""
    branch = head.removeprefix(b"ref: refs/heads/").strip()
    named = head.startswith(b"ref: refs/heads/")
    return Conditions(
        os.path.realpath(control), branch.decode("utf-8", "replace") if named else None
    )


def _refuse_unknown(config: Values, path: Path) -> None:
    """What ends DVC: a format or an extension that dulwich does not know, no number for one."""
    try:
        worktree = _core(config, b"worktree") is not None
        version = int(_core(config, b"repositoryformatversion") or b"0")
        if version not in (0, 1):
            raise ValueError(f"repositoryFormatVersion {version} is not known")
        for name in config.get((b"extensions",), {}):
            if name not in _EXTENSIONS:
                raise ValueError(f"the extension {name.decode()!r} is not known")
        for value in _known(config, _NUMBERS):
            int(value.decode())
        for value in _known(config, _FLAGS):
            git_config.flag(value, default=False)
        if worktree and git_config.flag(_core(config, b"bare"), default=False):
            raise ValueError("core.bare and core.worktree exclude each other")
        if b"\0" in (_core(config, b"worktree") or b""):
            raise ValueError("core.worktree has a NUL in it")
    except ValueError as error:
        raise FileError(
            f"DVC cannot work with this git config: {error}", "mend or delete that setting",
            path=str(path),
        ) from None  # fmt: skip


def _known(config: Values, table: tuple[tuple[bytes, str], ...]) -> list[bytes]:
    return [
        values[name.lower().encode()]
        for section, names in table
        if (values := config.get((section,)))
        for name in names.split()
        if name.lower().encode() in values
    ]


def _core(config: Mapping[git_config.Section, Mapping[bytes, bytes]], name: bytes) -> bytes | None:
    return config.get((b"core",), {}).get(name)


def _stack(repository: GitRepository) -> list[Values]:
    """The repository's word before the user's before the machine's."""
    stack = [repository.config]
    extensions = repository.config.get((b"extensions",), {})
    if git_config.flag(extensions.get(b"worktreeconfig"), default=False):
        own = Path(repository.common_dir, "config.worktree")
        stack.append(git_config.read(own, _conditions(repository.git_dir)))
    return stack + [git_config.read(path) for path in user_files()]


def _first(stack: list[Values], name: bytes) -> bytes | None:
    return next((value for one in stack if (value := _core(one, name)) is not None), None)
