"""A report as JSON: its dataclasses are the shape, and ``report.schema.json`` describes it."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from grader.engine.report import Report
from grader.output.steps import fix_text


def document(report: Report) -> dict[str, Any]:
    """What a JSON encoder takes."""
    return dict(_members(report))


def _members(instance: Any) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(instance):
        value = getattr(instance, field.name)
        # "steps": its text first, as "fix", which was there before the steps were.
        if "text" in field.metadata:
            yield field.metadata["text"], fix_text(value)
        if field.metadata.get("in_json", True):
            yield field.name, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return dict(_members(value)) if dataclasses.is_dataclass(value) else value
