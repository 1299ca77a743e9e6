"""Paths that a stage's command reads and at which nothing is: a slip in ``--raw data/row``."""

import re

from dvcstate import Stage
from grader.code.stage_code import StageCode, values_of
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.stages import absent_deps
from grader.stages.paths import command_paths
from workshop.stages import StageSpec

Command = str | list[str] | None


def find(
    repository: Repository, snapshot: Snapshot, stage: Stage, code: StageCode
) -> dict[str, str]:
    """The options with such a path, and the path; the lesson's own is there for each."""
    spec, given = code.stage, code.values(stage.cmd)
    lesson = code.given(spec.command)
    options = (*spec.reads, *["--params"] * bool(spec.sections))
    paths = {option: [*command_paths(repository, stage, code, (option,))] for option in options}
    return {
        option: given[option]
        for option in options
        if paths[option]
        and given.get(option, "") != lesson[option]
        and all(absent_deps.is_nowhere(repository, snapshot, path) for path in paths[option])
        and (repository.root / lesson[option]).exists()
    }


def replace(command: Command, absent: dict[str, str], spec: StageSpec) -> Command:
    """``command`` with the lesson's path in place of each in ``absent``; a list stays as it is."""
    lesson = values_of(spec.command, spec)
    for option, path in absent.items() if isinstance(command, str) else ():
        pattern = rf"(?<={re.escape(option)})([\s=]+)[\"']?{re.escape(path)}[\"']?(?=\s|$)"
        command = re.sub(pattern, rf"\g<1>{lesson[option]}", str(command))
    return command
