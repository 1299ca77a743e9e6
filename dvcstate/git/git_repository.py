"""The git repository around a project, found as dulwich does it for DVC.

dulwich.repo.Repo would do it, but its import costs 21 ms of the 110 that ``workshop status`` takes,
and it opens whatever is in the place of a file, a pipe or gigabytes, and reads it to the end.
"""

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

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

_MAX_BYTES = 4096
_MAX_LIST_BYTES = 2**20
_HASH = re.compile(rb"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
# What dulwich's DiskObjectStore.from_config reads as a number or a truth value when it is opened.
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


class GitRepository(NamedTuple):
    """``top`` is the folder of the working tree; ``git_dir`` its own, ``common_dir`` the shared."""

    top: str
    git_dir: str
    common_dir: str
    config: ConfigFile


def find(root: Path) -> GitRepository:
    """The repository at or above ``root``, which is a real path."""
    for folder in (root, *root.parents):
        repository = _open(str(folder))
        if repository is not None:
            return repository
    raise NotAProjectError(
        f"{root}: not inside a git repository", "git init, or: dvc config core.no_scm true"
    )


def gitignore_of(repository: GitRepository, root: str) -> GitIgnore:
    """What the repository leaves out; ``root`` is where DVC runs, and so paths begin."""
    stack = _config_stack(repository)
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
    shared = [Path(root, os.path.expanduser(file)) for file in (own, path)]
    return GitIgnore(Path(repository.top), shared, ignore_case)


def files(root: Path) -> list[Path]:
    """Every file that may change what ``find`` and ``ignored`` say, as far as they are known."""
    git_dirs = [folder / ".git" for folder in (root, *root.parents)]
    names = ("", "config", "config.worktree", "info/exclude", "commondir", "HEAD", "objects")
    git = [git_dir / name for git_dir in git_dirs for name in names]
    above = [folder / name for folder in root.parents for name in (".gitignore", ".gitmodules")]
    own = [root / ".gitmodules", Path(get_xdg_config_home_path("git", "ignore"))]
    return [*git, *above, *own, *_user_config_files()]


def _user_config_files() -> list[Path]:
    """The git config of the user, then that of the machine; the environment may move both.

    As dulwich's StackedConfig.default_backends, which reads them without a limit.
    """
    xdg = Path(get_xdg_config_home_path("git", "config"))
    paths = [Path(os.path.expanduser("~/.gitconfig")), xdg]
    if (chosen := os.environ.get("GIT_CONFIG_GLOBAL")) is not None:
        paths = [Path(chosen)]
    if (chosen := os.environ.get("GIT_CONFIG_SYSTEM")) is not None:
        return [*paths, Path(chosen)]
    if "GIT_CONFIG_NOSYSTEM" in os.environ:
        return paths
    windows = get_win_system_paths() if sys.platform == "win32" else ()
    return [*paths, Path("/etc/gitconfig"), *map(Path, windows)]


def _open(folder: str) -> GitRepository | None:
    """The repository whose top is ``folder``, None where there is none."""
    git_dir = os.path.join(folder, ".git")
    if os.path.isfile(git_dir):  # a worktree or a submodule: "gitdir: <path>"
        git_dir = os.path.join(folder, _linked_git_dir(git_dir))
    elif not os.path.isdir(os.path.join(git_dir, "objects")):
        if not all(os.path.isdir(os.path.join(folder, name)) for name in ("objects", "refs")):
            return None
        git_dir = folder  # a bare repository
    shared = _read(os.path.join(git_dir, "commondir"))
    common = os.path.join(git_dir, os.fsdecode(shared).rstrip("\r\n")) if shared else git_dir
    if "\0" in common:
        raise FileError("has a NUL in it", "delete it", path=os.path.join(git_dir, "commondir"))
    _refuse_grafts(common)
    path = Path(common, "config")
    config = git_config.read(path, _include_conditions(git_dir))
    _refuse_settings(config, path)
    worktree = setting(config, b"core", b"worktree")
    top = folder if worktree is None else os.path.join(git_dir, os.fsdecode(worktree))
    repository = GitRepository(os.path.realpath(top), git_dir, common, config)
    if os.path.isfile(modules := os.path.join(repository.top, ".gitmodules")):
        git_config.read(Path(modules))  # DVC reads it too, and ends where it is broken
    return repository


def _linked_git_dir(file: str) -> str:
    content = _read(file) or b""
    try:
        if not content.startswith(b"gitdir: "):
            raise ValueError("it does not begin with 'gitdir: '")
        if b"\0" in content:
            raise ValueError("a NUL in it")
        return content.removeprefix(b"gitdir: ").rstrip(b"\r\n").decode("utf-8")
    except ValueError as error:
        raise FileError(
            f"names no git repository: {error}",
            "bring the file .git back, or delete it and type: git init", path=file,
        ) from None  # fmt: skip


def _read(path: str, at_most: int = _MAX_BYTES) -> bytes | None:
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
        content = _read(path, _MAX_LIST_BYTES) or b""
        for number, line in enumerate(content.splitlines(), 1):
            hashes = line.split()
            if not hashes or not all(map(_HASH.fullmatch, hashes)):
                raise FileError(
                    "holds no list of commits, and DVC ends there", "mend or delete that line",
                    path=path, line=number, column=1,
                )  # fmt: skip


def _include_conditions(git_dir: str) -> IncludeConditions:
    try:
        head = _read(os.path.join(git_dir, "HEAD")) or b""
    except FileError:  # dulwich passes over a HEAD that it cannot read
        head = b""
    prefix = b"ref: refs/heads/"
    branch = head.removeprefix(prefix).strip().decode("utf-8", "replace")
    return IncludeConditions(os.path.realpath(git_dir), branch if head.startswith(prefix) else None)


def _refuse_settings(config: ConfigFile, path: Path) -> None:
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


def _config_stack(repository: GitRepository) -> StackedConfig:
    """The repository's config before the user's before the machine's."""
    stack = [repository.config]
    if flag(setting(repository.config, b"extensions", b"worktreeconfig")):
        own = Path(repository.common_dir, "config.worktree")
        stack.append(git_config.read(own, _include_conditions(repository.git_dir)))
    return StackedConfig(stack + [git_config.read(path) for path in _user_config_files()])
