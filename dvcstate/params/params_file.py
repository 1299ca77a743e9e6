"""The params in a YAML, JSON, TOML or Python file, and the values that keys such as ``a.b`` name.

As dvc/dependency/param.py and dvc/utils/serialize: the format follows from what comes after the
first dot of the file's name (``conf.v1.json`` is read as YAML), and a key is a glob of dpath.

Why not dpath itself: it walks the whole file for each key. 200 keys take it 147 ms, and these
lines 16 ms; its import costs 12 ms more.
"""

import json
import re
import warnings
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dvcstate.documents import nesting, reader
from dvcstate.errors import FileError

_MAGIC = frozenset("*?[")
_LEAVES = (bytes, str, int, float, bool, type(None))  # dpath.segments.leaf


def read(path: Path, shown: str) -> Any:
    """All params in ``path``; a FileError when it is a folder or does not parse."""
    if path.is_dir():
        raise FileError(
            "is a folder, expected a params file", "name a file under params:", path=shown
        )
    return parse(reader.read_text(path, shown), path.name, shown)


def parse(text: str, name: str, shown: str) -> Any:
    """The same of the text of a file of that ``name``."""
    suffix = name.partition(".")[2].lower()
    return _parse(text, suffix, shown) if suffix in _PARSERS else reader.parse(text, shown)


def values(params: Any, keys: tuple[str, ...], shown: str) -> dict[Any, Any]:
    """The values of ``keys``, without those that are not there; everything when there are none."""
    if not keys:
        if not isinstance(params, dict):
            raise FileError("holds no named values", "write 'name: value' lines", path=shown)
        return params
    found = {}
    for key in keys:
        matches = list(_find(params, key, shown))
        if len(matches) > 1:
            raise FileError(f"the param {key!r} names several values", "name one", path=shown)
        if matches:
            found[key] = matches[0]
    return found


def _find(params: Any, key: str, shown: str) -> Iterator[Any]:
    """dpath.get: the key is split at dots, and each part may be a glob (``**`` any depth)."""
    if key in ("", "/"):
        yield params
        return
    segments = key.lstrip(".").split(".")
    if segments.count("**") > 1:
        raise FileError(f"the param {key!r} has more than one '**'", "keep one", path=shown)
    yield from _walk(params, segments)


def _walk(node: Any, segments: list[str]) -> Iterator[Any]:
    """Every value below ``node`` that the segments lead to."""
    if segments[0] == "**":
        if len(segments) > 1:
            yield from _walk(node, segments[1:])
        for _, child in _children(node):
            if len(segments) == 1:
                yield child
            yield from _walk(child, segments)
        return
    for name, child in _children_alike(node, segments[0]):
        if _matches(name, segments[0], None if isinstance(node, dict) else len(node)):
            if segments[1:] in ([], ["**"]):  # `a.**` names a and all that is below it
                yield child
            if segments[1:]:
                yield from _walk(child, segments[1:])


def _children_alike(node: Any, glob: str) -> Iterable[tuple[Any, Any]]:
    """The children of ``node`` but for names that are texts and other than ``glob``."""
    if not isinstance(node, dict) or not _MAGIC.isdisjoint(glob):
        return _children(node)
    return [item for item in node.items() if item[0] == glob or type(item[0]) is not str]


def _children(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, dict):
        yield from node.items()
    elif not isinstance(node, _LEAVES) and hasattr(node, "__len__"):
        yield from enumerate(node)


def _matches(name: Any, glob: str, length: int | None) -> bool:
    """As dpath.segments.match: numbers are compared as numbers, ``-1`` is the last of a list."""
    if isinstance(name, int):
        try:
            return int(glob) in ((name,) if length is None else (name, name - length))
        except ValueError:
            name = str(name)
    if not isinstance(name, str):
        return False
    if _MAGIC.isdisjoint(glob):  # most keys: a pattern would be compiled for each of them
        return name == glob
    return fnmatchcase(name, glob)


def _parse_json(text: str) -> Any:
    return json.loads(text) or {}  # DVC too takes `null` and `[]` for no params


def _parse_toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def _parse_python(text: str) -> Any:
    """The constants assigned in a Python file; nothing in it runs."""
    from dvcstate.params import python_constants

    with warnings.catch_warnings(action="ignore"):  # of "\d" in a text that is no raw one
        return python_constants.read(text)


_PARSERS = {
    "json": ("JSON", _parse_json, nesting.JSON),
    "toml": ("TOML", _parse_toml, nesting.TOML),
    "py": ("Python", _parse_python, nesting.JSON),
}


def _parse(text: str, suffix: str, shown: str) -> Any:
    language, parse, at_most = _PARSERS[suffix]
    try:
        data = parse(text)
        nesting.refuse_deep(data, at_most + 1, shown)  # and one for the file itself
        return data
    except (RecursionError, MemoryError):
        raise FileError("is nested too deeply", "flatten it", path=shown) from None
    except (SyntaxError, ValueError, TypeError) as error:
        # A TOMLDecodeError has the position in its text alone before Python 3.14.
        match = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        message = getattr(error, "msg", "") or str(error)[: match.start() if match else None]
        line = int(match[1]) if match else getattr(error, "lineno", None)
        column = int(match[2]) if match else getattr(error, "colno", getattr(error, "offset", None))
        raise FileError(
            f"is not valid {language}: {message}", "mend that line",
            path=shown, line=line, column=column,
        ) from None  # fmt: skip
