"""The templates of the page: every text of a repository that goes into one is escaped."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from workshop.shell import printable

TEMPLATES_DIR = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> str:
    """The HTML that a template makes of ``values``; a name that it lacks is an error."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES_DIR),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["shown"] = printable
    environment.filters["number"] = _number
    environment.filters["seconds"] = _seconds
    return environment


def _number(value: float | None, digits: int = 3, sign: bool = False) -> Markup:
    """A number that the page's script writes in the reader's locale; as it is without one."""
    if value is None:
        return Markup("&ndash;")
    text = f"{value:{'+' if sign else ''}.{digits}f}" if isinstance(value, float) else str(value)
    if sign and isinstance(value, int):
        text = f"{value:+d}"
    return Markup('<data class="number" value="{}">{}</data>').format(value, text)


def _seconds(value: float) -> str:
    """A duration as people say it: 15 s, 2 min 5 s."""
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
