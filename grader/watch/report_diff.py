"""What turned from one report to the next: checks, and lessons with full points."""

from dataclasses import dataclass

from grader.engine.report import Report


@dataclass(frozen=True)
class ReportDiff:
    """Ids of checks that turned green or red, and of lessons that got full points."""

    green: tuple[str, ...] = ()
    red: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.green or self.red or self.lessons)


def diff_reports(before: Report | None, now: Report) -> ReportDiff:
    """What turned; nothing where there was no report before.

    Checks that only one of the two reports has, as those that ask the remote, are left out.
    """
    if before is None:
        return ReportDiff()
    passed = {result.id: result.status == "pass" for result in before.checks}
    common = [result for result in now.checks if result.id in passed]
    complete = complete_lessons(before)
    return ReportDiff(
        tuple(r.id for r in common if r.status == "pass" and not passed[r.id]),
        tuple(r.id for r in common if r.kind == "fail" and passed[r.id]),
        tuple(id_ for id_ in complete_lessons(now) if id_ not in complete),
    )


def complete_lessons(report: Report) -> list[str]:
    """The ids of the lessons with full points."""
    return [lesson.id for lesson in report.lessons if lesson.earned == lesson.max]
