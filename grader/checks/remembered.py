"""Results once found good are known by the hash that dvc.lock records of them.

The folder of posters holds thousands of pictures: DVC's hash says whether any of them changed.
"""

from pathlib import Path

from dvcstate import ProjectError, Stage
from dvcstate.hashes.hash_store import cache_dir
from grader.facts.repository import Repository

_VERSION = 1


def is_good(repository: Repository, stage: Stage, name: str, path: Path) -> bool:
    """Whether what lies in ``path`` was found good before by the judge called ``name``."""
    memory = _memory(repository, stage, name, path)
    return memory is not None and memory.exists()


def remember(repository: Repository, stage: Stage, name: str, path: Path) -> None:
    """Remember that it is, if it is as recorded."""
    memory = _memory(repository, stage, name, path)
    if memory is None:
        return
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.touch()
    except OSError:
        return  # it will be judged again


def _memory(repository: Repository, stage: Stage, name: str, path: Path) -> Path | None:
    """The file whose being there says so; None where ``path`` is no out, or not as recorded.

    The lock in the folder is what it is compared with, whatever HEAD says.
    """
    try:
        states = repository.state.stages
    except ProjectError:  # which another check tells
        return None
    for state in states:
        changed = [one.path for one in state.reasons if one.kind == "out"]
        for out in state.stage.outs if state.stage.name == stage.name else ():
            if out.place == path and out.recorded.md5 and out.path not in changed:
                return cache_dir() / "results" / f"{_VERSION}-{name}-{out.recorded.md5}"
    return None
