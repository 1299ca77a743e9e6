"""Every check that there is, also those that few repositories have: for whoever names one."""

from grader.checks import in_teaching_order
from grader.engine.registry import Check
from grader.exercises import exercise_checks
from grader.gaps import gap_checks
from workshop.course.exercises import exercises


def every_check() -> dict[str, Check]:
    """The checks of all repositories, those of exercises and those of gaps in the code."""
    gaps = {check.id: check for check in gap_checks()}
    return {**in_teaching_order(), **exercise_checks(exercises().exercises[0]), **gaps}
