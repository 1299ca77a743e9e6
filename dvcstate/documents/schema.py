"""What DVC accepts in dvc.yaml, dvc.lock and *.dvc, and where in the document something is else.

The same grammar as dvc/schema.py, whose words ("extra keys not allowed") are kept, since attendees
meet them in DVC as well. A validator is a function of a value and the keys that lead to it, which
raises Mismatch at the first thing that DVC would refuse.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Keys = tuple[object, ...]
Validator = Callable[[Any, Keys], None]


class Mismatch(Exception):  # noqa: N818 - it never leaves the package
    """What is wrong with the value that ``keys`` lead to."""

    def __init__(self, keys: Keys, message: str) -> None:
        super().__init__(message)
        self.keys = keys
        self.message = message


def _instance_of(kind: type, name: str) -> Validator:
    def check(value: Any, keys: Keys) -> None:
        if not isinstance(value, kind):
            raise Mismatch(keys, f"expected {name}, got {shorten(value)}")

    return check


def _anything(_value: Any, _keys: Keys) -> None:
    """Whatever it is."""


def _list_of(item: Validator) -> Validator:
    def check(value: Any, keys: Keys) -> None:
        _list(value, keys)
        for index, element in enumerate(value):
            item(element, (*keys, index))

    return check


def _map_of(item: Validator, at_most: int | None = None) -> Validator:
    """A mapping with any string keys."""

    def check(value: Any, keys: Keys) -> None:
        _dict(value, keys)
        for key, element in value.items():
            if not isinstance(key, str):
                problem = f"the key {shorten(key)} is not a string; put it in quotes"
                raise Mismatch((*keys, key), problem)
            item(element, (*keys, key))
        if at_most is not None and len(value) > at_most:
            raise Mismatch(keys, f"at most {at_most} entry is allowed here")

    return check


def _mapping(required: dict[str, Validator], optional: dict[str, Validator]) -> Validator:
    """A mapping with these keys and no other."""
    known = required | optional

    def check(value: Any, keys: Keys) -> None:
        _dict(value, keys)
        for key, element in value.items():
            if key not in known:
                raise Mismatch((*keys, key), f"extra keys not allowed: {shorten(key)}")
            known[key](element, (*keys, key))
        for key in required:
            if key not in value:
                raise Mismatch(keys, f"required key not provided: {key!r}")

    return check


def _either(*checks: Validator) -> Validator:
    def check_each(value: Any, keys: Keys) -> None:
        deepest: Mismatch | None = None
        for check in checks:
            try:
                return check(value, keys)
            except Mismatch as mismatch:
                # The mismatch of the alternative that fits deepest: that one was meant.
                if deepest is None or len(mismatch.keys) >= len(deepest.keys):
                    deepest = mismatch
        assert deepest is not None  # noqa: S101 - there is at least one check
        raise deepest

    return check_each


def shorten(value: Any) -> str:
    """How a message names ``value``."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    try:
        text = repr(value)
    except ValueError:  # a number of more than 4,300 digits
        return "a very long number"
    return text if len(text) <= 60 else f"{text[:57]}..."


_text = _instance_of(str, "text")
_bool = _instance_of(bool, "true or false")
_int = _instance_of(int, "a whole number")  # or true or false, which to DVC are whole numbers too
_list = _instance_of(list, "a list")
_dict = _instance_of(dict, "a mapping")
_text_or_list = _either(_text, _list)


def _nothing(value: Any, keys: Keys) -> None:
    if value is not None:
        raise Mismatch(keys, f"expected nothing, got {shorten(value)}")


def _entries(value: Any, keys: Keys) -> None:
    """As dvc/parsing/__init__.py, which goes through it, whatever it holds."""
    if not isinstance(value, Iterable):
        raise Mismatch(keys, f"expected a list, got {shorten(value)}")


def _checksum(value: Any, keys: Keys) -> None:
    """As CHECKSUM_SCHEMA of dvc/output.py: nothing, or text or digits of 3 characters or more."""
    if value is None or value == "":
        return
    with contextlib.suppress(ValueError):  # a number of more than 4,300 digits
        if isinstance(value, str | int) and len(str(value)) >= 3:
            return
    raise Mismatch(keys, f"expected a checksum, got {shorten(value)}")


_annotations: dict[str, Validator] = {
    "desc": _text, "type": _text, "labels": _list_of(_text), "meta": _anything,
}  # fmt: skip
_checksums: dict[str, Validator] = {"md5": _checksum, "checksum": _checksum, "etag": _checksum}
_meta: dict[str, Validator] = {"size": _int, "nfiles": _int, "isexec": _bool, "version_id": _text}
# The version of a file in a cloud that keeps versions, by the name of the remote.
_cloud = _map_of(_mapping({}, _meta | _checksums), at_most=1)
_dir_files = _list_of(_mapping({"relpath": _text}, _checksums | _meta | {"cloud": _cloud}))
_tracked: dict[str, Validator] = (
    _checksums
    | _meta
    | {"path": _text, "persist": _bool, "cloud": _cloud, "hash": _text, "files": _dir_files,
       "fs_config": _dict}
)  # fmt: skip

_out_flags: dict[str, Validator] = _annotations | {
    "cache": _bool, "persist": _bool, "checkpoint": _bool, "remote": _text, "push": _bool,
}  # fmt: skip
_plot_flags: dict[str, Validator] = dict.fromkeys(
    ("template", "x", "y", "x_label", "y_label", "title"), _text
) | {"header": _bool}
_plot_out = _mapping({}, _out_flags | _plot_flags)

_variables = _list_of(_either(_text, _dict))
_outs = _list_of(_either(_text, _map_of(_mapping({}, _out_flags))))
_stage = _mapping(
    {"cmd": _text_or_list},
    {
        "matrix": _map_of(_text_or_list), "wdir": _text, "deps": _list_of(_text),
        "params": _list_of(_either(_text, _dict)), "vars": _variables, "frozen": _bool,
        "meta": _anything, "desc": _text, "always_changed": _bool, "outs": _outs,
        "metrics": _outs,
        "plots": _list_of(_either(_text, _map_of(_either(_plot_out, _list_of(_plot_out))))),
    },
)  # fmt: skip
_foreach = _mapping({"foreach": _either(_dict, _list, _text), "do": _stage}, {})


def _stage_or_foreach(value: Any, keys: Keys) -> None:
    looped = isinstance(value, Mapping) and {"foreach", "do"} & value.keys()
    (_foreach if looped else _stage)(value, keys)


_plot = _mapping(
    {},
    {
        "x": _either(_text, _map_of(_text)),
        "y": _either(_text, _list_of(_text), _map_of(_either(_text, _list_of(_text)))),
        "x_label": _text, "y_label": _text, "title": _text, "template": _text,
    },
)  # fmt: skip


def _top_level_plot(value: Any, keys: Keys) -> None:
    _map_of(_either(_plot, _nothing))(value, keys)
    if not value:
        raise Mismatch(keys, "a plot needs a name or a path")


project_file = _mapping(
    {},
    {
        "datasets": _entries,
        "plots": _list_of(_either(_text, _top_level_plot)),
        "stages": _map_of(_stage_or_foreach),
        "vars": _variables,
        "params": _list_of(_text),
        "metrics": _list_of(_text),
        "artifacts": _map_of(_mapping({"path": _text}, _annotations)),
    },
)


def _schema_version(value: Any, keys: Keys) -> None:
    if value != "2.0":
        raise Mismatch(keys, f"invalid schema version {shorten(value)}; DVC reads '2.0'")


_locked = _mapping(
    {"path": _text},
    {k: v for k, v in _tracked.items() if k not in ("path", "persist", "fs_config")}
    | {"dataset": _dict},
)
_locked_stage = _mapping(
    {"cmd": _text_or_list},
    {"deps": _list_of(_locked), "params": _map_of(_map_of(_anything)), "outs": _list_of(_locked)},
)
lock_file = _mapping(
    {"schema": _schema_version}, {"datasets": _anything, "stages": _map_of(_locked_stage)}
)

_repo = _mapping(
    {"url": _text},
    {"rev": _text, "rev_lock": _text, "config": _either(_text, _dict),
     "remote": _either(_text, _dict)},
)  # fmt: skip
_db = _mapping({}, dict.fromkeys(("query", "connection", "file_format", "table"), _text))
_single_dep = _mapping({}, _tracked | {"repo": _repo, "db": _db})
_single_out = _mapping(
    {}, _tracked | _annotations | {"cache": _bool, "remote": _text, "push": _bool}
)
single_stage_file = _mapping(
    {},
    {
        "md5": _checksum, "wdir": _either(_text, _nothing),
        "deps": _either(_nothing, _list_of(_single_dep)),
        "outs": _either(_nothing, _list_of(_single_out)),
        "locked": _bool, "frozen": _bool, "meta": _anything, "always_changed": _bool,
        "desc": _text,
    },
)  # fmt: skip
