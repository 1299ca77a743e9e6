"""A report in each of the forms in which it is wanted; a form is imported when it is asked for."""

import json
from importlib import import_module
from typing import TextIO

from grader.engine.report import Report


def render(report: Report, form: str, stream: TextIO | None, way_out: str | None = None) -> str:
    """The report as ``form``; ``stream`` is where it will be shown, None for a file.

    ``way_out``: what to type first, where the report is of another folder than was meant.
    """
    if form == "json":
        from grader.output import report_json

        return json.dumps(report_json.document(report), indent=2) + "\n"
    if form == "human":
        from grader.output import human
        from workshop.terminal import Style, style_of

        return human.render(report, style_of(stream) if stream else Style(), way_out)
    text: str = import_module(f"grader.output.{form}").render(report)
    return text
