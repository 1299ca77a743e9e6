"""Every check, and the order in which an attendee meets them: lesson by lesson, roots first."""

# A module registers its checks as it is imported, and checks of one lesson at the same depth come
# in that order: a new module needs its name here.
# ruff: noqa: F401 - no name is used
# ruff: isort: off
from grader.checks import bytecode, declared, cycles, undeclared, runs, others, overlap, data
from grader.checks import committed, in_place
from grader.checks import hidden, stops, in_git, copies, names, init, one_git, lock, portable
from grader.checks import damaged_cache, remote_address, default_remote
from grader.checks import pushed, results, change, secrets

# ruff: isort: on
from grader.engine.registry import CHECKS, Check
from workshop.course.manifest import course

__all__ = ["CHECKS", "in_teaching_order"]


def in_teaching_order() -> dict[str, Check]:
    """Every check by its id: lesson by lesson, and after all that it stands on."""
    places = {lesson.id: place for place, lesson in enumerate(course().lessons)}
    depths: dict[str, int] = {}
    keys = {id_: (places[one.lesson], _depth(one, depths)) for id_, one in CHECKS.items()}
    return {id_: CHECKS[id_] for id_ in sorted(CHECKS, key=lambda id_: keys[id_])}


def _depth(check: Check, known: dict[str, int]) -> int:
    """How many checks stand below it, one on the other; each is worked out once."""
    if check.id not in known:
        below = (1 + _depth(CHECKS[name], known) for name in check.requires)
        known[check.id] = max(below, default=0)
    return known[check.id]
