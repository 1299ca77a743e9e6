"""The command of a stage as text, whatever YAML made of what was meant to be one.

DVC takes any list for a command, and any value that a template fills in: ``- echo step: one`` is a
mapping, ``[true]`` a truth value. It compares them with the lock as they are, and ends when it runs
them.
"""

from collections.abc import Mapping
from typing import Any

# Python refuses to write out numbers of more than some 14,000 bits in decimal.
_MAX_INT_BITS = 1024


def of_value(value: Any) -> str | list[str]:
    """The command, or its lines; empty where DVC takes ``value`` for no command."""
    if isinstance(value, list):
        return [text(line) for line in value]
    return text(value) if value else ""


def text(value: Any) -> str:
    """What stands in the file for one value, more or less."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return ", ".join(f"{text(key)}: {text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _MAX_INT_BITS:
        return hex(value)
    return "null" if value is None else str(value)
