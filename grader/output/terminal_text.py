"""Words fitted to a terminal: how wide they are, where they are cut or wrapped."""

import textwrap
import unicodedata

from workshop.shell import printable


def width_of(text: str) -> int:
    """The columns that ``text`` takes: those of Chinese and Japanese are two each."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def pad(text: str, width: int) -> str:
    """``text`` followed by spaces, ``width`` columns in all."""
    return text + " " * (width - width_of(text))


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
    return textwrap.wrap(
        printable(text), width, initial_indent=indent, subsequent_indent=indent,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
