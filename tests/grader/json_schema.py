"""As much of JSON Schema as the report's schema uses; a keyword that is not known is refused."""

import re
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip
_NOTES = {"$schema", "$defs", "title"}


def problems(
    value: Any, schema: dict[str, Any], root: dict[str, Any], where: str = ""
) -> list[str]:
    """What in ``value`` is not as ``schema`` says."""
    found = []
    for keyword, wanted in schema.items():
        if keyword not in _NOTES:
            found += _KEYWORDS[keyword](value, wanted, schema, root, where)
    return found


def _type(value: Any, wanted: Any, *rest: Any) -> list[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    fits = any(isinstance(value, _TYPES[name]) for name in names)
    if isinstance(value, bool) and "boolean" not in names:
        fits = False
    return [] if fits else [f"{rest[-1]}: {value!r} is no {wanted}"]


def _pattern(value: Any, wanted: str, *rest: Any) -> list[str]:
    fits = not isinstance(value, str) or re.search(wanted, value)
    return [] if fits else [f"{rest[-1]}: {value!r} does not match {wanted}"]


def _minimum(value: Any, wanted: int, *rest: Any) -> list[str]:
    return [f"{rest[-1]}: {value} < {wanted}"] if isinstance(value, int) and value < wanted else []


def _choice(value: Any, wanted: list[Any], *rest: Any) -> list[str]:
    return [] if value in wanted else [f"{rest[-1]}: {value!r} is not of {wanted}"]


def _required(value: Any, wanted: list[str], *rest: Any) -> list[str]:
    return [f"{rest[-1]}: lacks {name}" for name in wanted if name not in value]


def _additional(value: Any, wanted: bool, schema: dict[str, Any], *rest: Any) -> list[str]:
    assert wanted is False
    return [f"{rest[-1]}: has {name}" for name in value if name not in schema["properties"]]


def _properties(value: Any, wanted: Any, schema: Any, root: Any, where: str) -> list[str]:
    return [
        problem
        for name, one in wanted.items()
        if name in value
        for problem in problems(value[name], one, root, f"{where}.{name}")
    ]


def _items(value: Any, wanted: Any, schema: Any, root: Any, where: str) -> list[str]:
    return [p for i, one in enumerate(value) for p in problems(one, wanted, root, f"{where}[{i}]")]


def _ref(value: Any, wanted: str, schema: Any, root: Any, where: str) -> list[str]:
    return problems(value, root["$defs"][wanted.removeprefix("#/$defs/")], root, where)


_KEYWORDS: dict[str, Any] = {
    "type": _type, "pattern": _pattern, "minimum": _minimum, "enum": _choice,
    "const": lambda value, wanted, *rest: _choice(value, [wanted], *rest),
    "required": _required, "additionalProperties": _additional, "properties": _properties,
    "items": _items, "$ref": _ref,
}  # fmt: skip
