"""DVC's config as far as it bears on status: where the cache is, and whether there is git.

``.dvc/config.local`` before ``.dvc/config`` before the user's before the machine's, each in the
format of ConfigObj: ``['remote "name"']`` sections, values with or without quotes.
"""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from workshop.project import config_schema, document
from workshop.project.errors import ConfigError, FileError

_SECTION = re.compile(r"^(\[+)\s*(?P<quote>['\"]?)(?P<name>.*?)(?P=quote)\s*(\]+)\s*(?:#.*)?$")
_VALUE = re.compile(
    r"""^(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^#"']*?))\s*(?:\#.*)?$"""
)

_REMOTE = re.compile(r'^remote\s*"(.*)"$')
Sections = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Config:
    """The settings, merged: ``sections["core"]``, ``sections['remote "name"']`` and so on."""

    sections: Sections
    cache_dir: str
    no_scm: bool

    @property
    def remotes(self) -> dict[str, dict[str, str]]:
        """The options of each remote, by its name (which DVC takes in lower case)."""
        return {
            match[1]: values
            for section, values in self.sections.items()
            if (match := _REMOTE.match(section))
        }

    @property
    def default_remote(self) -> str | None:
        """The name in ``core.remote``."""
        return self.sections.get("core", {}).get("remote")


def read(root: Path) -> Config:
    """The config of the repository ``root``, every level of it merged."""
    merged: Sections = {}
    for path in files(root):
        for section, values in _resolved(_read_one(path, root), path.parent).items():
            merged.setdefault(section, {}).update(values)
    wrong = config_schema.problem(merged)
    if wrong:
        raise ConfigError(wrong, "mend or delete that line", path=".dvc/config")
    cache_dir = merged.get("cache", {}).get("dir") or str(root / ".dvc" / "cache")
    return Config(merged, cache_dir, merged.get("core", {}).get("no_scm", "").lower() == "true")


def sections_of(path: Path, root: Path) -> Sections:
    """The settings of one config file as they are written, none where there is no file."""
    return _read_one(path, root)


def files(root: Path) -> list[Path]:
    """The config files, from the one that yields to the one that wins; some may not be there."""
    return [
        _folder("DVC_SYSTEM_CONFIG_DIR", system=True) / "config",
        _folder("DVC_GLOBAL_CONFIG_DIR", system=False) / "config",
        root / ".dvc" / "config",
        root / ".dvc" / "config.local",
    ]


def _folder(variable: str, system: bool) -> Path:
    """As platformdirs, which DVC asks: site_config_dir and user_config_dir of dvc by iterative."""
    if chosen := os.environ.get(variable):
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("PROGRAMDATA" if system else "LOCALAPPDATA") or str(Path.home())
        return Path(base, "iterative", "dvc")
    if sys.platform == "darwin":
        return Path("/" if system else Path.home(), "Library", "Application Support", "dvc")
    if system:
        return Path((os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")[0], "dvc")
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "dvc").expanduser()


def _read_one(path: Path, root: Path) -> Sections:
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    if not path.exists():
        return {}
    try:
        text = document.read_text(path, shown)
    except FileError as error:
        raise ConfigError(error.problem, error.fix, path=shown, line=error.line) from None
    sections: Sections = {}
    current: dict[str, str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            name = _section_name(line, shown, number)
            if name in sections:
                raise _broken(f"the section {line} is there twice", shown, number)
            current = sections[name] = {}
        elif current is not None and "=" in line:
            key, _, value = line.partition("=")
            key = key.strip().strip("'\"").lower()
            if key in current:
                raise _broken(f"{key!r} is there twice", shown, number)
            current[key] = _value(value.strip(), shown, number)
        else:
            raise _broken(f"cannot read the line {line!r}", shown, number)
    return sections


def _section_name(line: str, shown: str, number: int) -> str:
    match = _SECTION.match(line)
    if match is None or len(match[1]) != len(match[4]):
        raise _broken(f"cannot read the section {line!r}", shown, number)
    return match["name"].lower()


def _value(text: str, shown: str, number: int) -> str:
    match = _VALUE.match(text)
    if match is None:
        raise _broken(f"cannot read the value {text!r}", shown, number)
    return next(value for value in match.group("double", "single", "bare") if value is not None)


def _broken(problem: str, shown: str, number: int) -> ConfigError:
    return ConfigError(
        problem, "write it as 'name = value' below a [section]", path=shown, line=number
    )


def _resolved(sections: Sections, folder: Path) -> Sections:
    """``cache.dir`` is relative to the config file that it stands in."""
    path = sections.get("cache", {}).get("dir")
    if path and not re.match(r"\w+://", path):
        expanded = os.path.expanduser(path)
        sections["cache"]["dir"] = os.path.abspath(folder / expanded)
    return sections
