"""What to do about a message of DVC, of git or of the shell, found by the words that it prints."""

import functools
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from workshop.shell import is_quotable, quote

PATH = Path(__file__).parents[1] / "lessons" / "hints.toml"
_SHORTEST = 5
"""Fewer characters are in many messages: a search for them finds a wrong page."""
_NAME, _LONGEST_NAME = "…", 200
_COMMON_WORDS = re.compile(
    r"\b(a|config|configuration|could|denied|did|does|error|exception|fatal|failed|files?|for|found|git|in|is"
    r"|no|not|of|on|permission|such|the|to|unexpected|was|warning)\b"
)
"""Words of most messages: they alone name none."""
_ALIKE, _MOST_WORDS = 0.85, 60
"""How alike a misspelt word is (difflib's ratio), and how many words of a log are looked at."""
_ERROR_LINE = re.compile(r"^\W*(?:error|fatal)\b", re.IGNORECASE | re.MULTILINE)
_FILE = re.compile(r"[\w./-]*\w\.(?:yaml|yml|lock|dvc|toml|json)\b")
"""``dvc.yaml`` or ``data/raw.dvc``: a name that is safe in a shell."""
_QUOTES = str.maketrans("", "", "'\"`\u2018\u2019\u201c\u201d")


@dataclass(frozen=True)
class HintPage:
    """A message that stops people: ``fact`` and ``why``, what to ``type``, how it is ``seen``.

    ``general``: DVC prints it before another message that says more. ``notice``: it is printed
    where nothing went wrong, or because of what did: any other message says more. ``file`` stands
    for ``{file}`` where the message names none, and ``name`` for ``{name}``.
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
    name: str = ""

    def fill_in(self, text: str) -> "HintPage":
        """The page with the file and the name that the message in ``text`` has."""
        match = _FILE.search(_from_error_on(text)) or _FILE.search(text)
        file = match[0].removeprefix("./") if match else self.file
        name = quote(_name_in(text, self.messages) or self.name)
        fact, why, seen, *lines = (
            line.replace("{file}", file).replace("{name}", name)
            for line in (self.fact, self.why, self.seen, *self.type)
        )
        return replace(self, fact=fact, why=why, type=tuple(lines), seen=seen)


@functools.cache
def pages() -> tuple[HintPage, ...]:
    """All of them, read once."""
    return tuple(
        HintPage(**{**table, "messages": tuple(table["messages"]), "type": tuple(table["type"])})
        for table in tomllib.loads(PATH.read_text("utf-8"))["hint"]
    )


def find_page(text: str) -> HintPage | None:
    """The page whose message is in ``text``, or has ``text`` in it: of several the closest.

    A cause is closer than an error, an error than a notice, and what begins with ERROR, as DVC and
    git begin theirs, than what a stage printed above it. Case, quotes and white space do not count:
    a terminal may have broken a line inside of a word.
    """
    pasted = _normalise(text)
    decisive = _normalise(_from_error_on(text))
    words = _search_words(text)
    best: tuple[tuple[bool, bool, bool, bool, int], HintPage] | None = None
    for page in pages():
        for message in map(_normalise, page.messages):
            is_whole = _has_message(pasted, message)
            shared = len(message) if is_whole else len(words) * (words in message)
            is_decisive = is_whole and _has_message(decisive, message)
            rank = (is_whole, not page.notice, not page.general, is_decisive, shared)
            if shared and (best is None or rank > best[0]):
                best = rank, page
    return best[1] if best else None


def close_messages(text: str, at_most: int = 3) -> list[str]:
    """The messages that share most words with ``text``, each of another page; none may be close.

    A word of many messages says little, and one that is nearly as long may be misspelt.
    """
    from difflib import get_close_matches  # which only a message that is not known needs

    words_of = {page: [(m, _words(m)) for m in page.messages] for page in pages()}
    count = Counter(w for all_ in words_of.values() for w in {w for _, ws in all_ for w in ws})
    meant = {w for typed in _words(text) for w in get_close_matches(typed, count, 2, _ALIKE)}
    closest = []
    for messages in words_of.values():
        scores = [(sum(1 / count[w] for w in ws & meant), m) for m, ws in messages]
        score, message = max(scores, key=lambda each: each[0])
        if score:
            closest.append((score, message))
    closest.sort(key=lambda each: -each[0])
    return [message for score, message in closest if score * 4 >= closest[0][0]][:at_most]


def _words(text: str) -> set[str]:
    words = re.findall(r"[^\W\d_]{4,}", _COMMON_WORDS.sub(" ", text.casefold()))
    return {*words[:_MOST_WORDS]}


def _name_in(text: str, messages: tuple[str, ...]) -> str | None:
    """What ``text`` has for the ``…`` of one of ``messages``; None where a line breaks in it."""
    for message in messages:
        if _NAME in message:
            before, after = (_as_broken(part) for part in message.split(_NAME, 1))
            found = re.search(f"{before}(.{{1,{_LONGEST_NAME}}}?){after}", text)
            if found and is_quotable(found[1]):
                return found[1]
    return None


def _as_broken(part: str) -> str:
    """The regular expression of a part of a message in which a terminal may break lines."""
    return r"\s+".join(map(re.escape, part.split(" ")))


def _from_error_on(text: str) -> str:
    match = _ERROR_LINE.search(text)
    return text[match.start() :] if match else text


def _search_words(text: str) -> str:
    """What a message has to hold of ``text``: nothing where many messages hold that."""
    rest = re.sub(r"\W", "", _COMMON_WORDS.sub("", text.casefold()))
    return _normalise(text) if len(rest) >= _SHORTEST else ""


def _has_message(pasted: str, message: str) -> bool:
    """Whether ``pasted`` has all of ``message``, with a name for each ``…``."""
    parts = map(re.escape, message.split(_NAME))
    # Not where a name goes on: "no module named dvc" is not in "no module named dvc_gs".
    return bool(re.search(f"[^\n]{{0,{_LONGEST_NAME}}}?".join(parts) + "(?!_)", pasted))


def _normalise(text: str) -> str:
    return "".join(text.casefold().translate(_QUOTES).split())
