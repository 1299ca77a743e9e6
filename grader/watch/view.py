"""A report on one screen, or in one line where there is no screen.

The layout is our own: rich has none that leaves lines out in the order of their use.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grader.engine.next_action import NextAction, waiting_tasks
from grader.engine.report import Report
from grader.output.human import NOT_JUDGED, points_text, remote_note, score_text
from grader.output.steps import lesson_file, next_line, unsolved
from grader.output.terminal_text import cut, wrap
from grader.step import Edit
from grader.watch.report_diff import ReportDiff
from workshop.shell import printable
from workshop.terminal import Style, pad_text, width_of

_MARKS = {"pass": "✓", "fail": "✗", "blocked": "·", "error": "?", "amber": "●"}
_PLAIN_MARKS = {"pass": "+", "fail": "x", "blocked": "-", "error": "?", "amber": "o"}
_COLOURS = {"pass": "32", "fail": "31", "blocked": "2", "error": "35", "amber": "33", "next": "1"}
_MEANINGS = {"pass": "holds", "fail": "to mend", "amber": "to commit", "blocked": "waits"}
_ALL_OF_IT = "all of it, to copy: grader hint --step 3"
WIDEST = 80
# On fewer, the next action and its reason need the lines.
_ROWS_FOR_BRANCH = 8


@dataclass(frozen=True)
class Viewport:
    """How much fits, the text at the bottom, and whether Enter asks the remote."""

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

    def fit(self, columns: int, style: Style) -> str:
        text = cut(self.text, columns, style.plain)
        if not style.colour or not self.kind or not text:
            return text
        end = len(text) if self.coloured is None else self.coloured
        return f"\x1b[{_COLOURS[self.kind]}m{text[:end]}\x1b[0m{text[end:]}"


def report_line(report: Report, diff: ReportDiff, running: str | None = None) -> str:
    """The report in one line, for a log or a pipe."""
    return "; ".join(_parts(report, diff, running))


def report_lines(
    report: Report, diff: ReportDiff, columns: int, running: str | None = None
) -> list[str]:
    """The same for a terminal of so many columns: a line for each part."""
    return [cut(part, columns) for part in _parts(report, diff, running)]


def _parts(report: Report, diff: ReportDiff, running: str | None) -> list[str]:
    """The score, what turned, and what is next or what DVC is doing."""
    parts = [_score(report)]
    parts += [printable(report.no_branch)] if report.no_branch else []
    parts += [f"just turned green: {', '.join(diff.green)}"] if diff.green else []
    parts += [f"fails now: {', '.join(diff.red)}"] if diff.red else []
    return [*parts, _waiting(running) if running else _next_in_a_line(report)]


def _waiting(running: str) -> str:
    return f"{running} is running: what comes next is told when it ends."


def _next_in_a_line(report: Report) -> str:
    action = report.next
    if action is None:
        return _end(report)
    left = _left(report, action)
    more = f" ({left})" if left else ""
    where = f"; {_ALL_OF_IT}" if isinstance(action.step, Edit) else ""
    return f"next: {_next(action)}{more}{where}"


def render_screen(
    report: Report, diff: ReportDiff, viewport: Viewport, style: Style, running: str | None = None
) -> list[str]:
    """At most ``viewport.rows`` lines, none wider than ``columns``: the next action comes last.

    Where there are few, empty lines go first, then the reason, then finished lessons. ``running``
    is the command of DVC that runs there now.
    """
    columns = min(viewport.columns, WIDEST)
    head = [_Line(_headline(report))]
    if report.no_branch and viewport.rows >= _ROWS_FOR_BRANCH:
        head.append(_Line(printable(report.no_branch), "amber"))
    tail = [_Line(_footer(viewport, columns, style), "blocked")] if viewport.rows > 3 else []
    command, reason = _action_lines(report, columns, style, viewport.has_keyboard)
    if running:
        command, reason = [_Line(_waiting(running), "amber")], []
    left = viewport.rows - len(head) - len(tail) - len(command)
    changes = _change_lines(diff, report, style)[: max(left - 1, 0)]
    left -= len(changes)
    lessons = _lesson_lines(report, style, columns, left)
    left -= len(lessons)
    reason = reason[: max(left, 0)]
    gaps = left - len(reason)
    blocks = [head, lessons, changes, [*command[:1], *reason, *command[1:]], tail]
    lines: list[_Line] = []
    for block in blocks:
        if block and lines and gaps > 0:
            lines.append(_Line())
            gaps -= 1
        lines += block
    return [line.fit(columns, style) for line in lines[: viewport.rows]]


def _footer(viewport: Viewport, columns: int, style: Style) -> str:
    """With what the marks mean, where there is room for it."""
    marks = ", ".join(f"{_mark(kind, style)} {meaning}" for kind, meaning in _MEANINGS.items())
    text = f"{viewport.footer}   {marks}"
    return text if width_of(text) <= columns else viewport.footer


def _headline(report: Report) -> str:
    if not report.gradable:
        return f"Nothing to grade yet in {printable(report.repo)}"
    commit = f"   commit {report.commit[:7]}" if report.commit else ""
    return f"{_score(report)}{commit}"


def _score(report: Report) -> str:
    return f"{score_text(report)}{remote_note(report)}"


def _lesson_lines(report: Report, style: Style, columns: int, rows: int) -> list[_Line]:
    """A line a lesson; where they don't fit, one for all that are done, and the first others."""
    lines = []
    width = min(55, columns - 11)
    for lesson in report.lessons:
        kind = _kind_of_lesson(report, lesson.id)
        title = pad_text(cut(f"{lesson.id:<11}{lesson.title}", width, style.plain), width)
        text = f"{_mark(kind, style)} {title} {points_text(lesson)}"
        lines.append((kind, _Line(text, kind, 1)))
    if len(lines) <= rows:
        return [line for _, line in lines]
    others = [line for kind, line in lines if kind != "pass"]
    done = len(lines) - len(others)
    summary = [_Line(f"{_mark('pass', style)} {done} lessons are done", "pass", 1)] * (done > 0)
    return [*summary, *others][: max(rows, 0)]


def _kind_of_lesson(report: Report, lesson: str) -> str:
    waiting = waiting_tasks(report.checks, report.next)
    results = [result for result in report.checks if result.lesson == lesson]
    kinds = [
        "amber" if result.awaits_commit else "blocked" if result in waiting else result.kind
        for result in results
    ]
    worst_first = ("fail", "amber", "error", "blocked")
    return next((k for k in worst_first if k in kinds), "pass" if kinds else NOT_JUDGED)


def _change_lines(diff: ReportDiff, report: Report, style: Style) -> list[_Line]:
    groups = [
        ("fail", "fails now", diff.red),
        ("pass", "lesson complete", diff.lessons),
        ("pass", "just turned green", diff.green),
        ("amber", "done, not yet committed", [r.id for r in report.checks if r.awaits_commit]),
    ]
    return [_named_line(kind, label, names, style) for kind, label, names in groups if names]


def _named_line(kind: str, label: str, names: Sequence[str], style: Style) -> _Line:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return _Line(f"{_mark(kind, style)} {label}: {', '.join(names[:3])}{more}", kind)


def _action_lines(
    report: Report, columns: int, style: Style, has_keyboard: bool
) -> tuple[list[_Line], list[_Line]]:
    """What to do next, and the reason."""
    action = report.next
    if action is None:
        return [_Line(_end(report, has_keyboard), "pass")], []
    command = f"next: {_next(action)}"
    lines = [_Line(cut(command, columns, style.plain), "next")]
    if width_of(command) > columns or isinstance(action.step, Edit):  # which takes several lines
        lines.append(_Line(f"      {_ALL_OF_IT}", "blocked"))
    left = _left(report, action)
    lines += [_Line(f"then: {left}")] * bool(left)
    result = action.result
    reason = f"{result.id}: {unsolved(result) if result.planted else result.rationale or ''}"
    return lines, [_Line(text) for text in wrap(reason, columns, "      ")]


def _next(action: NextAction) -> str:
    """As `grader check` has it; what waits for a commit may not be all that its lesson asks for."""
    line = next_line(action)
    if action.lesson and not action.result.told_in:
        return f"{lesson_file(action.lesson)}, as far as its commit: {line}"
    return line


def _left(report: Report, action: NextAction) -> str:
    """What is left after ``action``; most of what is blocked waits for what later lessons ask."""
    tasks = len(waiting_tasks(report.checks, action))
    mistakes, blocked = action.more - tasks, 0 if tasks else action.blocked
    parts = [f"{mistakes} more"] * (mistakes > 0)
    parts += [f"{blocked} wait for them"] * (blocked > 0)
    return ", ".join(parts)


def _end(report: Report, has_keyboard: bool = False) -> str:
    errors = sum(result.kind == "error" for result in report.checks)
    if errors:
        return f"{errors} could not be checked; all else holds. More: grader check"
    if advice := sum(result.kind == "advice" for result in report.checks):
        return f"{advice} to take as advice, at no points; all else holds. More: grader check"
    if "remote" in report.verified:
        return "All of it holds."
    ask = "press Enter" if has_keyboard else "grader check"
    return f"All holds here. {report.not_told} points more are the remote's: {ask}"


def _mark(kind: str, style: Style) -> str:
    return (_PLAIN_MARKS if style.plain else _MARKS)[kind]
