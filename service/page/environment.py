"""The templates of the page: every text of a repository that goes into one is escaped."""

import math
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from workshop.shell import printable

_ENDLESS = "a very long number"
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
    environment.filters["shown_lines"] = _printable_lines
    environment.filters["cut"] = cut
    environment.filters["number"] = _number
    environment.filters["seconds"] = _seconds
    return environment


def _printable_lines(text: str) -> str:
    """``printable`` for each line: of a command, or a file."""
    return "\n".join(map(printable, text.split("\n")))


def cut(value: object, at_most: int) -> str:
    """The start of a value, with a mark where it goes on."""
    try:
        text = str(value)
    except ValueError:  # a whole number of more than 4,300 digits
        return _ENDLESS
    return text if len(text) <= at_most else f"{text[: at_most - 1]}…"


def _number(value: float | None, digits: int = 3, sign: bool = False) -> str:
    """A number that the page's script writes in the reader's locale; as it is without one."""
    if value is None:
        return Markup("&ndash;")
    if isinstance(value, bool):
        return str(value).lower()
    plus = "+" if sign else ""
    if isinstance(value, int):
        # Past 2**53 a script would round it.
        text = f"{value:{plus}d}" if abs(value) <= 2**53 else cut(value, 24)
        is_plain = abs(value) <= 2**53
    else:
        is_plain = value == 0 or 0.5 * 10**-digits <= abs(value) < 1e9 or digits < 3
        text = f"{value:{plus}.{digits}f}" if is_plain else f"{value:{plus}.{digits}g}"
    if not is_plain or not math.isfinite(value):
        return text
    return Markup('<data class="number" value="{}">{}</data>').format(value, text)


def _seconds(value: float) -> str:
    """A duration as people say it: 15 s, 2 min 5 s."""
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
