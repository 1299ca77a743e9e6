"""A change to one stage of a dvc.yaml, as the command or the edit that makes it.

``dvc stage add --force`` writes a stage anew: titles and axes of plots, ``persist``, ``frozen``,
``wdir``, templates and comments are gone afterwards. Where a stage has such, the one place is
edited by hand instead. An edit is shown as comments, which a shell passes over when they are pasted
with the commands that follow.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import yaml

from dvcstate import Stage
from dvcstate.documents import yaml12
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.stages.lookup import name_in_file
from grader.stages.stage_change import Change, flag_of
from grader.stages.stage_outs import section_of
from grader.step import Edit, Step

# What `dvc stage add` of DVC 3 can write of a stage, and of an out of one: its options.
_WRITTEN = {"cmd", "deps", "params", "outs", "metrics", "plots", "desc", "meta"}
_WRITTEN_OF_OUT = {"cache", "desc", "meta", "type", "labels", "remote", "push"}
# "      deps:" in the block of a command.
_SECTION = re.compile(r"( *)(?:deps|params|outs|metrics|plots):\s*$")


class _StageNode(NamedTuple):
    """Key and value of a stage in its file."""

    key: yaml.Node
    value: yaml.MappingNode


def edit_stage(
    repository: Repository, snapshot: Snapshot, stage: Stage, change: Change
) -> list[Step]:
    """The steps that make ``change`` in ``stage``."""
    text = repository.worktree.text(stage.file) or snapshot.text(stage.file) or ""
    node = _stage_node(text, stage)
    change = _seen_from_wdir(stage, change)
    # dvc stage add writes the dvc.yaml of the folder in which it is typed.
    is_in_root = stage.file == "dvc.yaml"
    if node and is_in_root and _is_written_whole(text, node) and _is_quotable(stage, change):
        return [_stage_add(stage, change)]
    if node is None or _has_flow_style(node, change):
        return list(_in_words(stage, change))
    # The lowest line first: no edit moves the lines of those that follow.
    edits = _edits(text, node, stage, change)
    return [*sorted(edits, key=lambda edit: -(edit.line or 0))]


def _seen_from_wdir(stage: Stage, change: Change) -> Change:
    """With paths as dvc.yaml has them: from the folder that the stage runs in."""
    if not stage.wdir:
        return change

    def seen(paths: Iterable[str]) -> tuple[str, ...]:
        return tuple(posixpath.relpath(path, stage.wdir) for path in paths)

    return replace(
        change,
        deps=seen(change.deps),
        outs=tuple(replace(o, path=posixpath.relpath(o.path, stage.wdir)) for o in change.outs),
        remove={
            section: entries if section == "params" else seen(entries)
            for section, entries in change.remove.items()
        },
    )


def _stage_add(stage: Stage, change: Change) -> Step:
    """The ``dvc stage add --force`` that writes ``stage`` with ``change``.

    A list of commands, which it cannot write, is joined by ``&&``.
    """
    words = ["dvc", "stage", "add", "--force", "-n", name_in_file(stage)]
    words += [word for dep in change.deps for word in ("-d", dep)]
    words += ["-p", ",".join(change.params)] if change.params else []
    words += [word for new in change.outs for word in (new.flag, new.path)]
    gone = change.remove.get("deps", ())
    words += [word for d in stage.deps if d.path not in gone for word in ("-d", d.path)]
    for file in stage.params:
        at = "" if file.path == "params.yaml" and file.keys else f"{file.path}:"
        removed = change.remove.get("params", ())
        keys = [key for key in file.keys if key not in removed]
        if keys or (not file.keys and file.path not in removed):
            words += ["-p", at + ",".join(keys)]
    for out in stage.outs:
        section = section_of(out)
        if out.path not in change.remove.get(section, ()):
            words += [flag_of(section, cache=out.cache), out.path]
    return fixes.command(*words, _command(stage, change))  # its --out is none of DVC's


def _command(stage: Stage, change: Change) -> str:
    own = stage.cmd if isinstance(stage.cmd, str) else " && ".join(stage.cmd or [])
    return " ".join((change.command or own).split())


def _is_quotable(stage: Stage, change: Change) -> bool:
    """Whether every word of the ``dvc stage add`` has a form that both shells know."""
    words = [stage.name, _command(stage, change), *(dep.path for dep in stage.deps)]
    words += [word for file in stage.params for word in (file.path, *file.keys)]
    words += [out.path for out in stage.outs]
    words += [entry for entries in change.added.values() for entry in entries]
    return all(map(fixes.is_quotable, words))


def _stage_node(text: str, stage: Stage) -> _StageNode | None:
    """The stage in its file; None for one that a template makes."""
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    entry = _entry(document, "stages")
    entry = _entry(entry[1], name_in_file(stage)) if entry else None
    if entry is None or not isinstance(entry[1], yaml.MappingNode) or not _entry(entry[1], "cmd"):
        return None
    return _StageNode(entry[0], entry[1])


def _entry(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Key and value of ``name`` in a mapping."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next(((key, value) for key, value in pairs if key.value == name), None)


def _is_written_whole(text: str, node: _StageNode) -> bool:
    """Whether ``dvc stage add`` can write all that stands in the stage."""
    own = text[node.key.start_mark.index : node.value.end_mark.index]
    if "#" in own or "${" in own:  # comments and templates, which DVC drops or resolves
        return False
    entry: dict[str, Any] = yaml12.load(text)["stages"][node.key.value]
    outs = [out for kind in ("outs", "metrics", "plots") for out in entry.get(kind) or ()]
    options = [values for out in outs if isinstance(out, dict) for values in out.values()]
    return (
        set(entry) <= _WRITTEN
        and isinstance(entry["cmd"], str)
        and all(set(values or ()) <= _WRITTEN_OF_OUT for values in options)
    )


def _has_flow_style(node: _StageNode, change: Change) -> bool:
    """Whether a section to be changed is written as ``[a, b]``: there are no lines to name."""
    sections = [_entry(node.value, name) for name in {*change.added, *change.remove}]
    values = [entry[1] for entry in sections if entry]
    return bool(node.value.flow_style) or any(
        bool(getattr(value, "flow_style", False) and value.value) for value in values
    )


def _in_words(stage: Stage, change: Change) -> Iterator[Step]:
    """The same without lines."""
    texts = [
        f"delete {entry} from {name}" for name, some in change.remove.items() for entry in some
    ]
    texts += [f"add {entry} to {name}" for name, some in change.added.items() for entry in some]
    if change.command:
        texts.append(f"cmd: {change.command}")
    for text in texts:
        yield fixes.change(stage.file, text, stage=name_in_file(stage))


def _edits(text: str, node: _StageNode, stage: Stage, change: Change) -> Iterator[Edit]:
    file, lines = stage.file, text.splitlines()
    indent = " " * node.value.start_mark.column
    if change.command:
        key, value = _entry(node.value, "cmd") or node
        yield fixes.delete(file, key.start_mark.line + 1, _last(lines, value) + 1)
        yield fixes.add(file, key.start_mark.line, f"{indent}{_cmd_line(change.command)}")
    for section, gone in change.remove.items():
        is_kept = section in change.added
        for first, last in _removed_lines(lines, _entry(node.value, section), gone, is_kept):
            yield fixes.delete(file, first + 1, last + 1)
    for section, entries in change.added.items():
        there = _entry(node.value, section)
        if there and isinstance(there[1], yaml.SequenceNode) and there[1].value:
            dash = " " * there[1].start_mark.column
            at, head = there[0].start_mark.line, []
        else:
            if there:  # empty brackets, or nothing behind the colon
                line = there[0].start_mark.line
                yield fixes.delete(file, line + 1, _last(lines, there[1]) + 1)
            # DVC writes an entry below the first letter of its section.
            dash, at, head = indent, node.key.start_mark.line, [f"{indent}{section}:"]
        gone = change.remove.get(section, ())
        declared = [word for word in (_scalars(there[1]) if there else ()) if word not in gone]
        declared += [out.text for out in change.outs if out.path in declared]
        new = [f"{dash}- {entry}" for entry in entries if entry not in declared]
        yield fixes.add(file, at + 1, *head, *new)


def _cmd_line(command: str) -> str:
    """As YAML, which wants quotes around some texts."""
    return str(yaml.safe_dump({"cmd": command}, width=2**20, allow_unicode=True)).strip()


def _removed_lines(
    lines: list[str],
    section: tuple[yaml.Node, yaml.Node] | None,
    entries: tuple[str, ...],
    is_kept: bool = False,
) -> Iterator[tuple[int, int]]:
    """The first and last line of each of ``entries``; of the whole section where none is left.

    ``is_kept``: others are added to the section, and its first line stays.
    """
    if section is None or not isinstance(section[1], yaml.SequenceNode):
        return
    items = section[1].value
    gone = [item for item in items if {*map(_path, _scalars(item)[:1])} & {*entries}]
    if len(gone) == len(items) and not is_kept:
        yield section[0].start_mark.line, _last(lines, section[1])
        return
    yield from ((item.start_mark.line, _last(lines, item)) for item in gone)
    for item in items:  # keys of another params file: a mapping of a list
        for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
            yield from _removed_lines(lines, (key, value), entries) if item not in gone else ()


def _path(entry: str) -> str:
    """As DVC shows the path of ``entry``: ``./data/raw/`` is ``data/raw``."""
    return entry if "://" in entry else posixpath.normpath(entry)


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
        return [word for pair in node.value for item in pair for word in _scalars(item)]
    return [word for item in node.value for word in _scalars(item)]


def dedent_sections(repository: Repository, snapshot: Snapshot, stage: Stage) -> list[Step]:
    """Take back the indentation of sections that stand in the block of ``cmd``; none elsewhere."""
    text = repository.worktree.text(stage.file) or snapshot.text(stage.file) or ""
    node, lines = _stage_node(text, stage), text.splitlines()
    key, value = (node and _entry(node.value, "cmd")) or (None, None)
    if key is None or value is None or getattr(value, "style", None) not in ("|", ">"):
        return []
    last, shift, new, first = _last(lines, value), 0, [], 0
    for at in range(key.start_mark.line + 1, last + 1):
        if head := _SECTION.match(lines[at]):
            shift, first = len(head[1]) - key.start_mark.column, first or at
        if first:
            new.append(lines[at][shift:])
    if not first:
        return []
    return [fixes.delete(stage.file, first + 1, last + 1), fixes.add(stage.file, first, *new)]
