"""Steps as text that bash and PowerShell both take as it stands.

A command is a line; an edit and a note are comments, which both shells pass over when they are
pasted with the commands that follow.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from grader.engine.check_result import CheckResult
from grader.engine.next_action import NextAction
from grader.step import Command, Edit, Step
from workshop.course import lesson_index
from workshop.course.exercises import EXERCISE, PAGE
from workshop.shell import command_line, printable, stop_block


def fix_text(steps: Iterable[Step]) -> str | None:
    """The lines of all steps, as ``fix`` in JSON has them; None where there is none."""
    return "\n".join(line for step in steps for line in step_lines(step)) or None


def step_lines(step: Step) -> list[str]:
    """The lines of one step: several where an edit adds lines to a file."""
    if isinstance(step, Command):
        return [command_line(step.words)]
    texts = _edit_texts(step) if isinstance(step, Edit) else [step.text]
    return [f"# {printable(text)}" for text in texts]


def block_lines(steps: Sequence[Step]) -> Iterator[tuple[Step, list[str]]]:
    """Each step with its lines as they are shown: a commit waits for the run before it.

    Whoever pastes a block does not see that its first line failed before the last one has run.
    """
    pending = list(steps)
    while pending:
        chain = [step for step in pending[: _length_of_chain(pending)] if isinstance(step, Command)]
        if len(chain) > 1:
            lines = stop_block([command_line(step.words) for step in chain])
            yield from ((step, [line]) for step, line in zip(chain, lines, strict=True))
        else:
            yield pending[0], step_lines(pending[0])
        del pending[: max(1, len(chain))]


def _length_of_chain(steps: Sequence[Step]) -> int:
    """How many steps from the first on are a command of DVC and what git does with what it left."""
    first = steps[0]
    if not isinstance(first, Command) or first.words[0] != "dvc":
        return 1
    rest = takewhile(lambda step: isinstance(step, Command) and step.words[0] == "git", steps[1:])
    return 1 + len(list(rest))


def lines_under_headings(parts: Iterable[tuple[str, list[str]]], indent: str) -> list[str]:
    """The lines of each part under its heading, which is not repeated for the next part."""
    lines: list[str] = []
    above = ""
    for heading, texts in parts:
        lines += [heading] * (heading != above)
        lines += [f"{indent}{text}" for text in texts]
        above = heading
    return lines


def _edit_texts(edit: Edit) -> list[str]:
    if edit.action == "delete":
        last = edit.last_line or edit.line
        span = f"line {edit.line}" if last == edit.line else f"lines {edit.line} to {last}"
        return [f"{edit.file}: delete {span}"]
    if edit.action == "add":
        return [f"{edit.file}: below line {edit.line} add:", *edit.lines]
    return [f"{_place(edit)}: {edit.text}"]


def _place(edit: Edit) -> str:
    """The file, and the line or the stage that is changed in it."""
    if edit.stage:
        return f"{edit.file}, stage {edit.stage}"
    return f"{edit.file}, line {edit.line}" if edit.line else edit.file


def lesson_file(lesson: str) -> str:
    """Where `grader start` puts the text of a lesson, or of an exercise."""
    return PAGE if lesson == EXERCISE else f"{lesson_index.FOLDER}/{lesson}.md"


def lesson_place(result: CheckResult) -> str:
    """Where a lesson says what to do about ``result``: its text, or the part of it."""
    file = lesson_file(result.told_in or result.lesson)
    return f'"{result.planted.section}" in {file}' if result.planted else file


def unsolved(result: CheckResult) -> str:
    """What does not hold, without what the lesson has the attendee find."""
    return f"Not so yet: {result.title}. The lesson has you find out why."


def next_line(action: NextAction) -> str:
    """The first command of a fix; of an edit only its place, for it takes several lines.

    Of a task of a lesson, or a fault that it planted, the lesson: `grader hint --step 3` solves it.
    """
    if action.result.told_in:
        return f"do what {lesson_place(action.result)} says"
    if action.step is None:
        return "grader check"
    if isinstance(action.step, Edit):
        edit = action.step
        place = _place(edit) if edit.action == "change" and not edit.stage else edit.file
        about = action.result.blocked_by or action.result.id
        return printable(f"edit {place}, as told for {about}")
    if isinstance(action.step, Command):
        return step_lines(action.step)[0]
    return f"{printable(action.step.text)} (by hand)"
