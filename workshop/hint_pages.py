"""What to do about a message of DVC, of git or of the shell, found by the words that it prints."""

import functools
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent / "lessons" / "hints.toml"
_SHORTEST = 5
"""Fewer characters are in many messages, and lead nowhere."""
_NAME, _LONGEST_NAME = "…", 200
_FILE = re.compile(r"[\w./-]*\w\.(?:yaml|yml|lock|dvc|toml|json)\b")
"""A name that is safe in a shell."""
_UNSEEN = str.maketrans("", "", "'\"`\u2018\u2019\u201c\u201d")


@dataclass(frozen=True)
class HintPage:
    """A message that stops people: ``fact`` and ``why``, what to ``type``, how it is ``seen``.

    ``general``: DVC prints it before another message that says more. ``file`` stands for ``{file}``
    where the message names none.
    """

    id: str
    messages: tuple[str, ...]
    fact: str
    why: str
    type: tuple[str, ...]
    seen: str
    general: bool = False
    file: str = ""

    def about(self, text: str) -> "HintPage":
        """The page with the file that the message in ``text`` names."""
        named = _FILE.search(text)
        file = named[0].removeprefix("./") if named else self.file

        def filled(sentence: str) -> str:
            return sentence.replace("{file}", file)

        lines = tuple(map(filled, self.type))
        fact, why, seen = map(filled, (self.fact, self.why, self.seen))
        return replace(self, fact=fact, why=why, type=lines, seen=seen)


@functools.cache
def pages() -> tuple[HintPage, ...]:
    """All of them, read once."""
    return tuple(_page(table) for table in _document()["hint"])


@functools.cache
def fixes() -> dict[str, tuple[str, ...]]:
    """What to type for each code of the grader's; in place of words in capitals go real names."""
    return {name: tuple(lines) for name, lines in _document()["code"].items()}


@functools.cache
def fixes_of_checks() -> dict[str, tuple[str, ...]]:
    """The same for checks of which their codes say little."""
    return {name: tuple(lines) for name, lines in _document()["check"].items()}


def _document() -> dict[str, Any]:
    return tomllib.loads(PATH.read_text("utf-8"))


def _page(table: dict[str, Any]) -> HintPage:
    return HintPage(**{**table, "messages": tuple(table["messages"]), "type": tuple(table["type"])})


def found(text: str) -> HintPage | None:
    """The page whose message is in ``text``, or has ``text`` in it: of several the closest.

    Case, quotes and white space don't count: a terminal may have broken a line inside of a word.
    """
    pasted = _told(text)
    closest: tuple[tuple[bool, bool, int], HintPage] | None = None
    for page in pages():
        for message in map(_told, page.messages):
            shared = _shared(message, pasted)
            rank = (_is_in(message, pasted), not page.general, shared)
            if shared and (closest is None or rank > closest[0]):
                closest = rank, page
    return closest[1] if closest else None


def _shared(message: str, pasted: str) -> int:
    """How many characters the two have in common where one is in the other, else 0."""
    if _is_in(message, pasted):
        return len(message)
    return len(pasted) if len(pasted) >= _SHORTEST and pasted in message else 0


def _is_in(message: str, pasted: str) -> bool:
    """Whether ``pasted`` has all of ``message``, with a name for each ``…``."""
    if _NAME not in message:
        return message in pasted
    parts = map(re.escape, message.split(_NAME))
    return bool(re.search(f"[^\n]{{0,{_LONGEST_NAME}}}?".join(parts), pasted))


def _told(text: str) -> str:
    return "".join(text.casefold().translate(_UNSEEN).split())
