"""What bash and PowerShell both take as it stands: words, and texts in a program of one line.

And what each of them has of its own to stop a block of lines, ``stop_block``.

The names in a fix are an attendee's, or whoever's repository was cloned: each goes through
``quote``, ``literal`` or ``printable``, so that no shell runs or expands a part of it.
"""

import os
from collections.abc import Sequence
from pathlib import Path


def quote(text: str) -> str:
    """``text`` as both shells take it for one word, and run nothing in it.

    Between double quotes stands what neither of them expands there, between single quotes the rest,
    which both take as it is. What has apostrophes as well has no form that both know: it is shown
    with a ``?`` for each of its odd characters, which at worst names no file.
    """
    if text and text[0] not in "@=%" and all(c.isalnum() or c in _PLAIN for c in text):
        return text
    return in_quotes(text)


def is_quotable(text: str) -> bool:
    """Whether ``quote`` gives back all of ``text``."""
    return text.isprintable() and not (set(text) & _DOUBLE and set(text) & _SINGLE)


def in_quotes(text: str) -> str:
    """The same, with quotes around a word that needs none."""
    if not set(text) & _DOUBLE and text.isprintable():
        return f'"{text}"'
    if is_quotable(text):
        return f"'{text}'"
    odd = _DOUBLE | _SINGLE
    return "'" + "".join("?" if c in odd or not c.isprintable() else c for c in text) + "'"


_PLAIN = "/._-+=:@%"
_DOUBLE = frozenset('"$`\\!\u201c\u201d\u201e')
"""What ends or expands between double quotes: PowerShell takes typographic quotes for plain ones,
and bash looks up ``!`` in its history."""
_SINGLE = frozenset("'\u2018\u2019\u201a\u201b")
"""What ends single quotes."""


def command_line(words: tuple[str, ...]) -> str:
    """The words of a command in one line, in which both shells take each for one word."""
    written = []
    for before, word in zip(("", *words), words, strict=False):
        if before == "-m" and words[:2] == ("git", "commit"):
            written.append(in_quotes(word))  # a message of one word too, as everybody writes it
        elif before == "-c" and words[0] == "python":
            # By ``literal`` no text in it holds what a shell expands; its apostrophes and escapes
            # are more than ``quote`` would take.
            written.append(f'"{word}"')
        else:
            written.append(quote(word))
    return " ".join(written)


def stop_block(lines: Sequence[str], *, is_powershell: bool | None = None) -> list[str]:
    """``lines`` to paste as one block, in which none is run after one that failed.

    A line break alone stops nothing. Windows PowerShell 5 has no ``&&``:
    https://learn.microsoft.com/powershell/scripting/whats-new/differences-from-windows-powershell
    """
    if _is_powershell() if is_powershell is None else is_powershell:
        return [*lines[:1], *(f"if ($LASTEXITCODE -eq 0) {{ {line} }}" for line in lines[1:])]
    return [*(f"{line} &&" for line in lines[:-1]), *lines[-1:]]


def _is_powershell() -> bool:
    """Whether the attendee types in PowerShell: on Windows, but for Git Bash."""
    return os.name == "nt" and "MSYSTEM" not in os.environ


def literal(text: str) -> str:
    """``text`` in Python, for ``python -c``: what a shell might take for its own is escaped."""
    return "'" + "".join(c if _is_plain(c) else _escape(c) for c in text) + "'"


def _is_plain(char: str) -> bool:
    return char.isalnum() or char in "/._-+=:@%~ ,"


def _escape(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def cd_command(folder: Path) -> str:
    """How to go into a folder from here; some names have no form that every shell takes."""
    try:
        path = Path(os.path.relpath(folder)).as_posix()
    except ValueError:  # on another drive of Windows
        path = folder.as_posix()
    if not is_quotable(path):
        return f"go into the folder {printable(path)}"
    return f"cd {quote(path if not path.startswith('-') else f'./{path}')}"


def printable(text: str) -> str:
    """``text`` on one line, and nothing in it that moves a cursor."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
