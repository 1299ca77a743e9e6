"""The checks themselves, for people: a list of all, or what one of them is about."""

import textwrap
from collections.abc import Iterable, Sequence

from grader.engine.registry import Check
from grader.output.steps import lines_under_headings
from workshop.course import gaps
from workshop.course.exercises import EXERCISE, exercises
from workshop.course.manifest import course
from workshop.stages import STAGE_NAMES


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


def explanation(name: str, checks: Sequence[Check]) -> str:
    """What to type about the check or the code ``name``, and then why; a check of every stage once.

    ``checks``: the one that is called so, or all that may find the code.
    """
    codes = checks[0].codes if name == checks[0].id else (name,)
    if fix := course().check_fixes.get(name):
        lines = _fix_lines(name, fix)
    else:
        code_fixes = {**exercises().code_fixes, **gaps.code_fixes(), **course().code_fixes}
        lines = [line for code in codes for line in _fix_lines(code, code_fixes[code])]
    lines += ["", *_wrap(f"With the names of your repository: grader hint {name}")]
    for check, others in _group_by_fact(checks):
        lines += ["", *_explain(check, others)]
    return "\n".join(lines) + "\n"


def _fix_lines(name: str, typed: Iterable[str]) -> list[str]:
    """What mends the code or the check ``name``, in general."""
    parts = (("  by hand:" if line.startswith("#") else "  type:", [line]) for line in typed)
    return [name, *lines_under_headings(parts, "    ")]


def _group_by_fact(checks: Iterable[Check]) -> list[tuple[Check, list[str]]]:
    """Each check, and the other stages of which the same is asked."""
    groups: dict[str, tuple[Check, list[str]]] = {}
    for check in checks:
        stage, _, fact = check.id.partition(".")
        key = fact if stage == check.lesson and stage in STAGE_NAMES else check.id
        if key in groups:
            groups[key][1].append(stage)
        else:
            groups[key] = check, []
    return list(groups.values())


def _explain(check: Check, others: Sequence[str]) -> list[str]:
    points = "advice" if not check.points else f"{check.points} of the score"
    same = f"; the same for {', '.join(others)}" if others else ""
    names = {EXERCISE: "each exercise", gaps.GAPS: "where code has gaps"}
    where = names.get(check.lesson, f"lesson {check.lesson}")
    lines = _wrap(f"{check.id} ({where}, {points}{same})", "")
    lines += ["", *_wrap(f"{check.title}.")]
    for part in check.explanation.split("\n\n"):
        lines += _wrap(part)
    lines += ["", *_hang(f"finds: {', '.join(check.codes)}")]
    return lines + (_hang(f"stands on: {', '.join(check.requires)}") if check.requires else [])


def _hang(text: str) -> list[str]:
    return textwrap.wrap(text, 78, initial_indent="  ", subsequent_indent="    ")


def _wrap(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()), 78, initial_indent=indent, subsequent_indent=indent
    )
