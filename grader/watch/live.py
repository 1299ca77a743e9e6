"""A report for somebody who works: one screen, or one line a change where there is no screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.engine.next_action import NextAction, next_action
from grader.engine.registry import CHECKS, Check
from grader.engine.report import Report
from grader.engine.step import Edit
from grader.output.human import NONE, earned, remote_told
from grader.output.steps import next_line
from grader.output.text import cut, padded, width_of, wrapped
from workshop.shell import printable
from workshop.status_table import Style

_MARKS = {"pass": "✓", "fail": "✗", "blocked": "·", "error": "?", "amber": "●"}
_PLAIN_MARKS = {"pass": "+", "fail": "x", "blocked": "-", "error": "?", "amber": "o"}
_COLOURS = {"pass": "32", "fail": "31", "blocked": "2", "error": "35", "amber": "33", "next": "1"}
_MEANINGS = {"pass": "holds", "fail": "to mend", "amber": "to commit", "blocked": "waits"}
_ALL_OF_IT = "all of it, to copy: grader hint --step 3"
WIDEST = 80
_ROWS_FOR_BRANCH = 8
"""On fewer, the next action and what explains it need the room."""


@dataclass(frozen=True)
class News:
    """What changed from one report to the next: ids of checks, and of lessons with full points."""

    green: tuple[str, ...] = ()
    red: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.green or self.red or self.lessons)


@dataclass(frozen=True)
class Room:
    """How much fits, what is said at the bottom, and whether Enter asks the remote."""

    columns: int
    rows: int
    footer: str = "Ctrl-C ends."
    has_keyboard: bool = False


@dataclass(frozen=True)
class _Line:
    """``text`` in the colour of ``kind``: all of it, or the first ``coloured`` characters."""

    text: str = ""
    kind: str = ""
    coloured: int | None = None

    def fitted(self, columns: int, style: Style) -> str:
        text = cut(self.text, columns, style.plain)
        if not style.colour or not self.kind or not text:
            return text
        end = len(text) if self.coloured is None else self.coloured
        return f"\x1b[{_COLOURS[self.kind]}m{text[:end]}\x1b[0m{text[end:]}"


def news(before: Report | None, now: Report) -> News:
    """What turned green, and what did the opposite; nothing where there was no report before.

    Checks that only one of the two reports has, as those that ask the remote, are left out.
    """
    if before is None:
        return News()
    passed = {one.id: one.status == "pass" for one in before.checks}
    known = [one for one in now.checks if one.id in passed]
    full = complete(before)
    return News(
        tuple(o.id for o in known if o.status == "pass" and not passed[o.id]),
        tuple(o.id for o in known if o.kind == "fail" and passed[o.id]),
        tuple(one for one in complete(now) if one not in full),
    )


def complete(report: Report) -> list[str]:
    """The lessons with full points, those left out of which the remote has not told its part."""
    left = {one.lesson for one in _not_judged(report)}
    return [one.id for one in report.lessons if one.earned == one.max and one.id not in left]


def _not_judged(report: Report) -> list[Check]:
    """The checks with points that the report has no verdict on: the remote was not asked."""
    judged = {one.id for one in report.checks}
    return [one for one in CHECKS.values() if one.points and one.id not in judged]


def line(report: Report, changed: News, running: str | None = None) -> str:
    """The report in one line, for a log or a pipe."""
    return "; ".join(parts(report, changed, running))


def lines(report: Report, changed: News, columns: int, running: str | None = None) -> list[str]:
    """The same for a terminal of so many columns: a line for each part."""
    return [cut(part, columns) for part in parts(report, changed, running)]


def parts(report: Report, changed: News, running: str | None) -> list[str]:
    """The score, what turned, and what is next or what DVC is doing."""
    found = [_score(report)]
    found += [printable(report.no_branch)] if report.no_branch else []
    found += [f"just turned green: {', '.join(changed.green)}"] if changed.green else []
    found += [f"fails now: {', '.join(changed.red)}"] if changed.red else []
    return [*found, _waiting(running) if running else _next_in_a_line(report)]


def _waiting(running: str) -> str:
    return f"{running} is running: what comes next is told when it ends."


def _next_in_a_line(report: Report) -> str:
    action = next_action(report)
    if action is None:
        return _end(report)
    more = f" ({_more(action)})" if _more(action) else ""
    told = f"; {_ALL_OF_IT}" if is_told_elsewhere(action) else ""
    return f"next: {next_line(action)}{more}{told}"


def screen(
    report: Report, changed: News, room: Room, style: Style, running: str | None = None
) -> list[str]:
    """At most ``room.rows`` lines, none wider than ``room.columns``: the next action comes last.

    Where there is little room, empty lines go first, then what explains, then finished lessons.
    ``running`` is the command of DVC that works there now.
    """
    columns = min(room.columns, WIDEST)
    head = [_Line(_headline(report))]
    if report.no_branch and room.rows >= _ROWS_FOR_BRANCH:
        head.append(_Line(printable(report.no_branch), "amber"))
    tail = [_Line(_footer(room, columns, style), "blocked")] if room.rows > 3 else []
    command, why = _action(report, columns, style, room.has_keyboard)
    if running:
        command, why = [_Line(_waiting(running), "amber")], []
    told = _told(changed, report, style)
    left = room.rows - len(head) - len(tail) - len(command)
    told = told[: max(left - 1, 0)]
    left -= len(told)
    lessons = _lessons(report, style, columns, left)
    left -= len(lessons)
    why = why[: max(left, 0)]
    gaps = left - len(why)
    blocks = [head, lessons, told, [*command[:1], *why, *command[1:]], tail]
    lines: list[_Line] = []
    for block in blocks:
        if block and lines and gaps > 0:
            lines.append(_Line())
            gaps -= 1
        lines += block
    return [one.fitted(columns, style) for one in lines[: room.rows]]


def _footer(room: Room, columns: int, style: Style) -> str:
    """With what the marks mean, where there is room for it."""
    marks = ", ".join(f"{_mark(kind, style)} {meaning}" for kind, meaning in _MEANINGS.items())
    both = f"{room.footer}   {marks}"
    return both if width_of(both) <= columns else room.footer


def _headline(report: Report) -> str:
    if not report.gradable:
        return f"Nothing to grade yet in {printable(report.repo)}"
    commit = f"   commit {report.commit[:7]}" if report.commit else ""
    return f"{_score(report)}{commit}"


def _score(report: Report) -> str:
    return f"{report.score} of {report.max_score} points{remote_told(report)}"


def _lessons(report: Report, style: Style, columns: int, rows: int) -> list[_Line]:
    """A line a lesson; where they don't fit, one for all that are done, and the first others."""
    lines, done = [], 0
    width = min(55, columns - 11)
    for lesson in report.lessons:
        kind = _kind_of_lesson(report, lesson.id)
        done += kind == "pass"
        title = padded(cut(f"{lesson.id:<11}{lesson.title}", width, style.plain), width)
        text = f"{_mark(kind, style)} {title} {earned(lesson)}"
        lines.append((kind, _Line(text, kind, 1)))
    if len(lines) <= rows:
        return [one for _, one in lines]
    others = [one for kind, one in lines if kind != "pass"]
    summary = [_Line(f"{_mark('pass', style)} {done} lessons are done", "pass", 1)] * (done > 0)
    return [*summary, *others][: max(rows, 0)]


def _kind_of_lesson(report: Report, lesson: str) -> str:
    entries = [one for one in report.checks if one.lesson == lesson]
    kinds = ["amber" if one.awaits_commit else one.kind for one in entries]
    shown = ("fail", "amber", "error", "blocked")
    return next((k for k in shown if k in kinds), "pass" if kinds else NONE)


def _told(changed: News, report: Report, style: Style) -> list[_Line]:
    lines = []
    if changed.red:
        lines.append(_named("fail", "fails now", changed.red, style))
    if changed.lessons:
        lines.append(_named("pass", "lesson complete", changed.lessons, style))
    if changed.green:
        lines.append(_named("pass", "just turned green", changed.green, style))
    waiting = tuple(one.id for one in report.checks if one.awaits_commit)
    if waiting:
        lines.append(_named("amber", "done, not yet committed", waiting, style))
    return lines


def _named(kind: str, what: str, names: Sequence[str], style: Style) -> _Line:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return _Line(f"{_mark(kind, style)} {what}: {shown}", kind)


def _action(
    report: Report, columns: int, style: Style, has_keyboard: bool
) -> tuple[list[_Line], list[_Line]]:
    """What to do next, and why."""
    action = next_action(report)
    if action is None:
        return [_Line(_end(report, has_keyboard), "pass")], []
    command = f"next: {next_line(action)}"
    told = [_Line(cut(command, columns, style.plain), "next")]
    if width_of(command) > columns or is_told_elsewhere(action):
        told.append(_Line(f"      {_ALL_OF_IT}", "blocked"))
    told += [_Line(f"then: {_more(action)}")] * bool(_more(action))
    reason = action.result.rationale or ""
    why = [_Line(one) for one in wrapped(f"{action.result.id}: {reason}", columns, "      ")]
    return told, why


def is_told_elsewhere(action: NextAction) -> bool:
    """Whether the next thing is an edit, which one line has no room for."""
    return isinstance(action.step, Edit)


def _more(action: NextAction) -> str:
    parts = [f"{action.more} more"] * (action.more > 0)
    parts += [f"{action.blocked} wait for them"] * (action.blocked > 0)
    return ", ".join(parts)


def _end(report: Report, has_keyboard: bool = False) -> str:
    unknown = [one for one in report.checks if one.kind == "error"]
    if unknown:
        return f"{len(unknown)} could not be told; all else holds. More: grader check"
    if "remote" in report.verified:
        return "All of it holds."
    left = sum(one.points for one in _not_judged(report))
    ask = "press Enter" if has_keyboard else "grader check"
    return f"All holds here. {left} points more are the remote's: {ask}"


def _mark(kind: str, style: Style) -> str:
    return (_PLAIN_MARKS if style.plain else _MARKS)[kind]
