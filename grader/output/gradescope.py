"""The report as Gradescope's ``results.json``: a test a check."""

import json
from typing import Any

from grader.engine.report import CheckResult, Report
from grader.output.steps import fix_text


def render(report: Report) -> str:
    """Points as they were earned; what could not be told is shown, and counts for nothing."""
    return json.dumps(_results(report), indent=2) + "\n"


def _results(report: Report) -> dict[str, Any]:
    offline = "" if "remote" in report.verified else " The remote was not asked."
    return {
        "score": report.score,
        "output": f"{report.score} of {report.max_score} points.{offline}",
        "output_format": "text",
        "visibility": "visible",
        "tests": [_test(one) for one in report.checks],
    }


def _test(one: CheckResult) -> dict[str, Any]:
    holds = one.status == "pass" or one.severity == "advice"
    return {
        "name": one.title,
        "number": one.id,
        "score": one.earned,
        "max_score": one.max,
        "status": "passed" if holds else "failed",
        "output": _output(one),
        "output_format": "text",
        "tags": [one.lesson, *([one.code] if one.code else [])],
    }


def _output(one: CheckResult) -> str:
    lines = [one.rationale] if one.rationale else []
    if one.status == "error":
        lines.insert(0, "This could not be told, and counts for nothing.")
    lines += [f"expected: {one.expected}"] if one.expected else []
    lines += [f"actual: {one.actual}"] if one.actual else []
    lines += [f"type:\n{fix}"] if (fix := fix_text(one.steps)) else []
    return "\n".join(lines)
