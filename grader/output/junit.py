"""The report as JUnit XML, which every CI shows: a suite a lesson, a case a check."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from grader.engine.report import CheckResult, Report
from grader.output.steps import fix_text


def render(report: Report) -> str:
    """One document; what XML cannot hold is left out."""
    checks = report.checks
    root = ElementTree.Element("testsuites", {"name": "grader", **_counts(checks)})
    for lesson in report.lessons:
        own = [one for one in checks if one.lesson == lesson.id]
        suite = ElementTree.SubElement(root, "testsuite", {"name": lesson.id, **_counts(own)})
        for one in own:
            _case(suite, one)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + _xml(root) + "\n"


def _counts(checks: Sequence[CheckResult]) -> dict[str, str]:
    kinds = [_kind(one) for one in checks]
    return {
        "tests": str(len(checks)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
    }


def _kind(one: CheckResult) -> str | None:
    """JUnit's word: what is blocked was skipped, and advice is no failure."""
    if one.severity == "advice":
        return None
    return {"fail": "failure", "error": "error", "blocked": "skipped"}.get(one.status)


def _case(suite: ElementTree.Element, one: CheckResult) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=one.lesson, name=_clean(f"{one.id}: {one.title}")
    )
    told = {"expected": one.expected, "actual": one.actual, "fix": fix_text(one.steps)}
    text = "\n".join(f"{name}: {_clean(value)}" for name, value in told.items() if value)
    kind = _kind(one)
    if kind == "skipped":
        ElementTree.SubElement(case, kind, message=_clean(one.rationale or ""))
    elif kind:
        found = ElementTree.SubElement(case, kind, message=_clean(one.rationale or ""))
        found.set("type", one.code or "unknown")
        found.text = text
    elif one.severity:
        ElementTree.SubElement(case, "system-out").text = _clean(f"{one.rationale}\n{text}")


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 does not have."""
    return "".join(
        c if c in "\t\n" or " " <= c < "\ud800" or "\ue000" <= c < "\ufffe" or c > "\uffff" else "?"
        for c in text
    )


def _xml(root: ElementTree.Element) -> str:
    return ElementTree.tostring(root, encoding="unicode")
