"""Every check, and the order in which an attendee meets them: lesson by lesson, roots first."""

from grader.checks import (
    bytecode,
    change,
    code,
    data,
    declared,
    hidden,
    in_git,
    init,
    lock,
    others,
    overlap,
    portable,
    pushed,
    remotes,
    results,
    runs,
    secrets,
)
from grader.engine.registry import CHECKS, Check
from workshop.course.manifest import course

__all__ = [
    "CHECKS", "bytecode", "change", "code", "data", "declared", "hidden", "in_git",
    "in_teaching_order", "init", "lock", "others", "overlap", "portable", "pushed", "remotes",
    "results", "runs", "secrets",
]  # fmt: skip


def in_teaching_order() -> dict[str, Check]:
    """Every check by its id: lesson by lesson, and after all that it stands on."""
    places = {lesson.id: place for place, lesson in enumerate(course().lessons)}
    ordered = sorted(CHECKS.values(), key=lambda check: (places[check.lesson], _depth(check)))
    return {check.id: check for check in ordered}


def _depth(check: Check) -> int:
    """How many checks stand below it, one on the other."""
    return max((1 + _depth(CHECKS[name]) for name in check.requires), default=0)
