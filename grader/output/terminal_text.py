"""Words fitted to a terminal: where they are cut or wrapped."""

import textwrap

from workshop.shell import printable
from workshop.terminal import width_of


def cut(text: str, width: int, plain: bool = False) -> str:
    """As much of ``text`` as fits, with an ellipsis for the rest."""
    if width_of(text) <= width:
        return text
    ellipsis = "..." if plain else "…"
    while text and width_of(text) + len(ellipsis) > width:
        text = text[:-1]
    return (text + ellipsis)[: max(width, 0)]


def wrap(text: str, width: int, indent: str = "  ") -> list[str]:
    """``text`` in lines of at most ``width`` columns, as long as its words are not longer."""
    # A path or a command may hold hyphens, and has to stay in one piece to be copied.
    return textwrap.wrap(
        printable(text), width, initial_indent=indent, subsequent_indent=indent,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
