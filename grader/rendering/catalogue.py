"""The checks themselves, for people: a list of all, or what one of them is about."""

import textwrap
from collections.abc import Iterable

from grader.registry import Check
from workshop.course import course


def listing(checks: Iterable[Check]) -> str:
    """Each check on a line, under its lesson."""
    checks = list(checks)
    width = max(len(check.id) for check in checks)
    lines = []
    for lesson in course().lessons:
        lines += [f"{lesson.id}: {lesson.title}"]
        for check in checks:
            if check.lesson == lesson.id:
                head = f"  {check.id:<{width}}  {check.points:2}  "
                lines += textwrap.wrap(
                    check.title, 80, initial_indent=head, subsequent_indent=" " * len(head)
                )
        lines.append("")
    return "\n".join(lines)


def explanation(checks: Iterable[Check]) -> str:
    """What each of ``checks`` says, why, and which codes it may find."""
    return "\n".join(_explained(check) for check in checks)


def _explained(check: Check) -> str:
    points = "advice" if not check.points else f"{check.points} of the score"
    lines = [f"{check.id} (lesson {check.lesson}, {points})", "", *_wrapped(check.title)]
    lines += [line for part in check.explanation.split("\n\n") for line in ["", *_wrapped(part)]]
    lines += ["", f"  finds: {', '.join(check.codes)}"]
    if check.requires:
        lines += textwrap.wrap(f"stands on: {', '.join(check.requires)}", 78, initial_indent="  ",
                               subsequent_indent="    ")  # fmt: skip
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), 78, initial_indent="  ", subsequent_indent="  ")
