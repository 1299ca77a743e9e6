"""The lines of a params file that are to be written again, as a person is told to edit them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from grader import fixes
from grader.engine.step import Edit, Step


@dataclass(frozen=True)
class Lost:
    """A key that is gone: its ``value`` in a list, if any is known; the key that looks like it."""

    key: str
    value: tuple[Any, ...] = ()
    renamed: str | None = None


def edits(text: str, path: str, lost: Iterable[Lost]) -> list[Step]:
    """What to write again in ``path``, which holds ``text``: one block a place.

    The lowest first: none moves the lines of those that follow.
    """
    found: list[tuple[int, Edit]] = []
    blocks: dict[tuple[int, int], dict[str, Any]] = {}
    for one in lost:
        line, indent, words = _edit(text, path, one)
        if isinstance(words, Edit):
            found.append((line, words))
        else:
            _merge(blocks.setdefault((line, indent), {}), words)
    for (line, indent), new in blocks.items():
        lines = yaml.safe_dump(new, sort_keys=False, allow_unicode=True).splitlines()
        found.append((line, fixes.add(path, line, *(f"{' ' * indent}{one}" for one in lines))))
    found.sort(key=lambda one: -one[0])
    return [edit for _, edit in found]


def _merge(into: dict[str, Any], new: dict[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _edit(text: str, path: str, lost: Lost) -> tuple[int, int, Edit | dict[str, Any]]:
    """Line and indent of an edit; and the edit itself, or what to add there."""
    *above, name = lost.key.split(".")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        node = None
    line, indent, inner = len(text.splitlines()), 0, list(above)
    for part in above:
        found = next(((k, v) for k, v in _pairs(node) if k.value == part), None)
        if found is None:
            break
        inner.pop(0)
        line, indent, node = found[0].start_mark.line + 1, found[0].start_mark.column + 2, found[1]
    for key, _ in _pairs(node):
        indent = key.start_mark.column
        if key.value == lost.renamed:
            at = key.start_mark.line + 1
            text = f"write  {name}:  in place of  {lost.renamed}:"
            return at, 0, fixes.change(path, text, line=at)
    if not lost.value or getattr(node, "flow_style", False):
        below = f"below {'.'.join(above)}: " if above else ""
        words = f"write  {name}: {lost.value[0]}" if lost.value else f"write {name}: and its value"
        return line, indent, fixes.change(path, f"{below}{words}")
    new: Any = {name: lost.value[0]}
    for part in reversed(inner):
        new = {part: new}
    return line, indent, new


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """The keys and values of a mapping; those of other keys than texts are left out."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return [(key, value) for key, value in pairs if isinstance(key, yaml.ScalarNode)]
