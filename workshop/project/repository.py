"""The repository that a folder belongs to: DVC's root, git's root, the cache, what is ignored."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workshop.project import config
from workshop.project.dvcignore import DvcIgnore
from workshop.project.errors import NotAProjectError
from workshop.project.gitignore import GitIgnore


@dataclass(frozen=True)
class Repository:
    """Where things are; ``git`` is None where ``core.no_scm`` says so."""

    root: Path
    cache_dir: Path
    dvcignore: DvcIgnore
    git: GitIgnore | None
    parsing: Mapping[str, str]

    def git_ignores(self, path: str, is_folder: bool) -> bool:
        """Whether git leaves out ``path``; nothing, where there is no git."""
        return self.git is not None and self.git.ignores(path, is_folder)


def find(root: Path) -> Repository:
    """The DVC repository whose root is ``root``."""
    if not (root / ".dvc").is_dir():
        raise NotAProjectError(f"{root}: not a DVC repository", "dvc init")
    settings = config.read(root)
    return Repository(
        root,
        Path(settings.cache_dir),
        DvcIgnore(str(root)),
        None if settings.no_scm else _git(root),
        settings.sections.get("parsing", {}),
    )


def find_root(start: Path) -> Path:
    """The nearest folder at or above ``start`` with a ``.dvc`` folder in it."""
    path = Path(os.path.abspath(start))
    if not path.is_dir():
        raise NotAProjectError(f"{start}: no such folder", "name the folder of your repository")
    for folder in (path, *path.parents):
        if (folder / ".dvc").is_dir():
            return folder
        if folder.is_mount():
            break
    raise NotAProjectError(f"{start}: not inside a DVC repository", "dvc init")


def _git(root: Path) -> GitIgnore:
    for folder in (root, *root.parents):
        control = folder / ".git"
        if control.exists():
            if control.is_file():  # a worktree or a submodule: "gitdir: <path>"
                target = control.read_text("utf-8").partition(":")[2].strip()
                control = folder / target
            excludes, ignore_case = _git_settings(control)
            return GitIgnore(folder, [control / "info" / "exclude", excludes], ignore_case)
    raise NotAProjectError(
        f"{root}: not inside a git repository", "git init, or: dvc config core.no_scm true"
    )


def settings_files(root: Path) -> list[Path]:
    """Every file outside of the folders that are searched which can change what is found."""
    controls = [folder / ".git" for folder in (root, *root.parents)]
    git = [control / name for control in controls for name in ("", "config", "info/exclude")]
    above = [folder / ".gitignore" for folder in root.parents]
    return [*config.files(root), *git, *above, *_user_git_files(), _git_folder() / "ignore"]


def _git_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "git"


def _user_git_files() -> list[Path]:
    """The git config of the user, then that of the machine; the environment may move both."""
    user = [Path("~/.gitconfig").expanduser(), _git_folder() / "config"]
    if chosen := os.environ.get("GIT_CONFIG_GLOBAL"):
        user = [Path(chosen)]
    return [*user, Path(os.environ.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig")]


def _git_settings(control: Path) -> tuple[Path, bool]:
    """``core.excludesFile`` and ``core.ignoreCase``: the repository's word before the user's."""
    core: dict[str, str] = {}
    for path in [control / "config", *_user_git_files()]:
        for key, value in _core_section(path).items():
            core.setdefault(key, value)
    excludes = core.get("excludesfile")
    ignore_case = core.get("ignorecase", "").lower() in ("true", "yes", "on", "1")
    return Path(excludes) if excludes else _git_folder() / "ignore", ignore_case


def _core_section(path: Path) -> dict[str, str]:
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return {}
    settings: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        line = line.strip()
        header = re.match(r'\[\s*([^\s\]"]+)', line)
        if header:
            section = header[1].lower()
        elif section == "core" and "=" in line:
            key, _, value = line.partition("=")
            settings[key.strip().lower()] = value.strip().strip('"')
    return settings
