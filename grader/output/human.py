"""The report for the person at the keyboard: 80 columns, and one next thing to type.

Written by hand and not with rich, whose import alone takes 84 ms: a third of what a whole static
check takes, and more than what is left of half a ``dvc status``.
"""

import textwrap
from collections.abc import Iterable, Sequence

from grader.engine.finding import Evidence
from grader.engine.next_action import NextAction, next_action
from grader.engine.report import CheckResult, LessonScore, Report
from grader.engine.step import Command, Step
from grader.output.steps import next_line, step_lines
from grader.output.text import padded, width_of, wrapped
from workshop.shell import printable
from workshop.status_table import Style

_MARKS = {"pass": "✓", "fail": "✗", "blocked": "·", "error": "?", "advice": "!"}
_PLAIN_MARKS = {"pass": "+", "fail": "x", "blocked": "-", "error": "?", "advice": "!"}
_COLOURS = {"pass": "32", "fail": "31", "blocked": "2", "error": "33", "advice": "36"}
_TITLE_WIDTH = 44
_ABOVE = " ..., as told above"
_ASKING = "share.pushed"
"""The check that asks the remote."""
NONE = "blocked"
"""The kind of a lesson without a check: only the remote can judge it, and was not asked."""


def render(report: Report, style: Style) -> str:
    """A line a lesson, every finding in full, and what to do next."""
    if not report.gradable:
        return _nothing_to_grade(report, style)
    lines = [*_wrapped(_score(report), style, ""), *_off_branch(report, style), ""]
    lines += [_lesson(lesson, report.checks, style) for lesson in report.lessons]
    for kind in ("fail", "error", "advice"):
        told: dict[tuple[str | None, tuple[Step, ...]], list[CheckResult]] = {}
        for entry in report.checks:
            if entry.kind == kind:
                what = entry.rationale if kind == "error" else entry.id
                told.setdefault((what, entry.steps), []).append(entry)
        for first, *others in told.values():
            lines += ["", *_entry(first, kind, style)]
            if others:
                names = ", ".join(one.id for one in others[:3])
                more = f" and {len(others) - 3} more" if len(others) > 3 else ""
                lines += _wrapped(f"for the same reason: {names}{more}", style)
    return "\n".join([*lines, *_waited_for(report, style), "", *_ending(report, style)]) + "\n"


def _nothing_to_grade(report: Report, style: Style) -> str:
    lines = [f"Nothing to grade in {printable(report.repo)}", ""]
    for entry in report.checks:
        if entry.kind == "fail":
            lines += _entry(entry, "fail", style)
    return "\n".join(lines) + "\n"


def _score(report: Report) -> str:
    commit = f", at commit {report.commit[:7]}" if report.commit else ""
    return f"{report.score} of {report.max_score} points{commit}{remote_told(report)}"


def _off_branch(report: Report, style: Style) -> list[str]:
    return _wrapped(report.no_branch, style, "") if report.no_branch else []


def remote_told(report: Report) -> str:
    """What to say of the remote beside the score: nothing where it answered."""
    if "remote" in report.verified:
        return ""
    asked = any(one.code == "remote-unreachable" for one in report.checks)
    return " (the remote did not answer)" if asked else " (the remote was not asked)"


def _lesson(lesson: LessonScore, checks: Sequence[CheckResult], style: Style) -> str:
    kinds = [entry.kind for entry in checks if entry.lesson == lesson.id]
    kind = next((k for k in ("fail", "error", "blocked") if k in kinds), "pass" if kinds else NONE)
    width = min(_TITLE_WIDTH + 11, style.width - 13)
    title = padded(f"{lesson.id:<11}{lesson.title}"[:width], width)
    supplied = "  supplied" if lesson.supplied else ""
    return f"{_mark(kind, style)} {title} {earned(lesson)}{supplied}"


def earned(lesson: LessonScore) -> str:
    """The points of a lesson; one of which nothing was judged has none to earn."""
    return f"{lesson.earned:3} of {lesson.max:2}" if lesson.max else "not asked"


def _entry(entry: CheckResult, kind: str, style: Style) -> list[str]:
    code = entry.code or {"error": "could not tell"}.get(kind, "")
    lines = [f"{_mark(kind, style)} {_coloured(entry.id, kind, style)}  {code}"]
    lines += _wrapped(entry.rationale or "", style)
    lines += _wrapped(f"expected: {entry.expected}", style) if entry.expected else []
    lines += _wrapped(f"actual: {entry.actual}", style) if entry.actual else []
    lines += [line for one in entry.evidence[:4] for line in _evidence(one, style)]
    if len(entry.evidence) > 4:
        lines.append(f"    and {len(entry.evidence) - 4} more")
    return [*lines, *_fix(entry.steps, "  try:" if kind == "error" else "  type:")]


def _fix(steps: Iterable[Step], heading: str) -> list[str]:
    lines: list[str] = []
    before = None
    for step in steps:
        wanted = heading if isinstance(step, Command) else "  by hand:"
        lines += [wanted] * (wanted != before)
        lines += [f"    {line}" for line in step_lines(step)]
        before = wanted
    return lines


def _waited_for(report: Report, style: Style) -> list[str]:
    """What has to hold first, where that was not among what was to be judged."""
    action = next_action(report)
    root = action.result.blocked_by if action else None
    if action is None or root is None or not action.result.steps:
        return []
    lines = [
        "",
        f"{_mark('blocked', style)} {_coloured(root, 'blocked', style)}  has to hold first",
    ]
    return [*lines, *_fix(action.result.steps, "  type:"), f"  why: grader check --only {root}"]


def _evidence(one: Evidence, style: Style) -> list[str]:
    where = f"{one.path}:{one.line}" if one.line else one.path
    value = f"  {one.value}" if one.value else ""
    return _wrapped(f"{one.source} {where}{value}", style, "    ")


def _ending(report: Report, style: Style) -> list[str]:
    kinds = [entry.kind for entry in report.checks]
    failed, blocked, errors = (kinds.count(kind) for kind in ("fail", "blocked", "error"))
    action = next_action(report)
    if action and failed:
        return [
            f"next: {_coloured(_next(action, style), 'fail', style)}",
            *([f"then: {_rest(action.more, blocked)}"] if action.more or blocked else []),
        ]
    if action and not errors:
        return [
            f"next: {_coloured(_next(action, style), 'fail', style)}",
            f"then: what is blocked can be judged; it {action.result.rationale}",
        ]
    if errors:
        return _wrapped(f"{errors} could not be told, and don't count. All else holds.", style, "")
    told = "" if "remote" in report.verified else ", as far as could be told without the remote"
    return [f"All of it holds{told}.", *_who_asks(report)]


def _next(action: NextAction, style: Style) -> str:
    """The command, which stands in full above: of a long one the beginning."""
    command, room = next_line(action), style.width - len("next: ")
    if width_of(command) <= room:
        return command
    words = textwrap.wrap(command, room - len(_ABOVE), break_on_hyphens=False)
    return f"{words[0]}{_ABOVE}"


def _rest(more: int, blocked: int) -> str:
    """What is left after the next thing to do."""
    told = [f"{more} more to mend"] * bool(more)
    told += [f"{blocked} check{'s' * (blocked != 1)} can be judged only after that"] * bool(blocked)
    return ", and ".join(told)


def _who_asks(report: Report) -> list[str]:
    """How to have the remote asked, where the lesson on it is judged without."""
    judged = {entry.id for entry in report.checks}
    if "remote" in report.verified or "remote.default" not in judged or _ASKING in judged:
        return []
    return [
        "The remote was not asked whether it has the data: dvc status --cloud asks it, and so",
        f"does, when a stage has run, grader check --only {_ASKING}",
    ]


def _mark(kind: str, style: Style) -> str:
    return _coloured((_PLAIN_MARKS if style.plain else _MARKS)[kind], kind, style)


def _coloured(text: str, kind: str, style: Style) -> str:
    return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if style.colour else text


def _wrapped(text: str, style: Style, indent: str = "  ") -> list[str]:
    return wrapped(text, style.width, indent)
