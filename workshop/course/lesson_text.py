"""What a lesson's Markdown asks for, step by step: commands to type and files to edit.

A reader and a program take a fenced block for the same thing, by the words after its fence:

``sh``          commands, one a line, for bash and PowerShell alike; ``sh 1`` where the last one is
                to end with the exit code 1; ``sh &`` where it goes on until Ctrl-C, in a terminal
                of its own
``text``        what the block before prints; ``…`` stands for what is left out or differs
``yaml FILE``   lines to add at the end of FILE (so with any other language and a file)
``diff FILE``   lines of FILE to take out (``-``) and to put in their place (``+``)

What is for one kind of remote alone stands between ``<!-- remote: KIND -->`` and
``<!-- remote: any -->``. The kind ``import`` is for raw data that comes out of a bucket.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

ANY = "any"
_BLOCK = re.compile(
    r"^<!-- remote: (?P<remote>\w+) -->$|^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class LessonError(Exception):
    """A lesson that cannot be followed: the text says where and why."""


@dataclass(frozen=True)
class Command:
    """Something to type: how it is to end, and what it is to print among other things."""

    text: str
    exit_code: int = 0
    output: tuple[str, ...] = ()
    goes_on: bool = False


@dataclass(frozen=True)
class Addition:
    """Text to add at the end of a file."""

    file: str
    text: str

    def applied(self, text: str) -> str:
        """The file's new text."""
        return text + self.text


@dataclass(frozen=True)
class Replacement:
    """Lines to take out of a file, and those to put in their place."""

    file: str
    old: str
    new: str

    def applied(self, text: str) -> str:
        """The file's new text; a LessonError where the old lines are not there exactly once."""
        if text.count(self.old) != 1:
            raise LessonError(f"{self.file} has not exactly once:\n{self.old}")
        return text.replace(self.old, self.new)


Step = Command | Addition | Replacement


def steps(text: str, remote: str) -> tuple[Step, ...]:
    """The steps of a lesson, for whoever uses the kind ``remote`` of remote, in order."""
    found: list[Step] = []
    kind = ANY
    for block in _BLOCK.finditer(text):
        if block["remote"]:
            kind = block["remote"]
        elif kind in (ANY, remote):
            language, _, argument = block["info"].partition(" ")
            if language == "text":
                _expect(found, block["body"])
            else:
                found += _steps(language, argument, block["body"])
    return tuple(found)


def remotes(text: str) -> set[str]:
    """The kinds of remote that a lesson has words for."""
    return {block["remote"] for block in _BLOCK.finditer(text)} - {None, ANY}


def _steps(language: str, argument: str, body: str) -> Iterator[Step]:
    if language == "sh":
        *before, last = body.splitlines()
        yield from map(Command, before)
        goes_on = argument == "&"
        yield Command(last, 0 if goes_on else int(argument or 0), goes_on=goes_on)
    elif language == "diff":
        lines = body.splitlines()
        yield Replacement(argument, _side(lines, "-"), _side(lines, "+"))
    elif argument:
        yield Addition(argument, body)
    else:
        raise LessonError(f"nobody knows what to do with this {language}:\n{body}")


def _side(lines: Iterable[str], mark: str) -> str:
    """One side of a diff; a line that is on both begins with a space."""
    return "".join(f"{line[1:]}\n" for line in lines if line[:1] in (mark, " "))


def _expect(found: list[Step], body: str) -> None:
    """What is shown is printed by the last command."""
    last = found[-1] if found else None
    if not isinstance(last, Command):
        raise LessonError(f"no command prints this:\n{body}")
    found[-1] = replace(last, output=(*last.output, *body.splitlines()))
