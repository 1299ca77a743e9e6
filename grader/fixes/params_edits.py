"""Steps that write the lines of a params file again which it lost."""

from dataclasses import replace
from typing import Any

import yaml

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.stage_edits import edit_stage
from grader.fixes.stage_runs import run_edited
from grader.stages.lost_params import LostKey, LostParams
from grader.stages.stage_change import Change
from grader.step import Edit, Step


def restore_params(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    lost: LostParams,
    undeclared: tuple[str, ...],
    change: Change,
) -> tuple[Step, ...]:
    """Write the ``lost`` params again, and declare those that are ``undeclared``.

    ``change`` is what else is wrong with the stage. Where there is none, and the file then is as at
    HEAD, nothing is run: all is as far on the way as then.
    """
    path = lost.file.path
    text = repository.worktree.text(path) or snapshot.text(path) or ""
    steps: list[Step] = [*_edits(text, path, lost.keys)]
    if lost.are_at_head and lost.lacks_section:
        steps = [fixes.command("git", "checkout", "HEAD", "--", path)]
    change = _with_lost(change, lost, undeclared)
    if lost.are_at_head and not change:
        return tuple(steps)
    edits = edit_stage(repository, snapshot, stage, change) if change else []
    return *steps, *edits, *run_edited(repository, stage, change, path)


def _with_lost(change: Change, lost: LostParams, undeclared: tuple[str, ...]) -> Change:
    """``change``, and what the stage declares of params that are given their names again."""
    new = {f"{key.key.rpartition('.')[0]}.{key.renamed}" for key in lost.keys if key.renamed}
    gone = [key for key in lost.file.keys if undeclared and key in new]
    params = dict.fromkeys([*change.params, *undeclared])
    removed = dict.fromkeys([*change.remove.get("params", ()), *gone])
    return replace(
        change,
        params=tuple(params),
        remove={**change.remove, **({"params": tuple(removed)} if removed else {})},
    )


def _edits(text: str, path: str, lost: list[LostKey]) -> list[Edit]:
    """What to write again in ``path``, which holds ``text``: one block a place.

    The lowest first: none moves the lines of those that follow.
    """
    edits: list[tuple[int, Edit]] = []
    blocks: dict[tuple[int, int], dict[str, Any]] = {}
    for key in lost:
        line, indent, words = _edit(text, path, key)
        if isinstance(words, Edit):
            edits.append((line, words))
        else:
            _merge(blocks.setdefault((line, indent), {}), words)
    for (line, indent), new in blocks.items():
        lines = yaml.safe_dump(new, sort_keys=False, allow_unicode=True).splitlines()
        edits.append((line, fixes.add(path, line, *(f"{' ' * indent}{entry}" for entry in lines))))
    return [edit for _, edit in sorted(edits, key=lambda pair: -pair[0])]


def _merge(into: dict[str, Any], new: dict[str, Any]) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _edit(text: str, path: str, lost: LostKey) -> tuple[int, int, Edit | dict[str, Any]]:
    """Line and indent of an edit; and the edit itself, or what to add there."""
    *above, name = lost.key.split(".")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        node = None
    line, indent, inner = len(text.splitlines()), 0, list(above)
    for part in above:
        pair = next(((k, v) for k, v in _pairs(node) if k.value == part), None)
        if pair is None:
            break
        inner.pop(0)
        line, indent, node = pair[0].start_mark.line + 1, pair[0].start_mark.column + 2, pair[1]
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
