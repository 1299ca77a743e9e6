"""The state of a project as a table that a person likes to read, 80 columns wide."""

import os
import shutil
import sys
import textwrap
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TextIO

from dvcstate.model import ProjectState, Reason, StageState

_COLOURS = {"fresh": "32", "stale": "33", "missing": "31", "never_run": "2", "frozen": "36"}
_MARKS = {"fresh": "✓", "stale": "●", "missing": "✗", "never_run": "○", "frozen": "❄"}
_ASCII_MARKS = {"fresh": "+", "stale": "!", "missing": "x", "never_run": "-", "frozen": "="}
_WORDS = {"never_run": "never run"}
_SHOWN_REASONS = 6
_WIDTH, _NARROWEST = 80, 40


@dataclass(frozen=True)
class Style:
    """How wide, and with what: ``colour`` on a terminal only, ``plain`` where ASCII has to do."""

    width: int = 80
    colour: bool = False
    plain: bool = False


def style_of(stream: TextIO) -> Style:
    """What suits ``stream``: no colour in a pipe, on a dumb terminal or where NO_COLOR is set.

    As wide as a narrow terminal, and never wider than 80 columns.
    """
    is_terminal = stream.isatty()
    dumb = os.environ.get("TERM") == "dumb"
    colour = is_terminal and not dumb and not os.environ.get("NO_COLOR")
    columns = shutil.get_terminal_size((_WIDTH, 24)).columns if is_terminal else _WIDTH
    width = max(_NARROWEST, min(columns, _WIDTH))
    if colour and sys.platform == "win32":
        os.system("")  # noqa: S605, S607 - makes the console of Windows understand colours
    try:
        "✓●✗○❄↑".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return Style(width, colour, plain=True)
    return Style(width, colour)


def render(state: ProjectState, style: Style) -> str:
    """The table, with a line above that sums it up and one below that says what to do."""
    if not state.stages:
        return "No stages and no tracked data yet. To begin: dvc add data/raw, or: dvc stage add\n"
    names = max(len(one.stage.name) for one in state.stages)
    names = max(5, min(names, style.width // 3))
    lines = [_summary(state, style), ""]
    for one in state.stages:
        lines += _row(one, names, style)
    hint = _hint(state)
    return "\n".join(lines + (["", hint] if hint else [])) + "\n"


def _summary(state: ProjectState, style: Style) -> str:
    counts = Counter[str](one.state for one in state.stages)
    parts = [
        _coloured(f"{counts[word]} {_WORDS.get(word, word)}", word, style)
        for word in _COLOURS
        if counts[word]
    ]
    total = len(state.stages)
    return f"{total} stage{'s' if total > 1 else ''}: {', '.join(parts)}"


def _row(one: StageState, names: int, style: Style) -> list[str]:
    mark = (_ASCII_MARKS if style.plain else _MARKS)[one.state]
    word = _WORDS.get(one.state, one.state)
    head = f"{_coloured(mark, one.state, style)} {_padded(_cut(one.stage.name, names), names)}  "
    head += _coloured(f"{word:<9}", one.state, style) + "  "
    indent = " " * (2 + names + 2 + 9 + 2)
    lines = []
    for reason in _reasons(one):
        lines += textwrap.wrap(
            reason, style.width - len(indent), subsequent_indent="  ", break_on_hyphens=False
        )
    first, *rest = lines or [""]
    return [(head + first).rstrip(), *(indent + line for line in rest)]


def _reasons(one: StageState) -> list[str]:
    told = [_told(reason) for reason in one.reasons]
    if len(told) > _SHOWN_REASONS:
        told[_SHOWN_REASONS - 1 :] = [f"and {len(told) - _SHOWN_REASONS + 1} more"]
    if one.upstream_stale and not told:
        told = ["a stage above it is not up to date"]
    unknown = [f"{_printable(each.path)} is not known: {each.why}" for each in one.unanswered]
    return told + unknown


def _told(reason: Reason) -> str:
    match reason.kind:
        case "command":
            return "its command changed"
        case "always_changed":
            return "it runs every time"
        case "checksum":
            return "its .dvc file was edited by hand"
    return f"{_printable(reason.path)} {reason.change}"


def _hint(state: ProjectState) -> str | None:
    kinds = {reason.change for one in state.stages for reason in one.reasons}
    if "not in cache" in kinds:
        return "next: dvc pull (where a remote has what is not in the cache), then: dvc repro"
    words = {one.state for one in state.stages}
    if words & {"stale", "never_run", "missing"}:
        return "next: dvc repro"
    return None


def _coloured(text: str, word: str, style: Style) -> str:
    return f"\x1b[{_COLOURS[word]}m{text}\x1b[0m" if style.colour else text


def _cut(name: str, width: int) -> str:
    """The end of a long name tells more than its beginning."""
    name = _printable(name)
    return name if len(name) <= width else "…" + name[1 - width :]


def _printable(text: str) -> str:
    """Names may hold anything, an escape sequence too."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _padded(text: str, width: int) -> str:
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return text + " " * (width - len(text) - wide)
