"""The gaps of `grader start --gaps`: which are open, and, where it is asked, which are right."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

from grader import fixes
from grader.engine.registry import Check, ExtraCheck
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding, UnknownError
from grader.gaps.run import Answers, ReportRun, run_gaps
from grader.step import Step
from workshop.course.gaps import BEFORE, GAPS, Gap, gap_lines, gaps, is_open, open_line
from workshop.course.manifest import CourseCheck, course
from workshop.start.reference import pipeline_dir

Run = Callable[[Path, str], Answers | UnknownError]
"""What a function of a repository answers, for each gap in it; else why nothing."""
_POINTS = 2


def with_gaps(general: Mapping[str, Check], report_run: ReportRun | None) -> dict[str, Check]:
    """The ``general`` checks, and one for each gap, before those of the lesson that runs the code.

    With ``report_run``, what is filled is run as well, and that is told what runs. Without, it is
    judged as far as it can be read.
    """
    order = [lesson.id for lesson in course().lessons]
    earlier = order[: order.index(BEFORE)]
    before = {id_: check for id_, check in general.items() if check.lesson in earlier}
    own = {check.id: check for check in gap_checks(report_run)}
    return {**before, **own, **general}


def gap_checks(report_run: ReportRun | None = None) -> list[Check]:
    """A check for each gap; see ``with_gaps``."""
    run = functools.cache(functools.partial(run_gaps, report=report_run)) if report_run else None
    return [
        ExtraCheck(
            f"{GAPS}.{gap.id}",
            f"The gap {gap.id} in {gap.file} is filled",
            gap.write,
            ("gap-open", "gap-wrong"),
            ("init.git",),
            "static",
            False,
            False,
            functools.partial(_judge, gap=gap, run=run),
            GAPS,
            CourseCheck(f"{GAPS}.{gap.id}", _POINTS, gap.ask),
        )
        for gap in gaps()
    ]


def _judge(
    repository: Repository, snapshot: Snapshot, *, gap: Gap, run: Run | None
) -> Finding | None:
    """The finding on a gap that is open, or whose function does not answer as it should.

    The code in the folder is what runs, whichever revision is judged.
    """
    if _is_open(snapshot, gap):
        if _is_open(repository.worktree, gap):
            line = open_line(snapshot.text(gap.file) or "", gap)
            return _finding(gap, snapshot, "gap-open", f"There is nothing yet: {gap.write}.", line)
        return _uncommitted_finding(gap)
    if run is None:
        return None
    for other in gaps():
        if other.function == gap.function and _is_open(repository.worktree, other):
            raise UnknownError(f"{gap.function} cannot run yet: it has the open gap {other.id} too")
    answers = run(repository.root, gap.function)
    if isinstance(answers, UnknownError):
        raise answers
    answer = answers[gap.id]
    if answer is None:
        return None
    rationale = "It does not answer as it should."
    return _finding(gap, snapshot, "gap-wrong", rationale, None, *answer)


def _is_open(snapshot: Snapshot, gap: Gap) -> bool:
    try:
        return is_open(snapshot.text(gap.file) or "", gap)
    except SyntaxError as error:
        raise UnknownError(
            f"{gap.file}, line {error.lineno}, is no Python: {error.msg}",
            fixes.change(gap.file, "mend it", line=error.lineno),
        ) from None


def _uncommitted_finding(gap: Gap) -> Finding:
    return Finding(
        "gap-open",
        f"The gap {gap.id} is filled in your folder, and not committed.",
        "the same at HEAD",
        f"{gap.file} has changed since the last commit",
        fixes.commit([gap.file], f"Write {gap.id}"),
        (Evidence("worktree", gap.file),),
        awaits_commit=True,
    )


def _finding(
    gap: Gap,
    snapshot: Snapshot,
    code: str,
    rationale: str,
    line: int | None,
    expected: str = "code of your own in place of the NotImplementedError",
    actual: str = "nothing is written there yet",
) -> Finding:
    return Finding(
        code,
        f"The gap {gap.id} is in {gap.function}. {rationale}",
        expected,
        actual,
        tuple(_reference_steps(gap)),
        (Evidence(snapshot.revision, gap.file, line),),
        is_lesson_task=True,
        look=gap.look,
    )


def _reference_steps(gap: Gap) -> list[Step]:
    """What the reference has there: one way of several."""
    reference = pipeline_dir().parent / gap.file
    lines = gap_lines(reference.read_text("utf-8"), gap)
    return [
        fixes.change(gap.file, f"in {gap.function}, in place of the NotImplementedError:"),
        *(fixes.note(text) for text in lines),
        fixes.command("git", "add", gap.file),
        fixes.commit_staged(f"Write {gap.id}"),
    ]
