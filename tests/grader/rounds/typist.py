"""Types the steps of a fix as they are printed, one after another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grader.output.steps import step_lines
from grader.step import Command, Edit, Note, Step
from tests.grader import finished
from tests.grader.rounds import by_hand
from tests.grader.rounds.room import Room

_NOTHING_NEW = ("nothing to commit", "nothing added to commit", "no changes added to commit")
"""After a run that left the very same bytes; git ends with 1 then."""


@dataclass
class Typist:
    """Types in ``room``; ``originals`` are its files before any slip, which a person remembers."""

    room: Room
    originals: Mapping[str, bytes]
    log: list[str] = field(default_factory=list)
    stumbles: list[str] = field(default_factory=list)
    edited_by_hand: set[str] = field(default_factory=set)

    def type(self, steps: Iterable[Step]) -> None:
        """Do all ``steps``; a command that fails ends it, as a person would stop there."""
        for step in steps:
            self.log += [f"    {line}" for line in step_lines(step)]
            if isinstance(step, Command):
                if not self._command(step):
                    return
            elif isinstance(step, Note):
                by_hand.heed(step)
            elif step.action == "change":
                by_hand.change(self.room.repo, step, self.originals)
                self.edited_by_hand.add(step.file)
            else:
                self._edit(step)

    def _command(self, step: Command) -> bool:
        """Whether to go on: a pull in vain is followed by what makes the data anew."""
        (line,) = step_lines(step)
        answer = self.room.type(line)
        is_harmless = step.words[:2] == ("git", "commit") and any(
            text in answer.printed for text in _NOTHING_NEW
        )
        if answer.code == 0 or is_harmless:
            return True
        told = answer.printed.strip().splitlines()[-6:]
        self.log += [f"      ! {text}" for text in told]
        self.stumbles.append(f"{line}: {' | '.join(told)[-300:]}")
        return step.words[:2] == ("dvc", "pull")

    def _edit(self, edit: Edit) -> None:
        """Delete or add lines, with the line ends that the file has."""
        place = self.room.repo / edit.file
        text = place.read_bytes().decode("utf-8") if place.exists() else ""
        lines, end = text.splitlines(keepends=True), "\r\n" if "\r\n" in text else "\n"
        at = edit.line or 0
        if edit.action == "delete":
            if not 0 < at <= (edit.last_line or at) <= len(lines):
                raise by_hand.UnknownStepError(f"{edit.file} has no line {edit.last_line}")
            del lines[at - 1 : edit.last_line]
        else:
            if lines[:at] and not lines[at - 1].endswith("\n"):
                lines[at - 1] += end
            lines[at:at] = [line + end for line in edit.lines]
        finished.write(place, "".join(lines).encode())
