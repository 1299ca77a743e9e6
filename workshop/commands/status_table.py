"""The state of a project as a table for people, 80 columns wide."""

import textwrap
from collections import Counter

from dvcstate.model import DvcLock, ProjectState, Reason, StageState
from workshop.shell import printable
from workshop.terminal import Style, pad_text

_COLOURS = {"fresh": "32", "stale": "33", "missing": "31", "never_run": "2", "frozen": "36"}
_MARKS = {"fresh": "✓", "stale": "●", "missing": "✗", "never_run": "○", "frozen": "❄"}
_ASCII_MARKS = {"fresh": "+", "stale": "!", "missing": "x", "never_run": "-", "frozen": "="}
_MAX_REASONS = 6


def render(state: ProjectState, style: Style) -> str:
    """The table, with a line above that sums it up and one below that says what to do."""
    if not state.stages:
        return "No stages and no tracked data yet. To begin: dvc add data/raw, or: dvc stage add\n"
    name_width = max(len(stage.stage.name) for stage in state.stages)
    name_width = max(5, min(name_width, style.width // 3))
    lines = [_summary(state, style), ""]
    for stage in state.stages:
        lines += _rows(stage, name_width, style)
    last = [*map(_lock_note, state.locks), *_next_step(state)]
    return "\n".join(lines + (["", *last] if last else [])) + "\n"


def _summary(state: ProjectState, style: Style) -> str:
    counts = Counter[str](stage.state for stage in state.stages)
    parts = [
        _colour(f"{counts[name]} {_word(name)}", name, style) for name in _COLOURS if counts[name]
    ]
    total = len(state.stages)
    return f"{total} stage{'s' if total > 1 else ''}: {', '.join(parts)}"


def _rows(stage: StageState, name_width: int, style: Style) -> list[str]:
    mark = (_ASCII_MARKS if style.plain else _MARKS)[stage.state]
    name = pad_text(_cut_start(stage.stage.name, name_width), name_width)
    word = _colour(f"{_word(stage.state):<9}", stage.state, style)
    head = f"{_colour(mark, stage.state, style)} {name}  {word}  "
    indent = " " * (2 + name_width + 2 + 9 + 2)
    lines = []
    for reason in _reasons(stage):
        lines += textwrap.wrap(
            reason, style.width - len(indent), subsequent_indent="  ", break_on_hyphens=False
        )
    first, *rest = lines or [""]
    return [(head + first).rstrip(), *(indent + line for line in rest)]


def _reasons(stage: StageState) -> list[str]:
    lines = [reason_text(reason) for reason in stage.reasons]
    if len(lines) > _MAX_REASONS:
        lines[_MAX_REASONS - 1 :] = [f"and {len(lines) - _MAX_REASONS + 1} more"]
    if stage.upstream_stale and not lines:
        lines = ["a stage above it is not up to date"]
    return lines + [f"{printable(dep.path)} is not known: {dep.why}" for dep in stage.unanswered]


def reason_text(reason: Reason) -> str:
    """What changed, in a few words."""
    match reason.kind:
        case "command":
            return "its command changed"
        case "always_changed":
            return "it runs every time"
        case "checksum":
            return "its .dvc file was edited by hand"
    return f"{printable(reason.path)} {reason.change}"


def _lock_note(lock: DvcLock) -> str:
    """One line, for DVC's own status says nothing else then."""
    if lock.command is None:
        return f"note: {lock.path} is damaged, and DVC stops there: delete it"
    process = f" (process {lock.pid})" if lock.pid else ""
    return f"note: {lock.command}{process} is at work here; until then dvc status may stop"


def _next_step(state: ProjectState) -> list[str]:
    changes = {reason.change for stage in state.stages for reason in stage.reasons}
    if "not in cache" in changes:
        return ["next: dvc pull (where a remote has what is not in the cache), then: dvc repro"]
    if {stage.state for stage in state.stages} & {"stale", "never_run", "missing"}:
        return ["next: dvc repro"]
    return []


def _word(state: str) -> str:
    return state.replace("_", " ")


def _colour(text: str, state: str, style: Style) -> str:
    return f"\x1b[{_COLOURS[state]}m{text}\x1b[0m" if style.colour else text


def _cut_start(name: str, width: int) -> str:
    """The end of a long name says more than its beginning."""
    name = printable(name)
    return name if len(name) <= width else "…" + name[1 - width :]
