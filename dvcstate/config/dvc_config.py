"""DVC's config as far as it bears on status: where the cache is, and whether there is git.

``.dvc/config.local`` before ``.dvc/config`` before the user's before the machine's, each in the
format of ConfigObj, which reads them for DVC and here.
"""

import io
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dvcstate.config import cache_folder, config_schema
from dvcstate.config.config_schema import ConfigProblem, MultipleValues
from dvcstate.documents import reader
from dvcstate.errors import ConfigError, FileError

MAX_BYTES = 2**18
# dvc/config.py, _parse_named: the section ['remote "name"'].
_NAMED = re.compile(r'^\s*(remote|machine|db)\s*"(.*)"\s*$')
_LINE = "write it as 'name = value' below a [section]"
_SECTION_TWICE = "delete that line, and put those below it into the section of that name above"
_KEY_TWICE = "delete that line, or the other one of that name"

Sections = dict[str, dict[str, str]]


class Config(NamedTuple):
    """The settings, merged: ``sections["core"]``, ``sections['remote "name"']`` and so on."""

    sections: Sections
    cache_dir: str
    no_scm: bool
    resolved_remotes: dict[str, dict[str, str]]
    """As ``remotes``, and each ``url`` that is a path is an absolute one."""

    @property
    def remotes(self) -> dict[str, dict[str, str]]:
        """The options of each remote, by its name (which DVC takes in lower case)."""
        return _remotes(self.sections)


def read(root: Path) -> Config:
    """The config of the repository ``root``, every level of it merged."""
    merged: Sections = {}
    levels = [_ConfigFile(path, root) for path in files(root)]
    for level in levels:
        for section in level.emptied:
            merged.pop(section, None)
        for section, values in level.resolved_sections().items():
            merged.setdefault(section, {}).update(values)
    wrong = config_schema.problem(merged)
    if wrong:
        raise _error_at_source(levels, wrong)
    no_scm = merged.get("core", {}).get("no_scm", "").lower() == "true"
    remotes = _resolve_remotes(merged, levels)
    return Config(merged, _cache_dir(merged, levels, root, remotes), no_scm, remotes)


def sections_of(path: Path, root: Path) -> Sections:
    """The settings of one config file as they are written, none where there is no file."""
    return _ConfigFile(path, root).sections


def files(root: Path) -> list[Path]:
    """The config files, from the one that yields to the one that wins; some may not be there."""
    return [
        _folder("DVC_SYSTEM_CONFIG_DIR", system=True) / "config",
        _folder("DVC_GLOBAL_CONFIG_DIR", system=False) / "config",
        root / ".dvc" / "config",
        root / ".dvc" / "config.local",
    ]


def _folder(variable: str, system: bool) -> Path:
    """As platformdirs, which DVC asks: site_config_dir and user_config_dir of dvc by iterative.

    platformdirs itself takes 20 ms to import.
    """
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


class _ConfigFile:
    """One config file. ``emptied``: sections that it wipes out with ``core = 1`` above them all."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        inside = path.is_relative_to(root)
        self.shown = path.relative_to(root).as_posix() if inside else str(path)
        self.sections: Sections = {}
        self.emptied: list[str] = []
        self.text = ""
        if not os.path.lexists(path) or (path.is_symlink() and _is_dangling(path)):
            return
        try:
            self.text = reader.read_text(path, self.shown, MAX_BYTES)
        except FileError as error:
            raise ConfigError.from_error(
                error, path=self.shown, line=error.line, column=error.column
            ) from None
        for name, values in self._parse().items():
            self._add(name.lower(), values)

    def _parse(self) -> Mapping[str, Any]:
        if not self.text.strip():
            return {}
        import configobj  # 8 ms that many projects do not need: `dvc init` leaves an empty file

        try:
            parsed: dict[str, Any] = configobj.ConfigObj(io.StringIO(self.text)).dict()
        except configobj.ConfigObjError as error:
            first = getattr(error, "errors", None) or [error]
            # "Invalid line ('[core') (matched as neither section nor keyword) at line 1."
            message = re.sub(r" at line \d+\.$", "", str(first[0]))
            line = getattr(first[0], "line_number", None)
            remedy = _LINE
            if isinstance(first[0], configobj.DuplicateError):
                text = self.text.splitlines()[line - 1].strip() if line else ""
                remedy = _SECTION_TWICE if text.startswith("[") else _KEY_TWICE
            raise self._error(message, line if isinstance(line, int) else None, remedy) from None
        except (ValueError, RecursionError) as error:
            raise self._error(str(error), None) from None
        return parsed

    def _add(self, name: str, values: Any) -> None:
        kind = re.sub(r"\s", "", name)
        if not isinstance(values, dict):
            if kind not in config_schema.REPLACEABLE or self.path.name == "config.local":
                raise self._error(f"{name!r} is no section", self.line(None, name))
            self.emptied.append(name)
            return
        if match := _NAMED.match(name):
            name = f'{match[1]} "{match[2]}"'
        options = self.sections[name] = {}
        for key, value in values.items():
            key = key.lower()
            if isinstance(value, dict) and name in ("remote", "machine", "db"):
                self._add(f'{name} "{key}"', value)
            elif isinstance(value, dict):
                if name != "feature":
                    raise self._error(
                        f"{name}: extra keys not allowed: {key}", self.line(key, name)
                    )
            else:
                options[key] = MultipleValues(value) if isinstance(value, list) else value

    def resolved_sections(self) -> Sections:
        """``cache.dir`` is relative to the config file that it stands in."""
        for name, values in self.sections.items():
            key = "dir" if name == "cache" else "url" if _is_remote(name) else ""
            if isinstance(values.get(key), MultipleValues):
                message = f"{name}.{key}: expected one path, got {values[key]}"
                raise self._error(message, self.line(key, name))
        cache = self.sections.get("cache", {})
        if "dir" in cache:
            cache["dir"] = self.resolved_path(cache["dir"])
        return self.sections

    def resolved_path(self, value: str) -> str:
        """What a path that is written in this file means; an address stays as it is."""
        if _is_address(value):
            return value
        return os.path.abspath(self.path.parent / os.path.expanduser(value))

    def line(self, key: str | None, section: str | None = None) -> int | None:
        """Where ``key`` of ``section`` is written, or the section where there is no such key."""
        # `[core]`, `['remote "r"'] # comment` or `[[r]]`, and `key = value`; each may be in quotes.
        header_regex = re.compile(r"""^\s*\[\[?\s*(['"]?)(.*?)\1\s*\]\]?\s*(?:#.*)?$""")
        key_regex = re.compile(r"""^\s*(['"]?)(.*?)\1\s*=""")
        here, section_line = "", None
        for number, text in enumerate(self.text.splitlines(), 1):
            header = header_regex.match(text)
            match = header or key_regex.match(text)
            name = match[2].lower() if match else None
            if here == section and key is not None and name == key:
                return number
            if name == section and (header or not here):
                if key is None:
                    return number
                section_line = number
            here = name if header and name is not None else here
        return section_line

    def _error(self, message: str, line: int | None, remedy: str = _LINE) -> ConfigError:
        return ConfigError(
            message, remedy, path=self.shown, line=line, column=1 if line else None,
        )  # fmt: skip


def _is_remote(section: str) -> bool:
    return section.startswith('remote "') and section.removeprefix('remote "').endswith('"')


def _is_address(value: str) -> bool:
    return re.match(r"\w+://", value) is not None


def _is_dangling(link: Path) -> bool:
    """A link that leads nowhere is no file; one that leads back to itself is an error to DVC."""
    try:
        link.stat()
    except FileNotFoundError:
        return True
    except OSError:
        pass
    return False


def _error_at_source(levels: list[_ConfigFile], wrong: ConfigProblem) -> ConfigError:
    """The error with the file and line of the value that counts: the last that is set."""
    path, line = ".dvc/config", None
    for level in levels:
        values = level.sections.get(wrong.section)
        if values is not None and (wrong.key is None or wrong.key in values):
            path, line = level.shown, level.line(wrong.key, wrong.section)
    return ConfigError(
        wrong.message, "mend or delete that line", path=path, line=line,
        column=1 if line else None, kind=wrong.kind,
    )  # fmt: skip


def _remotes(sections: Sections) -> dict[str, dict[str, str]]:
    return {
        section[len('remote "') : -1]: values
        for section, values in sections.items()
        if _is_remote(section)
    }


def _resolve_remotes(merged: Sections, levels: list[_ConfigFile]) -> dict[str, dict[str, str]]:
    """A ``url`` that is a path is relative to the last file that sets it."""
    urls = {
        name: level.resolved_path(values["url"])
        for level in levels
        for name, values in _remotes(level.sections).items()
        if "url" in values
    }
    return {name: {**values, "url": urls[name]} for name, values in _remotes(merged).items()}


def _cache_dir(
    merged: Sections, levels: list[_ConfigFile], root: Path, remotes: dict[str, dict[str, str]]
) -> str:
    """As dvc/cachemgr.py: ``cache.local`` names a remote, ``cache.dir`` a folder."""
    cache = merged.get("cache", {})
    default = str(root / ".dvc" / "cache")
    key = "local" if cache.get("local") else "dir"
    try:
        if key == "local":
            return cache_folder.of_remote(cache[key], str(root), remotes)
        return cache_folder.of_dir(cache.get(key) or default, str(root), remotes)
    except FileError as error:
        why = f"cache.{key}: {cache.get(key)!r} is no folder: {error.problem}"
        raise _error_at_source(levels, ConfigProblem(why, "cache", key)) from None
