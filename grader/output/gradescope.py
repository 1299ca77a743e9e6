"""The report as Gradescope's ``results.json``: a test a check."""

import json
from typing import Any

from grader.engine.report import CheckResult, Report
from grader.output.steps import fix_text


def render(report: Report) -> str:
    """Points as they were earned; what could not be checked is shown, and counts for nothing."""
    return json.dumps(_results(report), indent=2) + "\n"


def _results(report: Report) -> dict[str, Any]:
    offline = "" if "remote" in report.verified else " The remote was not asked."
    return {
        "score": report.score,
        "output": f"{report.score} of {report.max_score} points.{offline}",
        "output_format": "text",
        "visibility": "visible",
        "tests": [_test(result) for result in report.checks],
    }


def _test(result: CheckResult) -> dict[str, Any]:
    holds = result.status == "pass" or result.severity == "advice"
    return {
        "name": result.title,
        "number": result.id,
        "score": result.earned,
        "max_score": result.max,
        "status": "passed" if holds else "failed",
        "output": _output(result),
        "output_format": "text",
        "tags": [result.lesson, *([result.code] if result.code else [])],
    }


def _output(result: CheckResult) -> str:
    lines = [result.rationale] if result.rationale else []
    if result.status == "error":
        lines.insert(0, "This could not be checked, and counts for nothing.")
    lines += [f"expected: {result.expected}"] if result.expected else []
    lines += [f"actual: {result.actual}"] if result.actual else []
    lines += [f"type:\n{fix}"] if (fix := fix_text(result.steps)) else []
    return "\n".join(lines)
