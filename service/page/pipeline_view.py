"""The part *Pipeline*: the graph of stages and data, and for each stage why it has to run."""

import graphlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dvcstate.errors import ProjectError
from dvcstate.model import ProjectState, Reason, StageState, State
from dvcstate.params import params_file
from grader.stages.paths import paths_overlap
from service.page import environment, graph_layout
from service.page.graph_layout import Box, Layout
from service.page.run_clock import Run, RunTimes
from workshop.shell import command_line, printable

WORDS: Mapping[State, str] = {
    "fresh": "up to date",
    "stale": "changed since its run",
    "missing": "an out is missing",
    "never_run": "never run",
    "frozen": "frozen",
}
_CHAR, _LINE = 8.0, 20.0
"""The width and height of a character in the graph, in pixels: see page.css, ``svg.graph text``."""
_LONGEST = 26
MOST_BOXES = 120
"""Of more, the stages alone are drawn; where these are more, nothing: nobody could read it, and the
layout takes seconds, in which all else waits."""
REPRO = "dvc repro"
_MOST_VALUES = 8
"""So many changed values of a section of params are shown, one by one."""
_ABSENT = object()


@dataclass(frozen=True)
class ReasonView:
    """One line on why a stage has to run: of a param the value of its run, and the present one."""

    reason: Reason
    text: str


@dataclass(frozen=True)
class StageView:
    """One stage; ``is_upstream``: it is up to date, and one above it is not."""

    state: StageState
    css: str
    word: str
    anchor: str
    command: str | None
    reasons: tuple[ReasonView, ...]
    fix: str | None
    run: Run | None


@dataclass(frozen=True)
class NodeView:
    """A box of the graph: a stage, or the data between stages."""

    box: Box
    lines: tuple[str, ...]
    css: str
    word: str
    anchor: str | None
    title: str


@dataclass(frozen=True)
class PipelineView:
    """All that the part shows; ``fix`` is the command that brings all stages up to date."""

    stages: tuple[StageView, ...]
    layout: Layout
    nodes: tuple[NodeView, ...]
    summary: str
    fix: str | None


def pipeline_view(state: ProjectState, times: RunTimes) -> PipelineView:
    """What to show of the ``state`` of a project, and of what runs."""
    stages = tuple(_stage_view(stage, number, times) for number, stage in enumerate(state.stages))
    labels, edges = _graph(state)
    if len(labels) > MOST_BOXES:
        labels = {stage.stage.name: (_short(stage.stage.name),) for stage in state.stages}
        edges = list(state.project.edges)
    if len(labels) > MOST_BOXES:
        labels = {}
    sizes = tuple(
        (name, _size(lines, is_stage=not name.startswith("\0"))) for name, lines in labels.items()
    )
    layout = graph_layout.kept_layout(sizes, tuple(edges))
    by_name = {view.state.stage.name: view for view in stages}
    nodes = tuple(
        _node(name, box, labels[name], by_name.get(name)) for name, box in layout.boxes.items()
    )
    has_to_run = any(view.fix == REPRO for view in stages)
    is_running = any(view.css == "running" for view in stages)
    fix = REPRO if has_to_run and not is_running else None
    return PipelineView(stages, layout, nodes, _cycle(state) or _summary(stages), fix)


def _stage_view(stage_state: StageState, number: int, times: RunTimes) -> StageView:
    stage, run = stage_state.stage, times.get(stage_state.stage.name)
    css: str = stage_state.state
    word = WORDS[stage_state.state]
    if run and run.began is not None:
        css, word = "running", "running"
    elif stage_state.state == "fresh" and stage_state.upstream_stale:
        css, word = "upstream", "a stage above it has to run"
    command = "\n".join(stage.cmd) if isinstance(stage.cmd, list) else stage.cmd
    return StageView(
        stage_state,
        css,
        word,
        f"stage-{number}",
        command,
        tuple(_reason_views(stage_state)),
        _fix(stage_state) if css != "running" else None,
        run,
    )


def _fix(stage_state: StageState) -> str | None:
    """The command that brings the stage up to date."""
    stage = stage_state.stage
    if stage_state.state == "frozen":
        return command_line(("dvc", "unfreeze", stage.name)) if stage_state.reasons else None
    if stage_state.state == "fresh" and not stage_state.upstream_stale:
        return None
    if stage.cmd is not None:
        return REPRO
    is_changed = any(reason.change == "modified" for reason in stage_state.reasons)
    if is_changed:
        return command_line(("dvc", "commit", stage.name))
    return command_line(("dvc", "checkout", stage.name))


def _reason_views(stage_state: StageState) -> Iterator[ReasonView]:
    """A line for each thing that changed; none of a stage that never ran, of which all is new."""
    for reason in stage_state.reasons if stage_state.state != "never_run" else ():
        if reason.kind == "param" and reason.change == "modified":
            lines = _changed_values(reason.path, *_param_values(reason.path, stage_state))
            yield from (ReasonView(reason, line) for line in lines)
        else:
            yield ReasonView(reason, _reason_text(reason))


def _changed_values(path: str, old: Any, new: Any) -> list[str]:
    """``params.yaml:train.epochs: 30 → 40`` for each value that differs in a section."""
    pairs = list(islice(_differences(path, old, new), _MOST_VALUES + 1))
    if (old, new) == (None, None) or not pairs:
        return [f"{path}: modified"]
    lines = [f"{name}: {_plain(was)} → {_plain(is_)}" for name, was, is_ in pairs[:_MOST_VALUES]]
    return lines + ["and more"] * (len(pairs) > _MOST_VALUES)


def _differences(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from _differences(f"{name}.{key}", old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif old != new:
        yield name, old, new


def _reason_text(reason: Reason) -> str:
    """What changed, in a line."""
    if reason.kind == "command":
        return "its command changed"
    if reason.kind == "always_changed":
        return "it runs always"
    if reason.kind == "checksum":
        return "its .dvc file changed"
    change = reason.change or "changed"
    if reason.kind == "param":
        return f"{reason.path}: {change}"
    return f"{reason.kind} {reason.path}: {change}"


def _param_values(path: str, stage_state: StageState) -> tuple[Any, Any]:
    """The recorded and the present value of ``params.yaml:train.epochs``; None: not known."""
    for file in stage_state.stage.params:
        key = path.removeprefix(f"{file.path}:")
        if key == path or file.place is None:
            continue
        try:
            params = params_file.read(file.place, file.path)
            new = params_file.values(params, (key,), file.path).get(key)
        except ProjectError:  # the part says so elsewhere
            new = None
        return (file.recorded or {}).get(key), new
    return None, None


def _plain(value: Any) -> str:
    is_absent = value is None or value is _ABSENT
    return "nothing" if is_absent else environment.cut(value, 60)


def _graph(state: ProjectState) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """The lines of each box by its name, and the edges; a box of data begins with a NUL.

    Outs of a stage that the same stages read are one box.
    """
    labels: dict[str, tuple[str, ...]] = {}
    edges: list[tuple[str, str]] = []
    readers: dict[str, list[str]] = {}
    for start, end in state.project.edges:
        readers.setdefault(start, []).append(end)
    stages = {stage.stage.name: stage.stage for stage in state.stages}
    for name, stage in stages.items():
        labels[name] = (_short(name),)
        groups: dict[tuple[str, ...], list[str]] = {}
        for out in stage.outs:
            users = tuple(
                reader
                for reader in readers.get(name, ())
                if any(paths_overlap(dep.path, out.path) for dep in stages[reader].deps)
            )
            groups.setdefault(users, []).append(out.path)
        for users, paths in groups.items():
            box = f"\0{name}\0{paths[0]}"
            labels[box] = tuple(map(_short, paths[:2])) + (
                (f"and {len(paths) - 2} more",) if len(paths) > 2 else ()
            )
            edges.append((name, box))
            edges += [(box, user) for user in users]
        linked = {user for users in groups for user in users}
        edges += [(name, reader) for reader in readers.get(name, ()) if reader not in linked]
    return labels, edges


def _short(text: str) -> str:
    """A path without its first folders, and cut, where it is too long for a box."""
    folders, _, name = printable(text).rpartition("/")
    parts = folders.split("/") if folders else []
    while parts and len("/".join([*parts, name])) > _LONGEST:
        parts = ["…", *parts[2:]] if parts[0] == "…" else ["…", *parts[1:]]
        if parts == ["…"]:
            break
    text = "/".join([*parts, name])
    return text if len(text) <= _LONGEST else f"…{text[1 - _LONGEST :]}"


def _size(lines: Sequence[str], *, is_stage: bool) -> tuple[float, float]:
    """Of a stage with a second line, for the word of its state."""
    rows = len(lines) + is_stage
    longest = max((len(line) for line in lines), default=0)
    return max(longest, 22 if is_stage else 8) * _CHAR + 24, rows * _LINE + 12


def _node(name: str, box: Box, lines: tuple[str, ...], stage: StageView | None) -> NodeView:
    if stage is None:
        return NodeView(box, lines, "data", "", None, "data: " + ", ".join(lines))
    title = f"stage {lines[0]}: {stage.word}"
    return NodeView(box, lines, stage.css, stage.word, stage.anchor, title)


def _cycle(state: ProjectState) -> str | None:
    """Which stages need each other, for DVC runs none of such a pipeline; None where none do."""
    needs: dict[str, list[str]] = {}
    for start, end in state.project.edges:
        needs.setdefault(end, []).append(start)
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        # Each needs the next one, and the last is the first again.
        names = " → ".join(reversed(error.args[1][:8]))
        return f"A cycle, in which no stage can be the first: {names}. dvc repro runs none of it."
    return None


def _summary(stages: Sequence[StageView]) -> str:
    """One line on the whole pipeline."""
    data = sum(view.command is None for view in stages)
    if len(stages) == data and all(view.css == "fresh" for view in stages):
        tracked = f"{data} .dvc file{'s' * (data > 1)}, up to date. " if data else ""
        return f"{tracked}No stages yet: dvc stage add adds one."
    running = [view.state.stage.name for view in stages if view.css == "running"]
    if running:
        return f"{', '.join(running)} is running."
    open_ = [view.state.stage.name for view in stages if view.css not in ("fresh", "frozen")]
    if not open_:
        return "All stages are up to date: dvc repro runs nothing."
    names = ", ".join(open_[:4]) + (", …" if len(open_) > 4 else "")
    is_ = "is" if len(open_) == 1 else "are"
    return f"{len(open_)} of {len(stages)} {is_} not up to date: {names}."
