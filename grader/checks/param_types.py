"""Params whose value is of another type than that of the last run: ``"12"`` for ``12``.

DVC reads YAML 1.2, and PyYAML, with which stages read their params, YAML 1.1: of some notations
each makes another value, and the lock has DVC's. https://yaml.org/spec/1.2.2/ext/changes/
"""

import datetime
import math
import re
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from dvcstate import Stage
from dvcstate.model import ParamsFile
from dvcstate.params import params_file as params_files
from grader import fixes
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages.lookup import LOCK
from grader.stages.value_types import shown_value, type_name
from grader.step import Step
from workshop.shell import command_line

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML = ("yaml", "yml")
# A number for DVC and a text for PyYAML, which wants a point and a sign: 1.0e-3. The workshop's
# stages take it for a number (pipeline/shared/params.py).
_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")
_TRUE, _FALSE = ("true", "yes", "on", "y"), ("false", "no", "off", "n")


class _Value(NamedTuple):
    """The value of ``key`` now, and in the last run; ``node`` is where it stands.

    ``read`` is what the code of a stage reads of a number, where that is something else.
    """

    key: str
    now: Any
    recorded: Any
    node: yaml.ScalarNode | None
    read: Any = None


def param_type_finding(snapshot: Snapshot, stage: Stage) -> Finding | None:
    """The finding on params that the code of ``stage`` cannot take: it stops, and dvc repro too.

    The last run says of which type they are. A whole number may become another one.
    """
    for file in stage.params:
        if file.recorded and (values := _wrong_values(snapshot, file)):
            return _finding(snapshot, stage, file, values)
    return None


def _wrong_values(snapshot: Snapshot, file: ParamsFile) -> list[_Value]:
    """Those of another type than in the last run; else the numbers that the code reads otherwise.

    What had no value yet may get one of any type.
    """
    text = snapshot.text(file.path)
    if text is None or file.path.rpartition(".")[2].lower() not in _YAML:
        return []
    recorded = file.recorded or {}
    now = params_files.values(snapshot.params(file.path), file.keys, file.path)
    pairs = [
        pair for key in recorded if key in now for pair in _pairs(key, now[key], recorded[key])
    ]
    changed = [pair for pair in pairs if type_name(pair[1]) != type_name(pair[2])]
    numbers = [pair for pair in pairs if _is_number(pair[1])]
    if not changed and not numbers:
        return []
    root = _compose(text)
    if changed:
        return [_Value(k, new, old, _node(root, k)) for k, new, old in changed if old is not None]
    values = [_Value(k, new, old, _node(root, k)) for k, new, old in numbers]
    both = [(value, _value_in_code(value)) for value in values]
    return [value._replace(read=read) for value, read in both if read != value.now]


@lru_cache(maxsize=16)
def _compose(text: str) -> yaml.Node | None:
    """The nodes, which nobody changes: each stage asks for those of params.yaml.

    By libyaml, where there is one: PyYAML's own parser takes 4 ms for the workshop's params.
    """
    return yaml.compose(text, Loader=_LOADER)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value_in_code(value: _Value) -> Any:
    """What PyYAML makes of a number: 12 of ``014``, the text of ``0o14``."""
    if value.node is None or value.node.style or _EXPONENT.fullmatch(value.node.value):
        return value.now
    return _load_number(value.node.value)


@lru_cache(maxsize=256)
def _load_number(text: str) -> Any:
    return yaml.safe_load(text)


def _pairs(key: str, now: Any, recorded: Any) -> list[tuple[str, Any, Any]]:
    """Each value in a section, beside that of the last run."""
    if not isinstance(now, dict) or not isinstance(recorded, dict):
        return [(key, now, recorded)]
    return [
        pair
        for name in recorded
        if name in now
        for pair in _pairs(f"{key}.{name}", now[name], recorded[name])
    ]


def _node(root: yaml.Node | None, key: str) -> yaml.ScalarNode | None:
    """The value of a key, where it is a single one in a block of the file's own."""
    node = root
    for part in key.split("."):
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        node = next((value for name, value in pairs if name.value == part), None)
    is_on_a_line = isinstance(node, yaml.ScalarNode) and node.start_mark.line == node.end_mark.line
    return node if is_on_a_line and isinstance(node, yaml.ScalarNode) else None


def _finding(snapshot: Snapshot, stage: Stage, file: ParamsFile, values: list[_Value]) -> Finding:
    first = values[0]
    if first.read is not None:
        return _notation_finding(snapshot, stage, file, values)
    more = f" And {fixes.join(value.key for value in values[1:])} likewise." if values[1:] else ""
    return Finding(
        "param-type",
        f"{first.key} in {file.path} is {shown_value(first.now)}, {type_name(first.now)}. In the"
        f" last run of {stage.name} it was {shown_value(first.recorded)},"
        f" {type_name(first.recorded)}: its code stops at another type, and so does dvc repro."
        f"{more}",
        f"{type_name(first.recorded)}, as {LOCK} has it",
        type_name(first.now),
        tuple(_steps(snapshot, stage, file, values)),
        tuple(
            Evidence(snapshot.revision, file.path, _line(snapshot, file, value), value.key)
            for value in values
        ),
    )


def _notation_finding(
    snapshot: Snapshot, stage: Stage, file: ParamsFile, values: list[_Value]
) -> Finding:
    first = values[0]
    written = first.node.value if first.node else ""
    read = f"{shown_value(first.read)}, {type_name(first.read)}"
    return Finding(
        "param-type",
        f"{first.key} in {file.path} is {written}: DVC, by YAML 1.2, reads"
        f" {shown_value(first.now)}, and the code of {stage.name}, by YAML 1.1, reads {read}. What"
        f" {LOCK} records is not what runs.",
        "a number that YAML 1.1 and 1.2 read alike",
        f"{written}: {shown_value(first.now)} to DVC, {read} to the code",
        tuple(_steps(snapshot, stage, file, values)),
        tuple(
            Evidence(snapshot.revision, file.path, _line(snapshot, file, value), value.key)
            for value in values
        ),
    )


def _line(snapshot: Snapshot, file: ParamsFile, value: _Value) -> int | None:
    if value.node:
        return int(value.node.start_mark.line) + 1
    return snapshot.line(file.path, *(f"{part}:" for part in value.key.split(".")))


def _steps(snapshot: Snapshot, stage: Stage, file: ParamsFile, values: list[_Value]) -> list[Step]:
    """An edit for each; a type that is meant so needs a run, and no edit."""
    lines = (snapshot.text(file.path) or "").splitlines()
    steps: list[Step] = []
    for value in values:
        line, new = _line(snapshot, file, value), _in_yaml(_meant(value))
        name = f"{value.key.rpartition('.')[2]}:"
        before = after = ""
        if value.node:
            start, end = value.node.start_mark.column, value.node.end_mark.column
            before = f"{name} {lines[value.node.start_mark.line][start:end]}".rstrip()
            after = f"{name} {new}"
        is_found = line is not None and before and before in lines[line - 1]
        text = f"write  {after}  in place of  {before}" if is_found else f"write {name} {new}"
        steps.append(fixes.change(file.path, text, line=line))
    if values[0].read is not None:
        return steps
    run = command_line(("dvc", "repro", stage.name))
    return [*steps, fixes.note(f"on purpose? where the code knows the new type, {run} runs on it")]


def _meant(value: _Value) -> Any:
    """What the new value says in the type of the old one; else the old one."""
    text = str(value.now).strip().lower()
    if isinstance(value.recorded, bool):
        return value.recorded if text not in (*_TRUE, *_FALSE) else text in _TRUE
    if isinstance(value.recorded, int | float) and not isinstance(value.now, bool):
        for number in (int, float):
            try:
                read = number(text)
            except ValueError:
                continue
            if math.isfinite(read):
                return read
    if isinstance(value.recorded, str) and isinstance(value.now, int | float | datetime.date):
        return str(value.now).lower() if isinstance(value.now, bool) else str(value.now)
    return value.recorded


def _in_yaml(value: Any) -> str:
    """As text that YAML 1.1 and 1.2 read alike: ``1.0e-05`` is a number in both."""
    if isinstance(value, float):
        value = float(f"{value:.12g}")
    text: str = yaml.safe_dump(value, default_flow_style=True, width=2**20, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").strip()
