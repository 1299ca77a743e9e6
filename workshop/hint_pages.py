"""What to do about a message of DVC, of git or of the shell, found by the words that it prints."""

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent / "lessons" / "hints.toml"
_SHORTEST = 5
"""Fewer characters are in many messages, and lead nowhere."""
_UNSEEN = str.maketrans("", "", "'\"`\u2018\u2019\u201c\u201d")


@dataclass(frozen=True)
class HintPage:
    """A message that stops people: ``fact`` and ``why``, what to ``type``, how it is ``seen``."""

    id: str
    messages: tuple[str, ...]
    fact: str
    why: str
    type: tuple[str, ...]
    seen: str


@functools.cache
def pages() -> tuple[HintPage, ...]:
    """All of them, read once."""
    return tuple(_page(table) for table in tomllib.loads(PATH.read_text("utf-8"))["hint"])


def _page(table: dict[str, Any]) -> HintPage:
    return HintPage(**{**table, "messages": tuple(table["messages"]), "type": tuple(table["type"])})


def found(text: str, among: Iterable[HintPage] | None = None) -> HintPage | None:
    """The page whose message is in ``text``, or has ``text`` in it; of several, the longest's.

    Case, quotes and white space don't count: a terminal may have broken a line inside of a word.
    """
    pasted = _told(text)
    best: tuple[int, HintPage] | None = None
    for page in pages() if among is None else among:
        for message in page.messages:
            shared = _shared(_told(message), pasted)
            if shared and (best is None or shared > best[0]):
                best = shared, page
    return best[1] if best else None


def _shared(message: str, pasted: str) -> int:
    """How many characters the two have in common where one is in the other, else 0."""
    if message in pasted:
        return len(message)
    return len(pasted) if len(pasted) >= _SHORTEST and pasted in message else 0


def _told(text: str) -> str:
    return "".join(text.casefold().translate(_UNSEEN).split())
