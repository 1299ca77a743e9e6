"""What is wrong with the command of a lesson's stage, and the command that is right."""

import re

from dvcstate import Stage
from grader.code.command import calls
from grader.code.stage_code import StageCode, values_of
from grader.facts.snapshot import Snapshot
from workshop.shell import quote
from workshop.stages import STAGES, StageSpec

_SECTIONS = re.compile(r"(?:^|\s)(deps|params|outs|metrics|plots):(?:\s+-\s|\s*$)")
"""A section of a stage as words of a command: ``--out x deps: - data/raw``."""


def has_sections(command: str | list[str] | None) -> bool:
    """Whether sections of the stage are words of its command, by their indentation."""
    return isinstance(command, str) and _SECTIONS.search(command) is not None


def command_fault(
    snapshot: Snapshot, command: str | list[str] | None, spec: StageSpec
) -> str | None:
    """What keeps ``command`` from running the lesson's module, as a sentence goes on."""
    code = snapshot.code(spec)
    if has_sections(command):
        return "has the sections below it as words, since they are indented further than cmd:"
    if _is_cut(snapshot, command, spec):
        return "has several lines, and DVC runs each of them as a command of its own"
    is_ours = code.is_run_by(command)
    if not (is_ours or code.is_of_own_layout):
        return f"does not run {spec.module}"
    given, options = code.given(command), code.options
    lacking = [name for name, is_needed in options.items() if is_needed and not given.get(name)]
    if lacking:
        return f"lacks {', '.join(lacking[:3])}"
    unknown = [name for name in given if name not in options] if options and is_ours else []
    if unknown:
        return f"has {', '.join(unknown[:3])}, which {spec.module} does not know"
    others = other_modules(snapshot, command, spec)
    if others:
        return f"runs {', '.join(others)} as well: DVC cannot run one of them without the other"
    return None


def _is_cut(snapshot: Snapshot, command: str | list[str] | None, spec: StageSpec) -> bool:
    """Whether the lines of ``command`` are right as one, and not as DVC runs them."""
    joined = _one_line(command)
    if not isinstance(command, str) or "\n" not in command.strip() or joined == command:
        return False
    options = [name for name, is_needed in snapshot.code(spec).options.items() if is_needed]
    given, whole = values_of(command, spec), values_of(joined, spec)
    return any(whole.get(name) and not given.get(name) for name in options)


def other_modules(
    snapshot: Snapshot, command: str | list[str] | None, spec: StageSpec
) -> list[str]:
    """The modules of other lessons' stages that ``command`` runs too."""
    others = [other for other in STAGES if other is not spec]
    return [other.module for other in others if snapshot.code(other).is_run_by(command)]


def right_command(snapshot: Snapshot, stage: Stage, spec: StageSpec) -> str | list[str] | None:
    """The stage's own command where it runs the module, else what is nearest to it and does.

    Of lines that belong together, and of several modules, the words of the attendee are kept.
    """
    if _is_right(snapshot, stage.cmd, spec):
        return stage.cmd
    candidates = [_one_line(stage.cmd), _own_call(snapshot.code(spec), stage.cmd, spec)]
    right = (text for text in candidates if text and _is_right(snapshot, text, spec))
    return next(right, spec.command)


def _is_right(snapshot: Snapshot, command: str | list[str] | None, spec: StageSpec) -> bool:
    is_as_file = snapshot.code(spec).misses_its_package(command)
    return command_fault(snapshot, command, spec) is None and not is_as_file


def _one_line(command: str | list[str] | None) -> str:
    """The lines of a command as one: DVC runs each line for itself, continued or not."""
    lines = command.splitlines() if isinstance(command, str) else command or []
    return " ".join(" ".join(line.rstrip().removesuffix("\\") for line in lines).split())


def _own_call(code: StageCode, command: str | list[str] | None, spec: StageSpec) -> str:
    """The call of the lesson's module alone."""
    found = (" ".join(map(quote, words)) for words, *_ in calls(command))
    return next((text for text in found if code.is_run_by(text)), "")
