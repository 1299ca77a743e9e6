"""Results once found good are known by the hash that dvc.lock records of them.

The folder of posters holds thousands of pictures: DVC's hash says whether any of them changed.
"""

import contextlib
from pathlib import Path

from dvcstate import ProjectError, Stage
from dvcstate.hashes.hash_store import cache_dir
from grader.facts.repository import Repository

_VERSION = 2
"""Higher whenever a judge asks for more: what was good by an earlier one is judged again."""


def is_good(repository: Repository, stage: Stage, name: str, path: Path) -> bool:
    """Whether what is in ``path`` was found good before by the judge called ``name``."""
    marker = _marker_path(repository, stage, name, path)
    return marker is not None and marker.exists()


def remember_good(repository: Repository, stage: Stage, name: str, path: Path) -> None:
    """Remember that what is in ``path`` is good, if it is as recorded."""
    marker = _marker_path(repository, stage, name, path)
    if marker:
        with contextlib.suppress(OSError):  # it will be judged again
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch()


def _marker_path(repository: Repository, stage: Stage, name: str, path: Path) -> Path | None:
    """The file whose being there says so; None where ``path`` is no out, or not as recorded.

    The lock in the folder is what it is compared with, whatever HEAD says.
    """
    try:
        states = repository.state.stages
    except ProjectError:  # which another check reports
        return None
    for state in states:
        changed = [reason.path for reason in state.reasons if reason.kind == "out"]
        for out in state.stage.outs if state.stage.name == stage.name else ():
            if repository.root / out.path == path and out.recorded.md5 and out.path not in changed:
                # With the end of its name, for the same bytes may be good as .yaml, not as .json.
                known = f"{_VERSION}-{name}-{out.recorded.md5}{path.suffix}"
                return cache_dir() / "results" / known
    return None
