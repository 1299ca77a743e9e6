"""Code that a stage runs, that is committed, and that is gone from the folder."""

import re
from pathlib import PurePosixPath

from grader.facts.repository import Repository
from workshop.stages import StageSpec


def gone_code(repository: Repository, spec: StageSpec) -> list[str]:
    """The modules, or whole folders of them, that the stage of ``spec`` cannot run without.

    A module whose name no other one names any more was deleted on purpose.
    """
    here, modules = repository.worktree, repository.head.code(spec).imported()
    gone = [path for path in modules if here.content(path) is None]
    texts = [here.text(path) or "" for path in modules if path not in gone]
    needed = [path for path in gone if _is_named(path, texts)]
    return list(dict.fromkeys(_top(repository, path) for path in needed))


def _is_named(path: str, texts: list[str]) -> bool:
    """Whether a text names the module: the entry of a stage, ``__main__``, is named by none."""
    place = PurePosixPath(path)
    name = place.parent.name if place.stem == "__init__" else place.stem
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    return name == "__main__" or not texts or any(map(pattern.search, texts))


def _top(repository: Repository, path: str) -> str:
    """The topmost folder that is gone with ``path``, or ``path`` itself."""
    gone = [folder for folder in PurePosixPath(path).parents if not _is_there(repository, folder)]
    return str(gone[-1]) if gone else path


def _is_there(repository: Repository, folder: PurePosixPath) -> bool:
    return (repository.root / folder).is_dir()
