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
    """Where things are. ``git`` is None where ``core.no_scm`` says so; ``parsing`` is DVC's setting."""

    root: Path
    cache_dir: Path
    dvcignore: DvcIgnore
    git: GitIgnore | None
    parsing: Mapping[str, str]

    def git_ignores(self, path: str, is_folder: bool) -> bool:
        """Whether git leaves out ``path``; nothing, where there is no git."""
        return self.git is not None and self.git.ignores(path, is_folder)


def find(start: Path) -> Repository:
    """The DVC repository that ``start`` is in."""
    root = find_root(start)
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


def _git_settings(control: Path) -> tuple[Path, bool]:
    """``core.excludesFile`` and ``core.ignoreCase``: the repository's word before the user's."""
    home_config = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "git"
    files = [
        control / "config",
        Path("~/.gitconfig"),
        home_config / "config",
        Path("/etc/gitconfig"),
    ]
    core: dict[str, str] = {}
    for path in files:
        for key, value in _core_section(path.expanduser()).items():
            core.setdefault(key, value)
    excludes = core.get("excludesfile")
    ignore_case = core.get("ignorecase", "").lower() in ("true", "yes", "on", "1")
    return Path(excludes) if excludes else home_config / "ignore", ignore_case


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
