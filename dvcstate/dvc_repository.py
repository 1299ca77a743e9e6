"""The repository that a folder belongs to: DVC's root, git's, the cache, what is ignored."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from dvcstate.config import dvc_config
from dvcstate.config.remote_reference import Remotes
from dvcstate.dvcignore import DvcIgnore
from dvcstate.errors import FileError, NotAProjectError
from dvcstate.git import git_repository
from dvcstate.git.gitignore import GitIgnore


class DvcRepository(NamedTuple):
    """Where things are; ``git`` is None where ``core.no_scm`` says so.

    ``real_root`` is ``root`` without links, which is where git finds itself.
    """

    root: Path
    real_root: str
    cache_dir: Path
    dvcignore: DvcIgnore
    git: GitIgnore | None
    parsing: Mapping[str, str]
    remotes: Remotes

    def git_ignores(self, path: str, is_folder: bool) -> bool:
        """Whether git leaves out ``path``; nothing, where there is no git."""
        if self.git is None:
            return False
        return self.git.ignores(self.real_root + path[len(str(self.root)) :], is_folder)


def find(root: Path, *, asks_git: bool = False) -> DvcRepository:
    """The DVC repository whose root is ``root``; ``asks_git``: whatever ``core.no_scm`` says."""
    if not os.path.isdir(root / ".dvc"):
        raise NotAProjectError(f"{root}: not a DVC repository", "dvc init")
    settings = dvc_config.read(root)
    real_root = os.path.realpath(root)
    return DvcRepository(
        root,
        real_root,
        Path(settings.cache_dir),
        DvcIgnore(str(root)),
        None if settings.no_scm and not asks_git else _git_ignore(root, real_root),
        settings.sections.get("parsing", {}),
        settings.resolved_remotes,
    )


def find_root(start: Path) -> Path:
    """The nearest folder at or above ``start`` with a ``.dvc`` folder in it, by its physical name.

    Above: in the folder that ``start`` is, not in that of a link that leads to it.
    """
    path = physical_path(start)
    if path is None or not os.path.isdir(path):
        raise NotAProjectError(f"{start}: no such folder", "name the folder of your repository")
    for folder in (Path(path), *Path(path).parents):
        if os.path.isdir(folder / ".dvc"):
            return folder
        if os.path.ismount(folder):  # DVC too does not look beyond a mount point
            break
    raise NotAProjectError(f"{start}: not inside a DVC repository", "dvc init")


def physical_path(path: Path) -> Path | None:
    """The name of a folder that DVC has of it when it works there; None where there is no such.

    DVC asks for the current folder, and that has no links in its name, but on Windows. So an
    absolute path is in the repository by this name only, and ``..`` leads out of this folder.
    """
    try:
        return Path(os.path.abspath(path) if os.name == "nt" else os.path.realpath(path))
    except OSError:  # a relative path, and the current folder is gone
        return None


def settings_files(root: Path) -> list[Path]:
    """Every file outside of the folders that are searched which can change what is found."""
    return [*dvc_config.files(root), *git_repository.files(Path(os.path.realpath(root)))]


def _git_ignore(root: Path, real_root: str) -> GitIgnore:
    """What git ignores; errors name files as seen from the root."""
    try:
        return _find_git(root, real_root)
    except FileError as error:
        path = Path(error.path or "")
        shown = path.relative_to(real_root).as_posix() if path.is_relative_to(real_root) else path
        raise FileError.from_error(
            error, path=str(shown), line=error.line, column=error.column
        ) from None


def _find_git(root: Path, real_root: str) -> GitIgnore:
    repository = git_repository.find(Path(real_root))
    # DVC begins with a look whether its own files are ignored, and ends where git has none of them.
    own = os.path.realpath(root / ".dvc" / ".gitignore")
    if not own.startswith(os.path.join(repository.top, "")):
        raise NotAProjectError(
            f"{own} is outside of the git repository {repository.top}, which DVC refuses",
            "move it into the repository, or: dvc config core.no_scm true",
        )
    ignored = git_repository.gitignore_of(repository, real_root)
    # An unreadable .gitignore in .dvc ends DVC here, and us.
    ignored.ignores(os.path.join(real_root, ".dvc", "config.local"), is_folder=False)
    return ignored
