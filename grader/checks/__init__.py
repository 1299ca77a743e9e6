"""Every check, in the order in which an attendee meets them: lesson by lesson, roots first."""

from grader import registry
from grader.checks import (
    change,
    code,
    data,
    declared,
    in_git,
    init,
    lock,
    others,
    outs,
    pushed,
    remotes,
    results,
    runs,
    secrets,
    sharing,
)
from grader.lessons import LESSONS
from grader.registry import Check

__all__ = [
    "CHECKS", "change", "code", "data", "declared", "in_git", "init", "lock", "others", "outs",
    "pushed", "remotes", "results", "runs", "secrets", "sharing",
]  # fmt: skip


def _depth(check: Check) -> int:
    """How many checks stand below it, one on the other."""
    return max((1 + _depth(registry.CHECKS[name]) for name in check.requires), default=0)


_PLACES = {lesson.id: place for place, lesson in enumerate(LESSONS)}

CHECKS: dict[str, Check] = {
    check.id: check
    for check in sorted(
        registry.CHECKS.values(), key=lambda check: (_PLACES[check.lesson], _depth(check))
    )
}
