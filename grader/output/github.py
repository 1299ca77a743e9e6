"""The report for a GitHub Actions log: annotations on the lines, and a summary of the step.

GitHub shows 10 annotations of a kind a step, so the first 10 findings get one. The summary goes to
the file that ``GITHUB_STEP_SUMMARY`` names, where there is one.
"""

import os
from pathlib import Path

from grader.engine.check_result import CheckResult
from grader.engine.next_action import order_of_mending
from grader.engine.report import Report
from grader.output.human import score_text
from grader.output.steps import fix_text
from workshop.shell import printable

_MOST = 10
_COMMANDS = {"fail": "error", "error": "warning", "advice": "notice"}


def render(report: Report) -> str:
    """The workflow commands, one a line."""
    summary_path = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary_path:
        with Path(summary_path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(summary(report))
    lines = [_annotation(result) for result in order_of_mending(report.checks)[:_MOST]]
    lines.append(score_text(report))
    return "\n".join(lines) + "\n"


def summary(report: Report) -> str:
    """The step's summary in Markdown."""
    lines = [f"## {score_text(report)}", ""]
    lines += ["| lesson | points |", "|---|---|"]
    lines += [f"| {lesson.title} | {lesson.earned} of {lesson.max} |" for lesson in report.lessons]
    for result in order_of_mending(report.checks):
        lines += ["", f"**{result.id}**: {_escape(result.rationale or '')}"]
        if fix := fix_text(result.steps):
            lines += ["", *(f"    {printable(line)}" for line in fix.splitlines())]
    return "\n".join(lines) + "\n"


def _annotation(result: CheckResult) -> str:
    place = next((e for e in result.evidence if e.source in ("HEAD", "worktree")), None)
    where = {
        "file": place and place.path,
        "line": place and place.line,
        "title": result.code or result.id,
    }
    properties = ",".join(f"{key}={_property(value)}" for key, value in where.items() if value)
    message = "\n".join(text for text in (result.rationale, fix_text(result.steps)) if text)
    return f"::{_COMMANDS[result.kind]} {properties}::{_data(message)}"


def _data(text: str) -> str:
    """As GitHub's toolkit escapes a message; whoever follows the log in a terminal is no target."""
    text = "\n".join(map(printable, text.splitlines()))
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")


def _escape(text: str) -> str:
    """Names of an attendee's choosing are no Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#|!" else printable(c) for c in text)
