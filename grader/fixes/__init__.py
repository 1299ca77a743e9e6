"""The steps that many fixes are made of."""

from collections.abc import Iterable

from grader.step import Command, Edit, Note, Step
from workshop.shell import is_quotable, literal

__all__ = [
    "add", "change", "command", "commit", "commit_staged", "delete", "is_quotable",
    "join", "literal", "note", "python",
]  # fmt: skip


def command(*words: str) -> Command:
    """A command; no word is quoted."""
    return Command(words)


def commit(paths: Iterable[str], message: str, *, force: bool = False) -> tuple[Step, ...]:
    """Commit ``paths``; ``force`` takes in what git ignores."""
    return command("git", "add", *["--force"] * force, *paths), commit_staged(message)


def commit_staged(message: str) -> Command:
    """Commit what is staged."""
    return command("git", "commit", "-m", message)


def python(code: str, *options: str) -> Command:
    """A Python program of one line; its texts are from ``literal``, and it has no double quote."""
    if '"' in code:
        raise ValueError(f"a double quote would end the program for a shell: {code}")
    return command("python", *options, "-c", code)


def delete(file: str, line: int, last_line: int | None = None) -> Edit:
    """Delete a line of ``file``, or all up to ``last_line``."""
    return Edit(file, "delete", line, last_line or line)


def add(file: str, below: int, *lines: str) -> Edit:
    """Add ``lines`` below a line of ``file``; 0 is its beginning."""
    return Edit(file, "add", below, lines=lines)


def change(file: str, text: str, *, line: int | None = None, stage: str | None = None) -> Edit:
    """Change ``file`` as ``text`` says, in a line or a stage where these are known."""
    return Edit(file, "change", line, text=text, stage=stage)


def note(text: str) -> Note:
    """Something that no command and no edit does."""
    return Note(text)


def join(names: Iterable[str], at_most: int = 3) -> str:
    """Names for a sentence: the first few, and how many more."""
    names = list(names)
    rest = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {rest} more" if rest > 0 else "")
