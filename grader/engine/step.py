"""What an attendee has to do, step by step: types, which are made into text where they are shown.

A fix is a sequence of steps. Nothing here is quoted: ``grader.output.steps`` writes a command as a
line that bash and PowerShell take, and an edit or a note as a comment.
"""

from dataclasses import dataclass, field
from typing import Literal

Action = Literal["delete", "add", "change"]


@dataclass(frozen=True)
class Command:
    """A program and its arguments, each word as the program gets it."""

    kind: Literal["command"] = field(default="command", init=False)
    words: tuple[str, ...]


@dataclass(frozen=True)
class Edit:
    """A change to ``file`` that no command makes.

    delete: the lines from ``line`` to ``last_line``. add: ``lines`` below ``line``. change: what
    ``text`` says, in ``line`` or in the ``stage`` of a dvc.yaml where these are known. Lines count
    from 1.
    """

    kind: Literal["edit"] = field(default="edit", init=False)
    file: str
    action: Action
    line: int | None = None
    last_line: int | None = None
    lines: tuple[str, ...] = ()
    stage: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Note:
    """Something to know or to do that is neither a command nor an edit of a file."""

    kind: Literal["note"] = field(default="note", init=False)
    text: str


Step = Command | Edit | Note
