"""What to do about a message of DVC, of git or of the shell, found by the words that it prints."""

import functools
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[1] / "lessons" / "hints.toml"
_SHORTEST = 5
"""Fewer characters are in many messages, and lead nowhere."""
_NAME, _LONGEST_NAME = "…", 200
_SAYS_LITTLE = re.compile(
    r"\b(a|config|configuration|could|denied|did|does|error|exception|fatal|failed|files?|for|found|git|in|is"
    r"|no|not|of|on|permission|such|the|to|unexpected|was|warning)\b"
)
"""Words of most messages: they alone are about nothing."""
_ERROR_LINE = re.compile(r"^\W*(?:error|fatal)\b", re.IGNORECASE | re.MULTILINE)
_FILE = re.compile(r"[\w./-]*\w\.(?:yaml|yml|lock|dvc|toml|json)\b")
"""A name that is safe in a shell."""
_UNSEEN = str.maketrans("", "", "'\"`\u2018\u2019\u201c\u201d")


@dataclass(frozen=True)
class HintPage:
    """A message that stops people: ``fact`` and ``why``, what to ``type``, how it is ``seen``.

    ``general``: DVC prints it before another message that says more. ``notice``: it is printed
    where nothing went wrong, or comes of what did: any other message says more. ``file`` stands for
    ``{file}`` where the message names none.
    """

    id: str
    messages: tuple[str, ...]
    fact: str
    why: str
    type: tuple[str, ...]
    seen: str
    general: bool = False
    notice: bool = False
    file: str = ""

    def about(self, text: str) -> "HintPage":
        """The page with the file that the message in ``text`` names."""
        named = _FILE.search(_decisive(text)) or _FILE.search(text)
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

    What says most comes first: a cause, then an error, then a notice; from the line on that begins
    with ERROR, as DVC and git begin theirs, before what a stage printed above it.
    Case, quotes and white space don't count: a terminal may have broken a line inside of a word.
    """
    pasted = _told(text)
    decisive = _told(_decisive(text))
    part = _part(text)
    closest: tuple[tuple[bool, bool, bool, bool, int], HintPage] | None = None
    for page in pages():
        for message in map(_told, page.messages):
            is_in = _is_in(message, pasted)
            shared = len(message) if is_in else len(part) * (part in message)
            decides = is_in and _is_in(message, decisive)
            rank = (is_in, not page.notice, not page.general, decides, shared)
            if shared and (closest is None or rank > closest[0]):
                closest = rank, page
    return closest[1] if closest else None


def _decisive(text: str) -> str:
    error = _ERROR_LINE.search(text)
    return text[error.start() :] if error else text


def _part(text: str) -> str:
    """What a message has to hold of ``text``: nothing where it could be of any message."""
    telling = re.sub(r"\W", "", _SAYS_LITTLE.sub("", text.casefold()))
    return _told(text) if len(telling) >= _SHORTEST else ""


def _is_in(message: str, pasted: str) -> bool:
    """Whether ``pasted`` has all of ``message``, with a name for each ``…``.

    Not where a name goes on: dvc_gs is not dvc.
    """
    parts = map(re.escape, message.split(_NAME))
    return bool(re.search(f"[^\n]{{0,{_LONGEST_NAME}}}?".join(parts) + "(?!_)", pasted))


def _told(text: str) -> str:
    return "".join(text.casefold().translate(_UNSEEN).split())
