"""A report in each of the forms in which it is wanted; a form is imported when it is asked for."""

import json
from importlib import import_module
from typing import TextIO

from grader.engine.report import Report


def render(
    report: Report,
    form: str,
    stream: TextIO | None,
    way_out: str | None = None,
    *,
    show_all: bool = False,
) -> str:
    """The report as ``form``; ``stream`` is where it will be shown, None for a file.

    ``way_out``: what to type first, where the report is of another folder than was meant.
    ``show_all``: with the solutions of lessons that are not begun; what programs read has them.
    """
    if form == "json":
        from grader.output import report_json

        return json.dumps(report_json.document(report), indent=2) + "\n"
    if form == "human":
        from grader.output import human
        from workshop.terminal import Style, style_of

        style = style_of(stream) if stream else Style()
        return human.render(report, style, way_out, show_all=show_all)
    text: str = import_module(f"grader.output.{form}").render(report)
    return text
