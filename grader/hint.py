"""A check's hint in three steps: a question, where to look, what to type; one more at each call."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from dvcstate.hashes.hash_store import cache_dir
from grader.engine.next_action import next_action
from grader.engine.registry import CHECKS
from grader.engine.report import CheckResult, Report
from grader.engine.step import Command, Step
from grader.output.steps import fix_text, step_lines
from grader.output.text import wrapped
from workshop.course.hint_pages import HintPage, pages
from workshop.course.manifest import course

WIDTH = 80
STEPS = 3
_PLACES = {
    "HEAD": "as it is committed",
    "index": "in git's list of files",
    "worktree": "in your folder",
    "cache": "in DVC's cache",
    "remote": "on the remote",
}
_LAST = "share"
"""The lesson with the checks that ask the remote."""
Grade = Callable[[bool], Report]
"""Grades the repository, with the remote or without."""


class Remembered:
    """Which step was given last for each check of the repository ``repo``: in the user's cache."""

    def __init__(self, repo: Path) -> None:
        root = os.path.realpath(repo)
        name = hashlib.sha256(root.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self._path = cache_dir() / "hints" / f"{name}.json"

    def following(self, entry: CheckResult) -> int:
        """The step after the last one; the first where something else was found since."""
        given, step = self._read().get(entry.id, ("", 0))
        return min(step + 1, STEPS) if given == _what_was_found(entry) else 1

    def remember(self, entry: CheckResult, step: int) -> None:
        """``step`` was given."""
        self._write({**self._read(), entry.id: (_what_was_found(entry), step)})

    def leave_out_what_passes(self, report: Report) -> None:
        """What passes starts over if it ever fails again."""
        passing = {one.id for one in report.checks if one.status == "pass"}
        known = self._read()
        if passing & {*known}:
            self._write({name: known[name] for name in known if name not in passing})

    def forget(self) -> None:
        """Every check starts over."""
        self._write({})

    def _read(self) -> dict[str, tuple[str, int]]:
        try:
            stored = json.loads(self._path.read_text("utf-8"))
            return {str(name): (str(given), int(step)) for name, (given, step) in stored.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write(self, known: dict[str, tuple[str, int]]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(known), "utf-8")
        except OSError:
            return  # the same step comes again


def _what_was_found(entry: CheckResult) -> str:
    """The same text as long as it is the same mistake."""
    told = [entry.status, entry.code, entry.actual, fix_text(entry.steps)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def wanted(names: Sequence[str], grade: Grade) -> tuple[Report, CheckResult | None]:
    """The report, and the check that the hint is about; None where nothing is left to do.

    Without ``names`` it is the one that `grader check` says is next. Of several, the first that
    does not hold. The remote is asked only where that matters: what it can answer comes last.
    """
    if names:
        report = grade(any(CHECKS[name].tier == "remote" for name in names))
        named = [one for one in report.checks if one.id in names]
        waiting = (one for one in named if one.status != "pass")
        return report, next((one for one in named if has_steps(one)), next(waiting, named[0]))
    report = grade(False)
    action = next_action(report)
    if action is None or not has_steps(action.result) or action.result.lesson == _LAST:
        report = grade(True)
        action = next_action(report)
    return report, action.result if action else None


def has_steps(entry: CheckResult) -> bool:
    """Whether something was found that can be mended: a mistake, or what advice is about."""
    return bool(entry.status == "fail")


def text(entry: CheckResult, step: int) -> str:
    """One step of the hint for a check that does not hold."""
    lines = [f"{entry.id}, step {step} of {STEPS}"]
    lines += [_question, _place, _command][step - 1](entry)
    if step < STEPS:
        lines.append(f"One step more: grader hint {entry.id}")
    return "\n".join(lines) + "\n"


def held(entry: CheckResult, about: str = "") -> str:
    """What is said of a check that passes, waits, or could not be told.

    ``about`` is what was asked for, which may be a code that the check looks for.
    """
    name = entry.id
    code = f"{about} is not found in this repository. " if about not in ("", name) else ""
    if entry.status == "pass":
        told = wrapped(f"{code}{name} holds: there is nothing to mend.", WIDTH, "")
        return "\n".join([*told, "What is next: grader hint"]) + "\n"
    code = f"{about} cannot be told yet. " if code else ""
    reason = " ".join(wrapped(f"{code}{name}: {entry.rationale}", 10_000, ""))
    lines = wrapped(reason, WIDTH, "")
    if entry.status == "error":
        return "\n".join([*lines, *_commands(entry.steps, "Try:")]) + "\n"
    return "\n".join([*lines, f"That one first: grader hint {entry.blocked_by}"]) + "\n"


def _question(entry: CheckResult) -> list[str]:
    return wrapped(course().check(entry.id).ask, WIDTH)


def _place(entry: CheckResult) -> list[str]:
    lines = []
    for one in entry.evidence[:2]:
        line = f", line {one.line}" if one.line else ""
        value = f": {one.value}" if one.value else ""
        lines += wrapped(f"Look at {one.path}{line}, {_PLACES[one.source]}{value}", WIDTH)
    lines += wrapped(f"expected: {entry.expected}", WIDTH) if entry.expected else []
    lines += wrapped(f"actual: {entry.actual}", WIDTH) if entry.actual else []
    return lines


def _command(entry: CheckResult) -> list[str]:
    return [
        *wrapped(entry.rationale or "", WIDTH),
        *_commands(entry.steps),
        "To see that it worked:",
        f"  grader check --only {entry.id}",
    ]


def _commands(steps: Sequence[Step], head: str = "Type:") -> list[str]:
    """As they are, however long: they are to be pasted. What is done by hand is told apart."""
    lines: list[str] = []
    heading = ""
    for step in steps or [Command(("grader", "check"))]:
        wanted = head if isinstance(step, Command) else "By hand:"
        lines += [wanted] * (wanted != heading)
        heading = wanted
        lines += [f"  {line}" for line in step_lines(step)]
    return lines


def page_text(page: HintPage) -> str:
    """All that is said about a message."""
    lines = [*wrapped(page.fact, WIDTH, ""), *wrapped(page.why, WIDTH, ""), "Type:"]
    lines += [f"  {command}" for command in page.type]
    return "\n".join([*lines, *wrapped(f"It worked: {page.seen}", WIDTH, "")]) + "\n"


def index() -> str:
    """The messages that there are pages for, one of each."""
    return "".join(f"  {page.messages[0]}\n" for page in pages())
