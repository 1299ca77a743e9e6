"""YAML exactly as DVC reads it: YAML 1.2 scalars, no duplicate keys, at the speed of libyaml.

DVC parses every one of its files and every params file with ruamel.yaml, ``typ="safe"``, which
follows YAML 1.2: ``yes`` and ``0:30`` are strings, ``1e-3`` is a float, ``0o17`` is 15 and ``017``
is 17. PyYAML follows YAML 1.1 and says otherwise in each of these, so it gets ruamel's table of
implicit tags, its int, float and timestamp rules, and its refusal of duplicate keys here.

Why not ruamel.yaml itself: it takes 304 ms for the dvc.lock of 200 stages (78 kB), libyaml 33 ms.
"""

import re
import warnings
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

import yaml

from dvcstate.documents import nesting, yaml_scalars

try:
    from yaml import CSafeLoader as FastLoader
except ImportError:  # a PyYAML built without libyaml: the same answers, ten times slower
    from yaml import SafeLoader as FastLoader  # type: ignore[assignment]

YAMLError = yaml.YAMLError
MarkedYAMLError = yaml.MarkedYAMLError

_TAG = "tag:yaml.org,2002:"
# Entries that `<<` may bring into mappings, all in all: nested, a few lines make billions.
MAX_MERGED = 500_000
_MAX_CACHED = 32 * 1024  # characters; a lock of 30 stages, or more than anybody writes by hand


def load(text: str) -> Any:
    """The one document of ``text`` as plain Python, None when it is empty; or a YAMLError.

    The same text may give the same object again: callers do not change what they get.
    """
    return _cached_parse(text) if len(text) <= _MAX_CACHED else _parse(text)


def _parse(text: str) -> Any:
    _refuse_depth(text)
    try:
        return _load(text)
    except EndlessError:  # ruamel.yaml would unfold it
        raise
    except YAMLError as error:
        try:
            return _ruamel_load(text)
        except ValueError:
            raise error from None


_cached_parse = lru_cache(maxsize=64)(_parse)
"""A service reads mostly what it has read before. What is kept depends on the text alone, so it is
never out of date; a YAMLError is not kept."""


def _refuse_depth(text: str) -> None:
    """Keep libyaml's composer, which calls itself for each level, from ending the process.

    Counting levels takes as long as parsing, so it is done only where there may be many: in
    brackets, or on a line that begins with 150 spaces or "- - - ".
    """
    maybe_deep = rf"^(?:[ ]|[-?:] ){{{nesting.YAML // 2},}}"
    brackets = text.count("[") + text.count("{")
    if brackets < nesting.YAML // 2 and not re.search(maybe_deep, text, re.MULTILINE):
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=Loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > nesting.YAML:
                mark: Any = event.start_mark
                break
        else:
            return
    except YAMLError:
        return  # it is raised again when the text is loaded
    raise MarkedYAMLError(None, None, "it is nested too deeply", mark)


def _ruamel_load(text: str) -> Any:
    """What ruamel.yaml makes of a text that libyaml refuses: it reads ``[a:]``, libyaml does not.

    ValueError where it refuses it too, or is not installed (it comes with DVC).
    """
    try:
        import ruamel.yaml
    except ImportError:
        raise ValueError("ruamel.yaml is not installed") from None
    try:
        with warnings.catch_warnings(action="ignore"):
            return ruamel.yaml.YAML(typ="safe").load(text)
    except Exception as error:  # noqa: BLE001 - it fails with whatever its bugs make it fail with
        raise ValueError(str(error)) from None


def _load(text: str) -> Any:
    if text.startswith("%"):
        raise DirectiveError
    if "\ufeff" in text[1:]:  # libyaml passes over a byte order mark anywhere, ruamel.yaml does not
        raise YAMLError("a byte order mark in the middle of the file")
    try:
        if "\t" in text:
            _refuse_tabs(text)
        return yaml.load(text, Loader=Loader)  # noqa: S506 - Loader is a safe loader
    except (ValueError, OverflowError, LookupError) as error:
        # "+_" and the 30th of February match a pattern and are no number and no date; DVC
        # answers these with an error as well.
        raise YAMLError(f"a value is no number, no date and no truth value: {error}") from None
    except RecursionError:
        raise YAMLError("nested too deeply to be read") from None


def _refuse_tabs(text: str) -> None:
    """As ruamel.yaml: a tab is allowed inside quotes, block scalars and comments, nowhere else."""
    scalars = [
        (token.start_mark.index, token.end_mark.index)
        for token in yaml.scan(text, Loader=Loader)
        if isinstance(token, yaml.ScalarToken) and token.style
    ]

    def is_in_scalar(index: int) -> bool:
        return any(start <= index < end for start, end in scalars)

    comment = re.compile(r"(?:^|(?<=[\s]))#", re.MULTILINE)  # not the # of http://host/#part
    for tab in re.finditer("\t", text):
        at = tab.start()
        line_start = text.rfind("\n", 0, at) + 1
        signs = comment.finditer(text, line_start, at)
        if not is_in_scalar(at) and all(is_in_scalar(sign.start()) for sign in signs):
            line = text.count("\n", 0, at)
            mark = yaml.Mark("", at, line, at - line_start, text, at)
            raise yaml.scanner.ScannerError(None, None, "found a tab outside of quotes", mark)


class DirectiveError(YAMLError):
    """A ``%YAML`` or ``%TAG`` line: it would change the rules by which the rest is read."""

    def __str__(self) -> str:
        return "a line that starts with '%' (a YAML directive)"


class EndlessError(YAMLError):
    """A document of a few lines that unfolds into more than any memory holds."""

    def __str__(self) -> str:
        return "its merge keys (<<) unfold without end"


class DuplicateKeyError(yaml.constructor.ConstructorError):
    """A mapping has ``key`` twice; lines count from 0, as those of PyYAML's marks."""

    def __init__(self, key: Hashable, first: yaml.Mark, second: yaml.Mark) -> None:
        super().__init__(None, None, f"found duplicate key {key!r}", second)
        self.key = key
        self.first_line: int = first.line
        self.second_line: int = second.line


class Loader(FastLoader):
    """libyaml's parser with ruamel.yaml's rules."""

    merged_entries = 0
    # Empty, or `add_implicit_resolver` would add to a copy of PyYAML's table, of YAML 1.1.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """As ruamel.yaml: a second ``<<`` is an error, and merged keys may be overridden."""
        merges = [k for k, _ in node.value if k.tag == _TAG + "merge"]
        if len(merges) > 1:
            raise _error('found duplicate merge key "<<"', merges[1])
        # Kept on the node, for PyYAML flattens it again wherever an alias leads to it.
        node.merged = bool(merges) or getattr(node, "merged", False)  # type: ignore[attr-defined]
        super().flatten_mapping(node)
        self.merged_entries += len(node.value) if merges else 0
        if self.merged_entries > MAX_MERGED:
            raise EndlessError

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Hashable, Any]:
        """As ruamel.yaml: no key twice, but for those that ``<<`` brings."""
        if not isinstance(node, yaml.MappingNode):
            raise _error("expected a mapping here", node)
        self.flatten_mapping(node)
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if not _is_hashable(key):
                raise _error("found a key that is a mapping", key_node)
            if key in mapping and not node.merged:  # type: ignore[attr-defined]
                raise DuplicateKeyError(key, self._first_mark(node, key), key_node.start_mark)
            mapping[key] = self.construct_object(value_node, deep=deep)
        return mapping

    def _key(self, node: yaml.Node) -> Any:
        key = self.construct_object(node, deep=True)
        return tuple(key) if isinstance(key, list) else key

    def _first_mark(self, node: yaml.MappingNode, key: Hashable) -> yaml.Mark:
        keys = [(self._key(each), each) for each, _ in node.value]
        # As a dictionary compares: .nan, which is unequal to itself, is one key where it is one
        # object.
        first = next(each for other, each in keys if other is key or other == key)
        mark: yaml.Mark = first.start_mark
        return mark


def _error(problem: str, node: yaml.Node) -> YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _is_hashable(key: object) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


def _construct_omap(loader: Loader, node: yaml.Node) -> dict[Hashable, Any]:
    """``!!omap``: a dict to ruamel.yaml, a list of pairs to PyYAML."""
    *_, pairs = loader.construct_yaml_omap(node)
    return dict(pairs)


def _with_position(read: Callable[[str], Any]) -> Callable[..., Any]:
    """``+_`` and the 30th of February match a pattern and are no number and no date."""

    def construct(loader: Loader, node: yaml.ScalarNode) -> Any:
        try:
            return read(loader.construct_scalar(node))
        except (ValueError, OverflowError, LookupError) as error:
            message = f"{node.value[:40]!r} is no number, no date and no truth value: {error}"
            raise _error(message, node) from None

    return construct


for _tag, _pattern, _first in yaml_scalars.IMPLICIT_TAGS:
    Loader.add_implicit_resolver(
        _TAG + _tag, re.compile(f"^(?:{_pattern})$", re.VERBOSE), list(_first)
    )
Loader.add_constructor(_TAG + "int", _with_position(yaml_scalars.integer))
Loader.add_constructor(_TAG + "float", _with_position(yaml_scalars.floating))
Loader.add_constructor(_TAG + "timestamp", _with_position(yaml_scalars.timestamp))
Loader.add_constructor(_TAG + "omap", _construct_omap)
