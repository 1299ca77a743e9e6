"""``workshop.toml``: the attendee, where their data goes, and the lessons solved for them."""

import re
import tomllib
from typing import NamedTuple

from grader.finding import UnknownError
from grader.step import Edit

PATH = "workshop.toml"


class Settings(NamedTuple):
    """``remote`` is the attendee's own address, ``raw`` that of the shared raw data.

    ``supplied`` are the ids of the lessons that ``start --at`` solved, ``exercise`` is that of what
    ``start --broken`` made. ``has_gaps``: it was started with ``--gaps``. ``problem`` says
    why nothing else is known.
    """

    attendee: str | None = None
    remote: str | None = None
    raw: str | None = None
    supplied: tuple[str, ...] = ()
    exercise: str | None = None
    has_gaps: bool = False
    problem: UnknownError | None = None


def read_settings(content: bytes | None) -> Settings:
    """The settings in the bytes of the file; all None where there is none."""
    if content is None:
        return Settings()
    try:
        document = tomllib.loads(content.decode("utf-8").replace("\r\n", "\n"))
        return _settings(document.get("workshop", {}))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Settings(problem=_unreadable("it is not UTF-8", line))
    except RecursionError:
        return Settings(problem=_unreadable("it is nested too deeply"))
    except tomllib.TOMLDecodeError as error:
        # "Invalid value (at line 3, column 9)", or "... (at end of document)"
        match = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        what = str(error)[: match.start()] if match else str(error)
        line = int(match[1]) if match else content.count(b"\n") + 1
        return Settings(problem=_unreadable(what, line))
    except UnknownError as problem:
        return Settings(problem=problem)


def _settings(table: object) -> Settings:
    if not isinstance(table, dict):
        raise _unreadable("workshop has to be a table: [workshop]")
    texts = {key: table.get(key) or None for key in ("attendee", "remote", "raw", "exercise")}
    for key, text in texts.items():
        if not isinstance(text, str | None):
            raise _unreadable(f"{key} has to be a text in quotes")
    supplied = table.get("supplied", [])
    if not isinstance(supplied, list):
        raise _unreadable('supplied has to be a list, as ["init"]')
    has_gaps = table.get("gaps") is True
    return Settings(**texts, supplied=tuple(map(str, supplied)), has_gaps=has_gaps)


def _unreadable(problem: str, line: int | None = None) -> UnknownError:
    where = f"{PATH}, line {line}" if line else PATH
    return UnknownError(
        f"{where} cannot be read: {problem}. Where your data goes cannot be checked.",
        Edit(
            PATH,
            "change",
            line,
            text=f"mend it, or bring back what is committed: git checkout HEAD -- {PATH}",
        ),
    )
