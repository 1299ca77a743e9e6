"""The git repository around a project, found and read as dulwich does it for DVC."""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from dulwich.config import (
    ConfigFile,
    StackedConfig,
    get_win_system_paths,
    get_xdg_config_home_path,
)
from dulwich.ignore import default_user_ignore_filter_path

from dvcstate.documents import regular_file
from dvcstate.errors import FileError, NotAProjectError
from dvcstate.git import git_config
from dvcstate.git.git_config import IncludeConditions, flag, setting
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
    config: ConfigFile


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
    try:
        path = default_user_ignore_filter_path(stack)
        if "\0" in path:
            raise ValueError("a NUL in it")
        ignore_case = flag(setting(stack, b"core", b"ignorecase"))
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
    own = [root / ".gitmodules", Path(get_xdg_config_home_path("git", "ignore"))]
    return [*git, *above, *own, *_user_files()]


def _user_files() -> list[Path]:
    """The git config of the user, then that of the machine; the environment may move both.

    As dulwich's StackedConfig.default_backends, which reads them without a limit.
    """
    xdg = Path(get_xdg_config_home_path("git", "config"))
    found = [Path(os.path.expanduser("~/.gitconfig")), xdg]
    if (chosen := os.environ.get("GIT_CONFIG_GLOBAL")) is not None:
        found = [Path(chosen)]
    if (chosen := os.environ.get("GIT_CONFIG_SYSTEM")) is not None:
        return [*found, Path(chosen)]
    if "GIT_CONFIG_NOSYSTEM" in os.environ:
        return found
    windows = get_win_system_paths() if sys.platform == "win32" else ()
    return [*found, Path("/etc/gitconfig"), *map(Path, windows)]


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
    worktree = setting(config, b"core", b"worktree")
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


def _conditions(control: str) -> IncludeConditions:
    try:
        head = _content(os.path.join(control, "HEAD")) or b""
    except FileError:
        head = b""
    branch = head.removeprefix(b"ref: refs/heads/").strip()
    named = head.startswith(b"ref: refs/heads/")
    return IncludeConditions(
        os.path.realpath(control), branch.decode("utf-8", "replace") if named else None
    )


def _refuse_unknown(config: ConfigFile, path: Path) -> None:
    """What ends DVC: a format or an extension that dulwich does not know, no number for one."""
    try:
        worktree = setting(config, b"core", b"worktree")
        version = int(setting(config, b"core", b"repositoryformatversion") or b"0")
        if version not in (0, 1):
            raise ValueError(f"repositoryFormatVersion {version} is not known")
        for name, _ in config.items(b"extensions"):
            if name.lower() not in _EXTENSIONS:
                raise ValueError(f"the extension {name.decode()!r} is not known")
        for value in _values(config, _NUMBERS):
            int(value.decode())
        for value in _values(config, _FLAGS):
            flag(value)
        if worktree is not None and flag(setting(config, b"core", b"bare")):
            raise ValueError("core.bare and core.worktree exclude each other")
        if b"\0" in (worktree or b""):
            raise ValueError("core.worktree has a NUL in it")
    except ValueError as error:
        raise FileError(
            f"DVC cannot work with this git config: {error}", "mend or delete that setting",
            path=str(path),
        ) from None  # fmt: skip


def _values(config: ConfigFile, table: tuple[tuple[bytes, str], ...]) -> list[bytes]:
    names = ((section, name.encode()) for section, names in table for name in names.split())
    values = (setting(config, section, name) for section, name in names)
    return [value for value in values if value is not None]


def _stack(repository: GitRepository) -> StackedConfig:
    """The repository's word before the user's before the machine's."""
    stack = [repository.config]
    if flag(setting(repository.config, b"extensions", b"worktreeconfig")):
        own = Path(repository.common_dir, "config.worktree")
        stack.append(git_config.read(own, _conditions(repository.git_dir)))
    return StackedConfig(stack + [git_config.read(path) for path in _user_files()])
