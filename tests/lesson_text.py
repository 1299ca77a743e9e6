"""What a lesson's Markdown asks for, step by step: commands to type and files to edit.

A reader and a program take a fenced block for the same thing, by the words after its fence:

``sh``          commands, one a line, for bash and PowerShell alike; ``sh 1`` where the last one is
                to end with the exit code 1; ``sh silent`` where it is to print nothing; ``sh &``
                where it goes on until Ctrl-C, in a terminal of its own
``text``        what the block before prints; ``…`` stands for what is left out or differs
``yaml FILE``   lines to add at the end of FILE (so with any other language and a file)
``diff FILE``   lines of FILE to take out (``-``) and to put in their place (``+``)
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_BLOCK = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


class LessonError(Exception):
    """A lesson that cannot be followed: the text says where and why."""


@dataclass(frozen=True)
class LessonCommand:
    """A line to type: the exit code that it ends with, and lines that it prints, among others.

    ``runs_on``: until Ctrl-C, in a terminal of its own. ``is_silent``: it prints nothing at all.
    """

    text: str
    exit_code: int = 0
    output: tuple[str, ...] = ()
    runs_on: bool = False
    is_silent: bool = False


@dataclass(frozen=True)
class FileAddition:
    """Text to add at the end of a file."""

    file: str
    text: str

    def apply_to(self, text: str) -> str:
        """The file's new text."""
        return text + self.text


@dataclass(frozen=True)
class FileReplacement:
    """Lines to take out of a file, and those to put in their place."""

    file: str
    old: str
    new: str

    def apply_to(self, text: str) -> str:
        """The file's new text; a LessonError where the old lines are not there exactly once."""
        if text.count(self.old) != 1:
            raise LessonError(f"{self.file} has not exactly once:\n{self.old}")
        return text.replace(self.old, self.new)


LessonStep = LessonCommand | FileAddition | FileReplacement


def steps(text: str) -> tuple[LessonStep, ...]:
    """The steps of a lesson in order."""
    result: list[LessonStep] = []
    for block in _BLOCK.finditer(text):
        language, _, argument = block["info"].partition(" ")
        if language == "text":
            _add_output(result, block["body"])
        else:
            result += _block_steps(language, argument, block["body"])
    return tuple(result)


def _block_steps(language: str, argument: str, body: str) -> Iterator[LessonStep]:
    if language == "sh":
        *lines, last = body.splitlines()
        yield from map(LessonCommand, lines)
        exit_code = int(argument) if argument.isdecimal() else 0
        yield LessonCommand(last, exit_code, (), argument == "&", argument == "silent")
    elif language == "diff":
        lines = body.splitlines()
        yield FileReplacement(argument, _diff_side(lines, "-"), _diff_side(lines, "+"))
    elif argument:
        yield FileAddition(argument, body)
    else:
        raise LessonError(f"nobody knows what to do with this {language}:\n{body}")


def _diff_side(lines: Iterable[str], mark: str) -> str:
    """One side of a diff; a line that is on both begins with a space."""
    return "".join(f"{line[1:]}\n" for line in lines if line[:1] in (mark, " "))


def _add_output(result: list[LessonStep], body: str) -> None:
    """A ``text`` block shows what the last command prints."""
    last = result[-1] if result else None
    if not isinstance(last, LessonCommand):
        raise LessonError(f"no command prints this:\n{body}")
    result[-1] = replace(last, output=(*last.output, *body.splitlines()))
