"""What a terminal can show, and how many of its columns a text takes."""

import os
import shutil
import sys
import unicodedata
from typing import NamedTuple, TextIO

_WIDTH, _NARROWEST = 80, 40


class Style(NamedTuple):
    """How wide, and with what: ``colour`` on a terminal only, ``plain`` where ASCII has to do."""

    width: int = _WIDTH
    colour: bool = False
    plain: bool = False


def style_of(stream: TextIO) -> Style:
    """The style for a stream: no colour in a pipe, on a dumb terminal or where NO_COLOR is set.

    As wide as a narrow terminal, and never wider than 80 columns.
    """
    is_terminal = stream.isatty()
    is_dumb = os.environ.get("TERM") == "dumb"
    colour = is_terminal and not is_dumb and not os.environ.get("NO_COLOR")
    columns = shutil.get_terminal_size((_WIDTH, 24)).columns if is_terminal else _WIDTH
    width = max(_NARROWEST, min(columns, _WIDTH))
    if colour and sys.platform == "win32":
        os.system("")  # noqa: S605, S607 - makes the console of Windows understand colours
    try:
        "✓●✗○❄↑".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return Style(width, colour, plain=True)
    return Style(width, colour)


def width_of(text: str) -> int:
    """The columns that ``text`` takes: Chinese and Japanese letters two, combining accents none."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def pad_text(text: str, width: int) -> str:
    """``text`` followed by spaces, ``width`` columns in all."""
    return text + " " * (width - width_of(text))
