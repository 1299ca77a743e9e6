"""The part *Lessons*: what is done, what comes next, and the checks of one lesson."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import checkout
from grader.engine.check_result import CheckResult
from grader.engine.next_action import waiting_tasks
from grader.engine.report import LessonScore, Report
from grader.facts import settings
from grader.finding import Evidence
from grader.output.human import remaining_text
from grader.output.steps import next_line, step_lines, unsolved
from grader.step import Command, Step
from service.page import markdown
from workshop import shell
from workshop.course.exercises import EXERCISE
from workshop.course.gaps import GAPS
from workshop.course.manifest import Page, course

# A class of the style sheet, and the word that is read; never the colour alone.
DONE, MISTAKE, COMMIT, TASK, WAITS, UNTOLD, ADVICE = (
    "done", "mistake", "commit", "task", "waits", "untold", "advice",
)  # fmt: skip
WORDS = {
    DONE: "done",
    MISTAKE: "to mend",
    COMMIT: "waits for a commit",
    TASK: "to do",
    WAITS: "waits",
    UNTOLD: "could not be told",
    ADVICE: "advice",
}
_ORDER = (MISTAKE, TASK, COMMIT, UNTOLD, WAITS, ADVICE)
_DONE_WITH_ADVICE = "done, with advice"
_NOT_ALL_TOLD = "not all checked"


@dataclass(frozen=True)
class StepView:
    """One step of a fix: ``command`` is what the copy button copies, None where it is by hand.

    By hand ``text`` says what to do, and ``lines`` are what belongs in the file, if anything.
    """

    text: str
    lines: tuple[str, ...]
    command: str | None


@dataclass(frozen=True)
class FixView:
    """The steps of a fix, and the commands among them as one block for each shell."""

    steps: tuple[StepView, ...]
    bash: str | None
    powershell: str | None


@dataclass(frozen=True)
class CheckView:
    """One check; ``is_folded``: a task of its lesson, whose solution is the last of its hints.

    ``reason`` is what was found, in a sentence; of a fault that the lesson planted only that.
    """

    result: CheckResult
    state: str
    word: str
    reason: str
    evidence: tuple[str, ...]
    fix: FixView
    is_folded: bool


@dataclass(frozen=True)
class LessonView:
    """One lesson of the list; ``not_told`` are points of it that only the remote can tell."""

    score: LessonScore
    minutes: int | None
    state: str
    word: str
    is_shown: bool
    not_told: int


@dataclass(frozen=True)
class NextView:
    """The one thing to do next, of which lesson; ``command`` where it is one to type.

    ``is_task``: the lesson says what to do, in its ``section`` if there is one. ``is_before``: it
    does so, as far as its commit. ``reason`` is what was found, ``rest`` what is left after it;
    ``check`` names the check, of the lesson ``check_lesson``, that has all steps.
    """

    text: str
    command: str | None
    is_task: bool
    section: str | None
    is_before: bool
    lesson: str
    reason: str
    rest: str
    check: str
    check_lesson: str


@dataclass(frozen=True)
class LessonsView:
    """All that the part shows; ``text`` is the HTML of the lesson, empty where it has none.

    ``is_judged`` is False in the workshop's own checkout: there the lessons are read, not done.
    ``is_done``: nothing is left of the lesson that is shown, as far as can be told without the
    remote, which the page does not ask; ``not_told`` are those of its points that only it can tell.
    """

    report: Report
    is_judged: bool
    next: NextView | None
    lessons: tuple[LessonView, ...]
    shown: str
    title: str
    is_done: bool
    not_told: int
    checks: tuple[CheckView, ...]
    waiting: tuple[CheckView, ...]
    text: str


def is_workshop(repo_dir: Path) -> bool:
    """Whether the repository is one of `grader start`, whose lessons are judged."""
    return (repo_dir / settings.PATH).is_file()


def way_to_own_repository(repo_dir: Path) -> str | None:
    """What to type in the workshop's own checkout; None in any other folder."""
    return checkout.way_out(repo_dir)


def lessons_view(
    report: Report, wanted: str | None = None, *, is_judged: bool = True
) -> LessonsView:
    """What to show of ``report``, with the text of the lesson or page ``wanted``.

    Without it, or where there is none of that name, of the lesson in progress; of the first one
    where they are not judged.
    """
    shown = _shown(report, wanted if is_judged else wanted or pages()[0].id)
    waiting = waiting_tasks(report.checks, report.next)
    page = next((page for page in pages() if page.id == shown), None)
    scores = {score.id: score for score in report.lessons}
    title = page.title if page else scores[shown].title if shown in scores else ""
    own_checks = [item for item in report.checks if is_judged and item.lesson == shown]
    checks = [_check_view(item, waiting) for item in own_checks]
    lessons = tuple(_lesson_view(score, report, waiting, shown) for score in report.lessons)
    own = next((lesson for lesson in lessons if is_judged and lesson.is_shown), None)
    return LessonsView(
        report=report,
        is_judged=is_judged,
        next=_next_view(report, len(waiting)),
        lessons=lessons,
        shown=shown,
        title=title,
        is_done=own is not None and (own.state in (DONE, ADVICE) or own.not_told > 0),
        not_told=own.not_told if own is not None else 0,
        checks=tuple(check for check in checks if check.state not in (WAITS, DONE)),
        waiting=tuple(check for check in checks if check.state in (WAITS, DONE)),
        text=lesson_html(page.path) if page else "",
    )


def _shown(report: Report, wanted: str | None) -> str:
    """The id of the lesson or page ``wanted``, else of the lesson in progress; empty: of none."""
    known = {page.id for page in pages()} | {score.id for score in report.lessons}
    return wanted if wanted is not None and wanted in known else _current(report)


def lesson_html(path: Path) -> str:
    """The text of a lesson without its heading, which the page has itself."""
    try:
        text = path.read_text("utf-8")
    except OSError:  # the installation lacks it: the checks are there all the same
        return ""
    return markdown.safe_html(text.split("\n", 1)[1] if text.startswith("# ") else text)


def pages() -> tuple[Page, ...]:
    """Every text that can be shown: the lessons, and the pages for when there is time."""
    return (*course().lessons, *course().pages)


def _current(report: Report) -> str:
    """The lesson that has the next thing to do; the last one where nothing is left."""
    if report.next is None:
        return report.lessons[-1].id if report.lessons else ""
    return report.next.lesson or report.next.result.lesson


def _next_view(report: Report, waiting: int) -> NextView | None:
    """The next action of ``report``; ``waiting`` tasks of later lessons are no mistakes."""
    action = report.next
    if action is None:
        return None
    result, lesson = action.result, action.lesson or action.result.lesson
    is_task = result.told_in is not None
    is_typed = not is_task and (action.step is None or isinstance(action.step, Command))
    return NextView(
        text=next_line(action),
        command=next_line(action) if is_typed else None,
        is_task=is_task,
        section=result.planted.section if result.planted else None,
        is_before=action.lesson is not None and not is_task,
        lesson=lesson,
        reason="" if is_task else result.rationale or "",
        rest=remaining_text(action, waiting),
        check=result.id,
        check_lesson=result.lesson,
    )


def _lesson_view(
    score: LessonScore, report: Report, waiting: Sequence[CheckResult], shown: str
) -> LessonView:
    states = {
        WAITS if result in waiting else _state(result)
        for result in report.checks
        if result.lesson == score.id
    }
    # Without a check of its own only the remote can judge it, and was not asked.
    unasked = WAITS if report.next else UNTOLD
    state = next((state for state in _ORDER if state in states), DONE if states else unasked)
    word = _DONE_WITH_ADVICE if state == ADVICE else WORDS[state]
    not_told = 0
    if state in (DONE, ADVICE) and score.not_told and "remote" not in report.verified:
        state, word, not_told = UNTOLD, _NOT_ALL_TOLD, score.not_told
    lesson = course().lesson(score.id)
    minutes = lesson.minutes if lesson else None
    return LessonView(score, minutes, state, word, score.id == shown, not_told)


def _state(result: CheckResult) -> str:
    if result.kind == "pass":
        return DONE
    if result.kind == "fail":
        return COMMIT if result.awaits_commit else TASK if result.told_in else MISTAKE
    return {"blocked": WAITS, "error": UNTOLD, "advice": ADVICE}[result.kind]


def _check_view(result: CheckResult, waiting: Sequence[CheckResult]) -> CheckView:
    state = WAITS if result in waiting else _state(result)
    is_told_in_lesson = result.told_in is not None or result.is_lesson_task
    is_folded = is_told_in_lesson and result.lesson not in (EXERCISE, GAPS)
    reason = unsolved(result) if result.planted else result.rationale or ""
    shown = () if result.planted else result.evidence[:4]
    evidence = tuple(map(_evidence_text, shown))
    return CheckView(
        result, state, WORDS[state], reason, evidence, fix_view(result.steps), is_folded
    )


def fix_view(steps: Sequence[Step]) -> FixView:
    """The steps with their lines, and what pastes all commands at once where there are several."""
    views = tuple(_step_view(step) for step in steps)
    commands = [view.command for view in views if view.command]
    if len(commands) < 2 or len(commands) < len(views):
        return FixView(views, None, None)
    blocks = ["\n".join(shell.stop_block(commands, is_powershell=of)) for of in (False, True)]
    return FixView(views, *blocks)


def _step_view(step: Step) -> StepView:
    """The same words as in a terminal, without the ``#`` that makes them a comment there."""
    lines = step_lines(step)
    if isinstance(step, Command):
        return StepView("", (), lines[0])
    texts = tuple(line.removeprefix("# ") for line in lines)
    return StepView(texts[0], texts[1:], None)


def _evidence_text(evidence: Evidence) -> str:
    where = f"{evidence.path}:{evidence.line}" if evidence.line else evidence.path
    return f"{evidence.source} {where}" + (f"  {evidence.value}" if evidence.value else "")
