"""How deeply values lie in one another, for DVC's parsers call themselves and end at some depth.

Measured with DVC 3.67.1, which ends a little earlier on its command line: below each limit it
answers as well, and above it a file is an error here, whether or not DVC still reads it.
"""

from typing import Any

from dvcstate.errors import FileError

# DVC: 323 for a mapping below a stage (voluptuous), 475 elsewhere (ruamel.yaml).
YAML = 300
# DVC: 137, for each level of what templates can use takes seven calls (dvc/parsing/context.py).
TEMPLATE_VALUES = 120
JSON = 900  # DVC: 973
TOML = 100  # DVC: 100 (tomlkit)


def refuse_deep(value: Any, at_most: int, shown: str) -> None:
    """A FileError where lists and mappings are more than ``at_most`` levels deep."""
    pending = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if depth > at_most:
            raise FileError("is nested too deeply", "flatten it", path=shown)
        if isinstance(item, dict | list):
            inner = item.values() if isinstance(item, dict) else item
            pending += [(each, depth + 1) for each in inner]
