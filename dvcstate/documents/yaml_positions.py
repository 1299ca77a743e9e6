"""Line and column, from 1, of what an error says about a YAML document after it was read."""

from typing import Any

import yaml

from dvcstate.documents import yaml12


def of_keys(text: str, keys: list[object]) -> tuple[int, int] | None:
    """The position of what ``keys`` lead to, or of the last of them that is there.

    In a list, a text is the key of the item that is this text, or has it as a key.
    """
    try:
        node = yaml.compose(text, Loader=yaml12.Loader)
    except yaml12.YAMLError:
        return None
    if node is None:
        return None
    mark = node.start_mark
    for key in keys:
        child = _child(node, key)
        if child is None:
            break
        node, mark = child
    return mark.line + 1, mark.column + 1


def endless_alias(text: str, at_most: int) -> tuple[int, int] | None:
    """The position of the alias that leads to itself, or to more than ``at_most`` values."""
    sizes: dict[str, int] = {}
    stack: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, Loader=yaml12.Loader):
        anchor, size = getattr(event, "anchor", None), 0
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append((anchor, 0))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = stack.pop()
        elif isinstance(event, yaml.AliasEvent):
            size = sizes.get(anchor or "", 0)
            if anchor in [open_anchor for open_anchor, _ in stack]:
                size = at_most
        if anchor and not isinstance(event, yaml.CollectionStartEvent | yaml.AliasEvent):
            sizes[anchor] = size + 1
        stack[-1] = (stack[-1][0], stack[-1][1] + size + 1)
        if stack[-1][1] > at_most:
            mark: Any = event.start_mark
            return mark.line + 1, mark.column + 1
    return None


def _child(node: yaml.Node, key: object) -> tuple[yaml.Node, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == str(key):
                return value_node, key_node.start_mark
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            if key in (index, item.value) or (isinstance(key, str) and _child(item, key)):
                return item, item.start_mark
    return None
