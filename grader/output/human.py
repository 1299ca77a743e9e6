"""The report for the person at the keyboard: 80 columns, and one next thing to type.

Not by rich, whose import alone takes 84 ms: a third of a whole static check.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence

from grader.engine.check_result import CheckResult
from grader.engine.next_action import NextAction, order_of_mending, waiting_tasks
from grader.engine.report import LessonScore, Report
from grader.finding import Evidence
from grader.output.steps import (
    block_lines,
    lesson_file,
    lesson_place,
    lines_under_headings,
    next_line,
    unsolved,
)
from grader.output.terminal_text import wrap
from grader.step import Command, Step
from workshop.shell import printable
from workshop.terminal import Style, pad_text, width_of

_MARKS = {"pass": "✓", "fail": "✗", "blocked": "·", "error": "?", "advice": "!"}
_PLAIN_MARKS = {"pass": "+", "fail": "x", "blocked": "-", "error": "?", "advice": "!"}
_COLOURS = {"pass": "32", "fail": "31", "blocked": "2", "error": "33", "advice": "36"}
_TITLE_WIDTH = 44
_SEE_ABOVE = " ..., as shown above"
_REMOTE_CHECK = "remote.pushed"
# The kind of a lesson without a check: only the remote can judge it, and was not asked.
NOT_JUDGED = "blocked"


def render(
    report: Report, style: Style, way_out: str | None = None, *, show_all: bool = False
) -> str:
    """A line a lesson, every mistake in full, and what to do next: ``way_out`` before all else.

    Of the tasks that lessons give, the one in progress is explained, and that others wait is said;
    ``show_all`` explains them too, with their solutions.
    """
    if not report.gradable:
        return _nothing_to_grade(report, style)
    lines = [*_wrap_lines(_score(report), style, ""), *_off_branch(report, style), ""]
    waiting = [] if show_all else waiting_tasks(report.checks, report.next)
    lines += [_lesson(lesson, report.checks, waiting, style) for lesson in report.lessons]
    groups: dict[tuple[str | None, tuple[Step, ...]], list[CheckResult]] = {}
    for result in order_of_mending(report.checks):
        if result in waiting:
            continue
        subject = result.rationale if result.kind == "error" else result.id
        groups.setdefault((subject, result.steps), []).append(result)
    for first, *others in groups.values():
        lines += ["", *_result_lines(first, first.kind, style, show_all=show_all)]
        if others:
            names = ", ".join(result.id for result in others[:3])
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            lines += _wrap_lines(f"for the same reason: {names}{more}", style)
    lines += _waiting_lessons(waiting, report, style)
    if way_out:
        ending = ["", f"next: {_colour(way_out, 'fail', style)}"]
    else:
        ending = [*_blocking_check(report, style), "", *_ending(report, style)]
    return "\n".join([*lines, *ending]) + "\n"


def _waiting_lessons(tasks: Iterable[CheckResult], report: Report, style: Style) -> list[str]:
    names = list(dict.fromkeys(result.lesson for result in tasks))
    if not names:
        return []
    order = [lesson.id for lesson in report.lessons]
    current = report.next.result.lesson if report.next else order[0]
    are_later = order.index(names[0]) > order.index(current)
    which = "Later" if are_later else "Other"
    text = f"{which} lessons wait: {', '.join(names)}. All of it: grader check --all"
    return ["", *_wrap_lines(text, style, "")]


def _nothing_to_grade(report: Report, style: Style) -> str:
    lines = [f"Nothing to grade in {printable(report.repo)}", ""]
    for result in report.checks:
        if result.kind == "fail":
            lines += _result_lines(result, "fail", style)
    return "\n".join(lines) + "\n"


def _score(report: Report) -> str:
    commit = f", at commit {report.commit[:7]}" if report.commit else ""
    return f"{score_text(report)}{commit}{remote_note(report)}"


def score_text(report: Report) -> str:
    """The points: those that could not be checked are neither earned nor lost."""
    not_told = f", {report.not_told} not checked" if report.not_told else ""
    return f"{report.score} of {report.max_score} points{not_told}"


def _off_branch(report: Report, style: Style) -> list[str]:
    return _wrap_lines(report.no_branch, style, "") if report.no_branch else []


def remote_note(report: Report) -> str:
    """What to say of the remote beside the score: nothing where it answered."""
    if "remote" in report.verified:
        return ""
    was_asked = any(result.code == "remote-unreachable" for result in report.checks)
    return " (the remote did not answer)" if was_asked else " (the remote was not asked)"


def _lesson(
    lesson: LessonScore,
    checks: Sequence[CheckResult],
    waiting: Sequence[CheckResult],
    style: Style,
) -> str:
    kinds = [
        "blocked" if result in waiting else result.kind
        for result in checks
        if result.lesson == lesson.id
    ]
    worst = next((kind for kind in ("fail", "error", "blocked") if kind in kinds), "pass")
    kind = worst if kinds else NOT_JUDGED
    width = min(_TITLE_WIDTH + 11, style.width - 13)  # 13: the mark and the points
    title = pad_text(f"{lesson.id:<11}{lesson.title}"[:width], width)
    supplied = "  supplied" if lesson.supplied else ""
    return f"{_mark(kind, style)} {title} {points_text(lesson)}{supplied}"


def points_text(lesson: LessonScore) -> str:
    """The points of a lesson; where none of them could be checked, that."""
    return "unchecked" if lesson.not_told == lesson.max else f"{lesson.earned:3} of {lesson.max:2}"


def _result_lines(
    result: CheckResult, kind: str, style: Style, *, show_all: bool = True
) -> list[str]:
    code = result.code or {"error": "could not tell"}.get(kind, "")
    lines = [f"{_mark(kind, style)} {_colour(result.id, kind, style)}  {code}"]
    if result.planted and not show_all:
        return [*lines, *_wrap_lines(unsolved(result), style), *_how(result, style)]
    lines += _wrap_lines(result.rationale or "", style)
    lines += _wrap_lines(f"expected: {result.expected}", style) if result.expected else []
    lines += _wrap_lines(f"actual: {result.actual}", style) if result.actual else []
    lines += [line for item in result.evidence[:4] for line in _evidence_lines(item, style)]
    if result.evidence_count > 4:
        lines.append(f"    and {result.evidence_count - 4:,} more")
    if result.told_in and not show_all:
        return [*lines, *_how(result, style)]
    return [*lines, *_fix_lines(result.steps, "  try:" if kind == "error" else "  type:")]


def _how(result: CheckResult, style: Style) -> list[str]:
    """Where the lesson says what to do: who wants the solution asks for a hint."""
    where, hint = f"how: {lesson_place(result)} says", f"a hint: grader hint {result.id}"
    line = f"  {where}; {hint}"
    # A command that goes on in the next line cannot be pasted.
    return [line] if len(line) <= style.width else [*_wrap_lines(where, style), f"  {hint}"]


def _fix_lines(steps: Sequence[Step], heading: str) -> list[str]:
    by_hand = "  by hand:"
    parts = ((heading if isinstance(s, Command) else by_hand, own) for s, own in block_lines(steps))
    return lines_under_headings(parts, "    ")


def _blocking_check(report: Report, style: Style) -> list[str]:
    """The check that has to hold first, where it was not among those that were selected."""
    action = report.next
    root = action.result.blocked_by if action else None
    if action is None or root is None or not action.result.steps:
        return []
    return [
        "",
        f"{_mark('blocked', style)} {_colour(root, 'blocked', style)}  has to hold first",
        *_fix_lines(action.result.steps, "  type:"),
        f"  why: grader check --only {root}",
    ]


def _evidence_lines(evidence: Evidence, style: Style) -> list[str]:
    where = f"{evidence.path}:{evidence.line}" if evidence.line else evidence.path
    value = f"  {evidence.value}" if evidence.value else ""
    return _wrap_lines(f"{evidence.source} {where}{value}", style, "    ")


def _ending(report: Report, style: Style) -> list[str]:
    action = report.next
    if action:
        rest = remaining_text(action, len(waiting_tasks(report.checks, report.next)))
        next_ = f"next: {_colour(_next(action, style), 'fail', style)}"
        return [*_before_commit(action), next_, *([f"then: {rest}"] if rest else [])]
    is_told = any(result.kind == "error" for result in report.checks)
    limit = "" if "remote" in report.verified else ", as far as could be told without the remote"
    text = _all_that_holds(report, "" if is_told else limit)
    return [*_wrap_lines(text, style, ""), *([] if is_told else _how_to_ask_remote(report))]


def _all_that_holds(report: Report, limit: str) -> str:
    """What to say where there is no next action; ``limit`` is how far it could be told."""
    kinds = Counter(result.kind for result in report.checks)
    parts = [f"{kinds['error']} could not be checked."] * (kinds["error"] > 0)
    if advice := kinds["advice"]:
        what = "1 piece of advice is" if advice == 1 else f"{advice} pieces of advice are"
        parts.append(f"{what} worth taking (!), though no points depend on it.")
    return " ".join([*parts, f"All {'else' if parts else 'of it'} holds{limit}."])


def _before_commit(action: NextAction) -> list[str]:
    """What waits for a commit may not be all that its lesson asks for."""
    if action.lesson is None or action.result.told_in:
        return []
    return [f"first: what {lesson_file(action.lesson)} says, as far as its commit"]


def _next(action: NextAction, style: Style) -> str:
    """The command, which stands in full above: of a long one the beginning."""
    command, room = next_line(action), style.width - len("next: ")
    if width_of(command) <= room:
        return command
    words = textwrap.wrap(command, room - len(_SEE_ABOVE), break_on_hyphens=False)
    return f"{words[0]}{_SEE_ABOVE}"


def remaining_text(action: NextAction, tasks: int) -> str:
    """What is left after ``action``; ``tasks`` of later lessons are not counted.

    What a later lesson asks for is no mistake, and most of what is blocked waits for it.
    """
    if action.result.kind == "blocked":
        return f"what is blocked can be judged; it {action.result.rationale}"
    more, blocked = action.more - tasks, 0 if tasks else action.blocked
    parts = [f"{more} more to mend"] * bool(more)
    waiting = f"{blocked} check{'s' * (blocked != 1)} can be judged only after that"
    parts += [waiting] * bool(blocked)
    return ", and ".join(parts)


def _how_to_ask_remote(report: Report) -> list[str]:
    """How to have the remote asked, where the lesson on it is judged without."""
    judged = {result.id for result in report.checks}
    if "remote" in report.verified or "remote.default" not in judged or _REMOTE_CHECK in judged:
        return []
    return [
        "The remote was not asked whether it has the data: dvc status --cloud asks it, and so",
        f"does grader check --only {_REMOTE_CHECK}",
    ]


def _mark(kind: str, style: Style) -> str:
    return _colour((_PLAIN_MARKS if style.plain else _MARKS)[kind], kind, style)


def _colour(text: str, kind: str, style: Style) -> str:
    return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if style.colour else text


def _wrap_lines(text: str, style: Style, indent: str = "  ") -> list[str]:
    return wrap(text, style.width, indent)
