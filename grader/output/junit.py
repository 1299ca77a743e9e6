"""The report as JUnit XML, which every CI shows: a suite a lesson, a case a check."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from grader.engine.check_result import CheckResult
from grader.engine.report import Report
from grader.output.steps import fix_text


def render(report: Report) -> str:
    """One document; what XML cannot hold is left out."""
    checks = report.checks
    root = ElementTree.Element("testsuites", {"name": "grader", **_counts(checks)})
    for lesson in report.lessons:
        own = [result for result in checks if result.lesson == lesson.id]
        suite = ElementTree.SubElement(root, "testsuite", {"name": lesson.id, **_counts(own)})
        for result in own:
            _case(suite, result)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _counts(checks: Sequence[CheckResult]) -> dict[str, str]:
    kinds = [_kind(result) for result in checks]
    return {
        "tests": str(len(checks)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
    }


def _kind(result: CheckResult) -> str | None:
    """JUnit's word: what is blocked was skipped, and advice is no failure."""
    if result.severity == "advice":
        return None
    return {"fail": "failure", "error": "error", "blocked": "skipped"}.get(result.status)


def _case(suite: ElementTree.Element, result: CheckResult) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=result.lesson, name=_clean(f"{result.id}: {result.title}")
    )
    parts = {"expected": result.expected, "actual": result.actual, "fix": fix_text(result.steps)}
    text = "\n".join(f"{name}: {_clean(value)}" for name, value in parts.items() if value)
    kind = _kind(result)
    if kind:
        problem = ElementTree.SubElement(case, kind, message=_clean(result.rationale or ""))
        if kind != "skipped":
            problem.set("type", result.code or "unknown")
            problem.text = text
    elif result.severity:
        ElementTree.SubElement(case, "system-out").text = _clean(f"{result.rationale}\n{text}")


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 does not have."""
    # The ranges of "Char" in the grammar of XML 1.0; a word of an attendee may hold any other.
    return "".join(
        c if c in "\t\n" or " " <= c < "\ud800" or "\ue000" <= c < "\ufffe" or c > "\uffff" else "?"
        for c in text
    )
