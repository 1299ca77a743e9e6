"""A change to one stage of a dvc.yaml, as the command or the edit that makes it.

``dvc stage add --force`` writes a stage anew: titles and axes of plots, ``persist``, ``frozen``,
``wdir``, templates and comments are gone afterwards. Where a stage has such, the one place is
edited by hand instead. An edit is told in comments, which a shell passes over when they are pasted
with the commands that follow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from dvcstate import Stage
from dvcstate.documents import yaml12
from grader import fixes
from grader.engine.step import Edit, Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot

_WRITTEN = {"cmd", "deps", "params", "outs", "metrics", "plots", "desc", "meta"}
_WRITTEN_OF_OUT = {"cache", "desc", "meta", "type", "labels", "remote", "push"}
_FLAGS = {
    ("outs", True): "-o", ("outs", False): "-O", ("metrics", True): "-m", ("metrics", False): "-M",
    ("plots", True): "--plots", ("plots", False): "--plots-no-cache",
}  # fmt: skip
UNCACHED = ": {cache: false}"
"""What stands behind an out in dvc.yaml that git is to keep."""


@dataclass(frozen=True)
class Change:
    """Entries to ``add`` and to ``remove``, by the section of the stage, and another ``command``.

    An out that git is to keep has ``UNCACHED`` behind its path.
    """

    add: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remove: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    command: str | None = None


def changed(repository: Repository, snapshot: Snapshot, stage: Stage, change: Change) -> list[Step]:
    """The steps that make ``change`` in ``stage``."""
    text = repository.worktree.text(stage.file) or snapshot.text(stage.file) or ""
    node = _stage_node(text, stage)
    if node is not None and _is_written_whole(text, node) and _is_quotable(stage, change):
        return [stage_add(stage, change)]
    if node is None or _has_flow_style(node, change):
        return list(_in_words(stage, change))
    return [edit for _, edit in _edits(text, node, stage, change)]


def stage_add(stage: Stage, change: Change) -> Step:
    """The ``dvc stage add --force`` that writes ``stage`` with ``change``.

    A list of commands, which it cannot write, is joined by ``&&``.
    """
    words = ["dvc", "stage", "add", "--force", "-n", _own_name(stage), *_added(change)]
    gone = {entry for entries in change.remove.values() for entry in entries}
    words += [word for d in stage.deps if d.path not in gone for word in ("-d", d.path)]
    for file in stage.params:
        at = "" if file.path == "params.yaml" and file.keys else f"{file.path}:"
        keys = [key for key in file.keys if key not in gone]
        if keys or not file.keys:
            words += ["-p", at + ",".join(keys)]
    for out in stage.outs:
        kind = "metrics" if out.metric else "plots" if out.plot else "outs"
        if out.path not in gone or out.path in _names(change, kind):
            words += [_FLAGS[kind, out.cache], out.path]
    return fixes.command(*words, _command(stage, change))  # its --out is none of DVC's


def _command(stage: Stage, change: Change) -> str:
    text = change.command or (
        stage.cmd if isinstance(stage.cmd, str) else " && ".join(stage.cmd or [])
    )
    return " ".join(text.split())


def _is_quotable(stage: Stage, change: Change) -> bool:
    """Whether every word of the ``dvc stage add`` has a form that both shells know."""
    words = [stage.name, _command(stage, change), *(dep.path for dep in stage.deps)]
    words += [word for file in stage.params for word in (file.path, *file.keys)]
    words += [out.path for out in stage.outs]
    words += [entry for entries in change.add.values() for entry in entries]
    return all(map(fixes.is_quotable, words))


def _own_name(stage: Stage) -> str:
    return stage.name.rpartition(":")[2]


def _names(change: Change, section: str) -> list[str]:
    return [entry.removesuffix(UNCACHED) for entry in change.add.get(section, ())]


def _added(change: Change) -> Iterator[str]:
    """The words of ``dvc stage add`` for what is added."""
    for section, entries in change.add.items():
        if section == "params":
            yield from ("-p", ",".join(entries))
            continue
        for entry in entries:
            path = entry.removesuffix(UNCACHED)
            flag = "-d" if section == "deps" else _FLAGS[section, path == entry]
            yield from (flag, path)


def _stage_node(text: str, stage: Stage) -> tuple[yaml.Node, yaml.MappingNode] | None:
    """Key and value of the stage in its file; None for one that a template makes."""
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    entry = _entry(document, "stages")
    entry = _entry(entry[1], _own_name(stage)) if entry else None
    if entry is None or not isinstance(entry[1], yaml.MappingNode) or not _entry(entry[1], "cmd"):
        return None
    return entry[0], entry[1]


def _entry(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Key and value of ``name`` in a mapping."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == name:
            return key, value
    return None


def _is_written_whole(text: str, node: tuple[yaml.Node, yaml.MappingNode]) -> bool:
    """Whether ``dvc stage add`` can write all that stands in the stage."""
    key, value = node
    own = text[key.start_mark.index : value.end_mark.index]
    if "#" in own or "${" in own:
        return False
    entry: dict[str, Any] = yaml12.load(text)["stages"][key.value]
    outs = [out for kind in ("outs", "metrics", "plots") for out in entry.get(kind) or ()]
    options = [values for out in outs if isinstance(out, dict) for values in out.values()]
    return (
        set(entry) <= _WRITTEN
        and isinstance(entry["cmd"], str)
        and all(set(values or ()) <= _WRITTEN_OF_OUT for values in options)
    )


def _has_flow_style(node: tuple[yaml.Node, yaml.MappingNode], change: Change) -> bool:
    """Whether a section to be changed is written as ``[a, b]``: there are no lines to name."""
    sections = [_entry(node[1], name) for name in {*change.add, *change.remove}]
    return bool(node[1].flow_style) or any(
        bool(getattr(entry[1], "flow_style", False) and entry[1].value)
        for entry in sections
        if entry
    )


def _in_words(stage: Stage, change: Change) -> Iterator[Step]:
    """The same without lines."""
    texts = []
    for section, entries in change.remove.items():
        texts += [f"delete {entry} from {section}" for entry in entries]
    for section, entries in change.add.items():
        texts += [f"add {entry} to {section}" for entry in entries]
    if change.command:
        texts.append(f"cmd: {change.command}")
    for text in texts:
        yield fixes.change(stage.file, text, stage=_own_name(stage))


def _edits(
    text: str, node: tuple[yaml.Node, yaml.MappingNode], stage: Stage, change: Change
) -> list[tuple[int, Edit]]:
    """Each edit with its line, the lowest first: none moves the lines of those that follow."""
    key, value = node
    lines = text.splitlines()
    indent = " " * value.start_mark.column
    found: list[tuple[int, Edit]] = []
    if change.command:
        cmd = _entry(value, "cmd") or (key, value)
        found.append(_deleted(stage.file, cmd[0].start_mark.line, _last(lines, cmd[1])))
        above = cmd[0].start_mark.line - 1
        found.append(_inserted(stage.file, above, [f"{indent}cmd: {change.command}"]))
    for section, entries in change.remove.items():
        for first, last in _removed(lines, _entry(value, section), entries):
            found.append(_deleted(stage.file, first, last))
    for section, entries in change.add.items():
        there = _entry(value, section)
        if there and isinstance(there[1], yaml.SequenceNode) and there[1].value:
            dash = " " * there[1].start_mark.column
            at, head = there[0].start_mark.line, []
        else:
            if there:  # empty brackets, or nothing behind the colon
                line = there[0].start_mark.line
                found.append(_deleted(stage.file, line, _last(lines, there[1])))
            dash, at, head = f"{indent}  ", key.start_mark.line, [f"{indent}{section}:"]
        known = _scalars(there[1]) if there else []
        added = [f"{dash}- {one}" for one in entries if one.removesuffix(UNCACHED) not in known]
        found.append(_inserted(stage.file, at, head + added))
    return sorted(found, key=lambda one: -one[0])


def _inserted(file: str, above: int, new: list[str]) -> tuple[int, Edit]:
    return above, fixes.add(file, above + 1, *new)


def _deleted(file: str, first: int, last: int) -> tuple[int, Edit]:
    return first, fixes.delete(file, first + 1, last + 1)


def _removed(
    lines: list[str], section: tuple[yaml.Node, yaml.Node] | None, entries: tuple[str, ...]
) -> Iterator[tuple[int, int]]:
    """The first and last line of each of ``entries``; of the whole section where none is left."""
    if section is None or not isinstance(section[1], yaml.SequenceNode):
        return
    items = section[1].value
    gone = [item for item in items if set(_scalars(item)[:1]) & set(entries)]
    if len(gone) == len(items):
        yield section[0].start_mark.line, _last(lines, section[1])
        return
    yield from ((item.start_mark.line, _last(lines, item)) for item in gone)
    for item in items:  # keys of another params file: a mapping of a list
        for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
            yield from _removed(lines, (key, value), entries) if item not in gone else ()


def _last(lines: list[str], node: yaml.Node) -> int:
    """The last line of a node: of a block, PyYAML's own end is where the next thing begins."""
    end: int = node.end_mark.line
    if isinstance(node, yaml.ScalarNode):
        if node.style in ("|", ">"):
            end -= node.end_mark.column == 0
            while end > node.start_mark.line and not lines[end].strip():
                end -= 1
        return end
    if getattr(node, "flow_style", False) or not node.value:
        return end
    last = node.value[-1]
    return _last(lines, last[1] if isinstance(node, yaml.MappingNode) else last)


def _scalars(node: yaml.Node) -> list[str]:
    """Every word in a node, in its order."""
    if isinstance(node, yaml.ScalarNode):
        return [node.value]
    if isinstance(node, yaml.MappingNode):
        return [word for pair in node.value for one in pair for word in _scalars(one)]
    return [word for one in node.value for word in _scalars(one)]
