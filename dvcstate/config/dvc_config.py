"""DVC's config as far as it bears on status: where the cache is, and whether there is git.

``.dvc/config.local`` before ``.dvc/config`` before the user's before the machine's, each in the
format of ConfigObj, which reads them for DVC and here.
"""

import io
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvcstate.config import config_schema
from dvcstate.config.config_schema import Several
from dvcstate.documents import document
from dvcstate.errors import ConfigError, FileError

MAX_BYTES = 2**18
_NAMED = re.compile(r'^\s*(remote|machine|db)\s*"(.*)"\s*$')
_REMOTE = re.compile(r'^remote "(.*)"$', re.DOTALL)
_HEADER = re.compile(r"""^\s*\[\[?\s*(['"]?)(.*?)\1\s*\]\]?\s*(?:#.*)?$""")
_KEY = re.compile(r"""^\s*(['"]?)(.*?)\1\s*=""")
_ADDRESS = re.compile(r"\w+://")

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
    levels = [_Level(path, root) for path in files(root)]
    for level in levels:
        for section in level.emptied:
            merged.pop(section, None)
        for section, values in level.resolved().items():
            merged.setdefault(section, {}).update(values)
    wrong = config_schema.problem(merged)
    if wrong:
        raise _blamed(levels, wrong)
    no_scm = merged.get("core", {}).get("no_scm", "").lower() == "true"
    return Config(merged, _cache_dir(merged, levels, root), no_scm)


def sections_of(path: Path, root: Path) -> Sections:
    """The settings of one config file as they are written, none where there is no file."""
    return _Level(path, root).sections


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


class _Level:
    """One config file. ``emptied``: sections that it wipes out with ``core = 1`` above them all."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        inside = path.is_relative_to(root)
        self.shown = path.relative_to(root).as_posix() if inside else str(path)
        self.sections: Sections = {}
        self.emptied: list[str] = []
        self.text = ""
        if not os.path.lexists(path) or (path.is_symlink() and not _leads_somewhere(path)):
            return
        try:
            self.text = document.read_text(path, self.shown, MAX_BYTES)
        except FileError as error:
            raise ConfigError.from_error(
                error, path=self.shown, line=error.line, column=error.column
            ) from None
        for name, values in self._parsed().items():
            self._take(name.lower(), values)

    def _parsed(self) -> Mapping[str, Any]:
        if not self.text.strip():
            return {}
        import configobj  # 8 ms that many projects do not need: `dvc init` leaves an empty file

        try:
            parsed: dict[str, Any] = configobj.ConfigObj(io.StringIO(self.text)).dict()
        except configobj.ConfigObjError as error:
            first = getattr(error, "errors", None) or [error]
            told = re.sub(r" at line \d+\.$", "", str(first[0]))
            line = getattr(first[0], "line_number", None)
            raise self._broken(told, line if isinstance(line, int) else None) from None
        except (ValueError, RecursionError) as error:
            raise self._broken(str(error), None) from None
        return parsed

    def _take(self, name: str, values: Any) -> None:
        kind = re.sub(r"\s", "", name)
        if not isinstance(values, dict):
            if kind not in config_schema.REPLACEABLE or self.path.name == "config.local":
                raise self._broken(f"{name!r} is no section", self.line(None, name))
            self.emptied.append(name)
            return
        if match := _NAMED.match(name):
            name = f'{match[1]} "{match[2]}"'
        taken = self.sections[name] = {}
        for key, value in values.items():
            key = key.lower()
            if isinstance(value, dict) and name in ("remote", "machine", "db"):
                self._take(f'{name} "{key}"', value)
            elif isinstance(value, dict):
                if name != "feature":
                    raise self._broken(
                        f"{name}: extra keys not allowed: {key}", self.line(key, name)
                    )
            else:
                taken[key] = Several(value) if isinstance(value, list) else value

    def resolved(self) -> Sections:
        """``cache.dir`` is relative to the config file that it stands in."""
        for name, values in self.sections.items():
            key = "dir" if name == "cache" else "url" if _REMOTE.match(name) else ""
            if isinstance(values.get(key), Several):
                told = f"{name}.{key}: expected one path, got {values[key]}"
                raise self._broken(told, self.line(key, name))
        cache = self.sections.get("cache", {})
        if "dir" in cache:
            cache["dir"] = self.resolved_path(cache["dir"])
        return self.sections

    def resolved_path(self, value: str) -> str:
        """What a path that is written in this file means; an address stays as it is."""
        if _ADDRESS.match(value):
            return value
        return os.path.abspath(self.path.parent / os.path.expanduser(value))

    def line(self, key: str | None, section: str | None = None) -> int | None:
        """Where ``key`` of ``section`` is written, or the section where there is no such key."""
        here, found = "", None
        for number, text in enumerate(self.text.splitlines(), 1):
            header = _HEADER.match(text)
            match = header or _KEY.match(text)
            name = match[2].lower() if match else None
            if here == section and key is not None and name == key:
                return number
            if name == section and (header or not here):
                if key is None:
                    return number
                found = number
            here = name if header and name is not None else here
        return found

    def _broken(self, problem: str, line: int | None) -> ConfigError:
        return ConfigError(
            problem, "write it as 'name = value' below a [section]",
            path=self.shown, line=line, column=1 if line else None,
        )  # fmt: skip


def _leads_somewhere(path: Path) -> bool:
    """A link that leads nowhere is no file; one that leads back to itself is an error to DVC."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError:
        pass
    return True


def _blamed(levels: list[_Level], wrong: config_schema.Problem) -> ConfigError:
    """The error, told of the file whose word counts: the last one that sets the value."""
    for level in reversed(levels):
        values = level.sections.get(wrong.section)
        if values is not None and (wrong.key is None or wrong.key in values):
            line = level.line(wrong.key, wrong.section)
            return ConfigError(
                wrong.message, "mend or delete that line", path=level.shown, line=line,
                column=1 if line else None, kind=wrong.kind,
            )  # fmt: skip
    return ConfigError(
        wrong.message, "mend or delete that line", path=".dvc/config", kind=wrong.kind
    )


def _cache_dir(merged: Sections, levels: list[_Level], root: Path) -> str:
    """As dvc/cachemgr.py: ``cache.local`` names a remote, ``cache.dir`` a folder."""
    cache = merged.get("cache", {})
    if named := cache.get("local"):
        section = f'remote "{named.lower()}"'
        found = [one for one in levels if "url" in one.sections.get(section, {})]
        path = found[-1].resolved_path(found[-1].sections[section]["url"]) if found else None
        if path is None or _ADDRESS.match(path):
            what = "is no folder on this machine" if path else "does not exist"
            why = f"cache.local: the remote {named!r} {what}"
            raise _blamed(levels, config_schema.Problem(why, "cache", "local"))
        return path
    chosen = cache.get("dir") or str(root / ".dvc" / "cache")
    if _ADDRESS.match(chosen):
        why = f"cache.dir: {chosen!r} is no folder"
        raise _blamed(levels, config_schema.Problem(why, "cache", "dir"))
    return chosen
