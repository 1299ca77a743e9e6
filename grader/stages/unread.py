"""What a stage runs that is not read here: scripts of a shell, and notebooks."""

from dvcstate import Stage
from grader.code.command import unread_programs
from grader.facts.repository import Repository


def find_unread(repository: Repository, stage: Stage) -> list[str]:
    """The scripts and notebooks of the repository that the command of ``stage`` runs, by path."""
    paths = [f"{stage.wdir}/{path}" if stage.wdir else path for path in unread_programs(stage.cmd)]
    known = repository.committed_files
    return [path for path in paths if path in known or (repository.root / path).is_file()]
