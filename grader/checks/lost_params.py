"""Params that a stage reads and that its file has lost: the lines to write there again.

A key that was misspelled, or deleted, belongs in the file: to drop it from ``dvc.yaml`` would leave
a stage that reads what it does not declare.
"""

import contextlib
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from grader.checks import fixes, stages
from grader.facts.view import View
from grader.finding import Evidence, Finding, NotThereYetError
from grader.lessons import STAGES
from workshop.project import ProjectError, Stage
from workshop.project import params as params_files
from workshop.project.model import ParamsFile


@dataclass(frozen=True)
class _Lost:
    """A key that is gone: its ``value`` in a list, if any is known; the key that looks like it."""

    key: str
    value: tuple[Any, ...] = ()
    renamed: str | None = None


def finding(view: View, stage: Stage, read: Iterable[str] | None) -> Finding | None:
    """The finding on keys that ``stage`` declares, that are gone, and that belong in their file.

    ``read`` are those that its code reads. Where nobody can tell, None, those belong there that
    were there before: at HEAD, or in the last run.
    """
    for file in stage.params:
        if view.content(file.path) is None:
            if view.source == "worktree" and file.path in view.facts.committed:
                raise NotThereYetError("data.committed")
            continue
        there = params_files.read(view.root / file.path, file.path)
        lost = list(_lost(view, file, there, None if read is None else list(read)))
        if lost:
            return _finding(view, stage, file, lost)
    return None


def _lost(view: View, file: ParamsFile, there: Any, read: list[str] | None) -> Iterator[_Lost]:
    known = [key for stage in view.project.stages for one in stage.params for key in one.keys]
    known += [key for wanted in STAGES for key in view.code(wanted).params()]
    known += read or []
    before = _before(view, file, shipped=read is not None)
    for key in file.keys:
        if key in params_files.values(there, (key,), file.path):
            # All of a section is declared: what else lacks a key of it is seen by its other name.
            for below in (one for one in read or () if one.startswith(f"{key}.")):
                renamed = _look_alike(there, below, known)
                if renamed and not _is_in(there, below):
                    yield _Lost(below, renamed=renamed)
        elif _belongs(key, read, before, file):
            yield _Lost(key, _values(before, key, file), _look_alike(there, key, known))


def _belongs(key: str, read: list[str] | None, before: list[Any], file: ParamsFile) -> bool:
    if read is None:
        return bool(_values(before, key, file))
    return any(f"{one}.".startswith(f"{key}.") or key.startswith(f"{one}.") for one in read)


def _before(view: View, file: ParamsFile, *, shipped: bool) -> list[Any]:
    """What held the file's params before, the newest first: HEAD, the last run, what was started.

    The run's are by whole keys, as the lock has them.
    """
    found: list[Any] = []
    head = view.facts.head
    if view.source == "worktree" and head.content(file.path) is not None:
        with contextlib.suppress(ProjectError):
            found.append(params_files.read(head.root / file.path, file.path))
    found.append(dict(file.recorded or {}))
    if shipped:
        found.append(_shipped())
    return found


def _shipped() -> Any:
    """The params that ``grader start`` writes; empty where the installation lacks them."""
    from workshop import starter  # only where something is wrong: it imports much

    try:
        return yaml.safe_load(starter.params_text(starter.QUICK))
    except (starter.StartError, OSError):
        return {}


def _values(before: list[Any], key: str, file: ParamsFile) -> tuple[Any, ...]:
    """The newest value of ``key`` as the only one of a tuple; an empty one where there is none."""
    for params in before:
        if isinstance(params, dict) and key in params:
            return (params[key],)
        found = params_files.values(params, (key,), file.path)
        if key in found:
            return (found[key],)
    return ()


def _is_in(params: Any, key: str) -> bool:
    for name in key.split("."):
        if not isinstance(params, Mapping) or name not in params:
            return False
        params = params[name]
    return True


def _look_alike(params: Any, key: str, known: list[str]) -> str | None:
    """The key beside the place of ``key`` that nobody knows and that is spelled much like it."""
    above, _, name = key.rpartition(".")
    for part in above.split(".") if above else ():
        params = params.get(part) if isinstance(params, Mapping) else None
    if not isinstance(params, Mapping):
        return None
    start = f"{above}." if above else ""
    new = [
        str(one)
        for one in params
        if not any(f"{each}.".startswith(f"{start}{one}.") for each in known)
    ]
    return next(iter(difflib.get_close_matches(name, new, 1)), None)


def _finding(view: View, stage: Stage, file: ParamsFile, lost: list[_Lost]) -> Finding:
    keys = fixes.listed(one.key for one in lost)
    alike = "".join(
        f" {one.renamed}, which nothing reads, looks like another spelling of"
        f" {one.key.rpartition('.')[2]}."
        for one in lost
        if one.renamed
    )
    there = [one.renamed for one in lost if one.renamed]
    return Finding(
        "param-unknown",
        f"{stage.name} reads {keys}, which {file.path} does not have: dvc repro stops there."
        f"{alike}",
        f"{keys} in {file.path}",
        f"{fixes.listed(there)} in place of it" if there else "no such key",
        fixes.commands(*_edits(view, file.path, lost), *_run(view, stage, file, lost)),
        (
            *(stages.in_file(view, stage, one.key, value=one.key) for one in lost),
            *(
                Evidence(view.source, file.path, view.line(file.path, f"{name}:"), name)
                for name in there
            ),
        ),
    )


def _run(view: View, stage: Stage, file: ParamsFile, lost: list[_Lost]) -> list[str]:
    """Nothing where the file then is as at HEAD, or as far on the way as it was."""
    head = view.facts.head
    if view.source == "worktree" and head.content(file.path) is not None:
        try:
            committed = params_files.read(head.root / file.path, file.path)
        except ProjectError:
            committed = None
        if all(_is_in(committed, one.key) for one in lost):
            return []
    beside = [stages.LOCK, *stages.kept_by_git(view, stage)]
    commit = fixes.commit([file.path, *beside], f"Mend the params of {stage.name}")
    return [f"dvc repro {fixes.quoted(stage.name)}", *commit.splitlines()]


def _edits(view: View, path: str, lost: list[_Lost]) -> list[str]:
    """The lowest first: none moves the lines of those that follow."""
    text = view.facts.worktree.text(path) or view.text(path) or ""
    found = [_edit(text, path, one) for one in lost]
    return [line for _, lines in sorted(found, key=lambda one: -one[0]) for line in lines]


def _edit(text: str, path: str, lost: _Lost) -> tuple[int, list[str]]:
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
            words = f"{path}, line {at}: write  {name}:  in place of  {lost.renamed}:"
            return at, [fixes.by_hand(words)]
    if not lost.value or getattr(node, "flow_style", False):
        below = f"below {'.'.join(above)}: " if above else ""
        words = f"write  {name}: {lost.value[0]}" if lost.value else f"write {name}: and its value"
        return line, [fixes.by_hand(f"{path}: {below}{words}")]
    new: Any = {name: lost.value[0]}
    for part in reversed(inner):
        new = {part: new}
    lines = yaml.safe_dump(new, sort_keys=False, allow_unicode=True).splitlines()
    head = fixes.by_hand(f"{path}: below line {line} add:")
    return line, [head, *(fixes.by_hand(f"{' ' * indent}{one}") for one in lines)]


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """The keys and values of a mapping; those of other keys than texts are left out."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return [(key, value) for key, value in pairs if isinstance(key, yaml.ScalarNode)]
