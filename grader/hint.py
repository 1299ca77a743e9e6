"""A check's hint in three steps: a question, where to look, what to type; one more at each call."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from grader import user_cache
from grader.close_names import close_names
from grader.engine.check_result import CheckResult
from grader.engine.next_action import is_of_remote
from grader.engine.registry import CHECKS
from grader.engine.report import Report
from grader.output.steps import block_lines, fix_text, lines_under_headings
from grader.output.terminal_text import wrap
from grader.step import Command, Step
from workshop.course.hint_pages import HintPage, close_messages
from workshop.course.manifest import Page, course
from workshop.course.questions import question_of

WIDTH = 80
THINK = "think"
"""The word that asks for the answer to a lesson's question."""
STEPS = 3
_PLACES = {
    "HEAD": "as it is committed",
    "index": "in git's list of files",
    "worktree": "in your folder",
    "cache": "in DVC's cache",
    "remote": "on the remote",
}
# Grades the repository, with the remote or without.
Grade = Callable[[bool], Report]


class HintHistory:
    """The step given last for each check of the repository ``repo``, in the user's cache."""

    def __init__(self, repo: Path) -> None:
        root = os.path.realpath(repo)
        # A repository in several places through links has one history.
        name = hashlib.sha256(root.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self._path = user_cache.entry_path("hints", name)

    def next_step(self, result: CheckResult) -> int:
        """The step after the last one; the first where another mistake was found since."""
        mistake, step = self._read().get(result.id, ("", 0))
        return min(step + 1, STEPS) if mistake == _mistake_hash(result) else 1

    def record(self, result: CheckResult, step: int) -> None:
        """``step`` was given."""
        user_cache.write_entry(
            self._path, {**self._read(), result.id: (_mistake_hash(result), step)}
        )

    def drop_passing(self, report: Report) -> None:
        """What passes starts over if it ever fails again."""
        passing = {result.id for result in report.checks if result.status == "pass"}
        steps = self._read()
        if passing & {*steps}:
            left = {id_: step for id_, step in steps.items() if id_ not in passing}
            user_cache.write_entry(self._path, left)

    def clear(self) -> None:
        """Every check starts over."""
        user_cache.write_entry(self._path, {})

    def _read(self) -> dict[str, tuple[str, int]]:
        try:
            stored = user_cache.read_entry(self._path)
            return {str(id_): (str(hash_), int(step)) for id_, (hash_, step) in stored.items()}
        except (ValueError, TypeError, AttributeError):  # nothing, or a damaged file
            return {}


def _mistake_hash(result: CheckResult) -> str:
    """The same text as long as it is the same mistake."""
    mistake = [result.status, result.code, result.actual, fix_text(result.steps)]
    return hashlib.sha256(json.dumps(mistake).encode()).hexdigest()[:16]


def choose_result(names: Sequence[str], grade: Grade) -> tuple[Report, CheckResult | None]:
    """The report, and the result that the hint is about; None where nothing is left to do.

    Without ``names`` it is the next action of `grader check`. Of several names, the first that
    fails. The remote is asked only where that matters: what it can answer comes last.
    """
    if names:
        # Of an exercise's checks only the report knows whether the remote answers them.
        report = grade(any(name not in CHECKS or CHECKS[name].tier == "remote" for name in names))
        named = [result for result in report.checks if result.id in names]
        failed = (result for result in named if result.status == "fail")
        open_ = (result for result in named if result.status != "pass")
        return report, next(failed, next(open_, named[0] if named else None))
    report = grade(False)
    action = report.next
    if action is None or action.result.status != "fail" or _is_for_the_remote(action.result):
        report = grade(True)
    return report, report.next.result if report.next else None


def _is_for_the_remote(result: CheckResult) -> bool:
    """Whether the remote's answer bears on it: also on an absent out, which it may lack as well."""
    return is_of_remote(result) or result.code == "out-missing"


def render_step(result: CheckResult, step: int) -> str:
    """One step of the hint for a check that does not hold."""
    lines = [f"{result.id}, step {step} of {STEPS}"]
    lines += [_question, _place, _command][step - 1](result)
    if step < STEPS:
        lines.append(f"One step more: grader hint {result.id}")
    return "\n".join(lines) + "\n"


def render_status(result: CheckResult, about: str = "") -> str:
    """The text for a check that passes, is blocked, or has an error.

    ``about`` is what was asked for, which may be a code that the check looks for.
    """
    name = result.id
    code = f"{about} is not found in this repository. " if about not in ("", name) else ""
    if result.status == "pass":
        lines = wrap(f"{code}{name} holds: there is nothing to mend.", WIDTH, "")
        return "\n".join([*lines, "What is next: grader hint"]) + "\n"
    code = f"{about} cannot be checked yet. " if code else ""
    reason = " ".join(wrap(f"{code}{name}: {result.rationale}", 10_000, ""))
    lines = wrap(reason, WIDTH, "")
    if result.status == "error":
        return "\n".join([*lines, *_commands(result.steps, "Try:")]) + "\n"
    return "\n".join([*lines, f"That one first: grader hint {result.blocked_by}"]) + "\n"


def _question(result: CheckResult) -> list[str]:
    return wrap(result.hint or "", WIDTH)


def _place(result: CheckResult) -> list[str]:
    if result.look:
        return wrap(result.look, WIDTH)
    if result.planted:  # the place alone: what belongs there is step 3
        first = result.evidence[0]
        line = f", line {first.line}" if first.line else ""
        lines = wrap(f"Look at {first.path}{line}, {_PLACES[first.source]}", WIDTH)
        return lines + wrap(f"actual: {result.actual}", WIDTH)
    lines = []
    for item in result.evidence[:2]:
        line = f", line {item.line}" if item.line else ""
        value = f": {item.value}" if item.value else ""
        lines += wrap(f"Look at {item.path}{line}, {_PLACES[item.source]}{value}", WIDTH)
    lines += wrap(f"expected: {result.expected}", WIDTH) if result.expected else []
    lines += wrap(f"actual: {result.actual}", WIDTH) if result.actual else []
    return lines


def _command(result: CheckResult) -> list[str]:
    return [
        *wrap(result.rationale or "", WIDTH),
        *_commands(result.steps),
        "To see that it worked:",
        f"  grader check --only {result.id}",
    ]


def _commands(steps: Sequence[Step], heading: str = "Type:") -> list[str]:
    """As they are, however long: they are to be pasted."""
    steps = steps or [Command(("grader", "check"))]
    by_hand = "By hand:"
    parts = ((heading if isinstance(s, Command) else by_hand, own) for s, own in block_lines(steps))
    return lines_under_headings(parts, "  ")


def last_finished(report: Report) -> Page:
    """The lesson whose question is asked now: the last before the first that is not finished."""
    lessons = course().lessons
    scores = report.lessons
    finished = {score.id for score in scores if score.earned + score.not_told == score.max}
    following = (index for index, lesson in enumerate(lessons) if lesson.id not in finished)
    return lessons[max(next(following, len(lessons)) - 1, 0)]


def render_question(page: Page) -> str:
    """What the text of the course asks, and the answer."""
    question = question_of(page)
    lines = [f"{page.id} asks:", *wrap(question.question, WIDTH), "The answer:"]
    lines += wrap(question.answer, WIDTH)
    return "\n".join([*lines, "Of another lesson: grader hint think LESSON"]) + "\n"


def render_page(page: HintPage) -> str:
    """The page about a message."""
    lines = [*wrap(page.fact, WIDTH, ""), *wrap(page.why, WIDTH, ""), "Type:"]
    lines += [f"  {command}" for command in page.type]
    return "\n".join([*lines, *wrap(f"It worked: {page.seen}", WIDTH, "")]) + "\n"


def list_close(about: str) -> str:
    """The checks and the messages that ``about`` may mean, a line each; empty for none."""
    return "".join(f"  {name}\n" for name in [*close_names(about, CHECKS), *close_messages(about)])
