"""The types of params, in words."""

import datetime
import json
from typing import Any


def type_name(value: Any) -> str:
    """The type of a value in YAML; whole numbers and others are one type."""
    match value:
        case None:
            return "no value"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case datetime.date():
            return "a date"
        case list():
            return "a list"
    return "keys with values"


def shown_value(value: Any) -> str:
    """A value with quotes around a text, so that ``"12"`` is not taken for ``12``."""
    return json.dumps(value, ensure_ascii=False, default=str)


def shown_change(before: Any, after: Any) -> str:
    """``12 -> 18``; where the types differ, ``12 (a number) -> "12" (text)``."""
    if type_name(before) == type_name(after):
        return f"{before} -> {after}"
    texts = (f"{shown_value(value)} ({type_name(value)})" for value in (before, after))
    return " -> ".join(texts)
