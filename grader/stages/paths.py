"""Paths of stages: those that a command names, and how two of them lie to each other."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from dvcstate import Stage
from grader.code.command import join
from grader.code.stage_code import StageCode
from grader.facts.repository import Repository
from workshop.stages import StageOut, StageSpec

# "$PWD/data/raw", "%CD%\data\raw": the folder that DVC runs the command in.
_CURRENT_FOLDER = re.compile(r"^(?:\$PWD|\$\{PWD\}|%CD%)[/\\]")
_EXPANDED_BY_A_SHELL = ("~", "$", "%")
"""How a path begins that only a shell knows; ``pipeline.portable`` reports those of a home."""


def command_paths(
    repository: Repository, stage: Stage, code: StageCode, options: tuple[str, ...]
) -> Iterator[str]:
    """The paths, from the root on, that the command of ``stage`` gives to ``options``.

    The files in a folder of several. ``code`` is that of its lesson's stage.
    """
    values, folder = code.values(stage.cmd), code.folder(stage.cmd)
    for option in options:
        path = _CURRENT_FOLDER.sub("", values.get(option, ""))
        path = path.replace("\\", "/").rstrip("/")
        path = path.removeprefix(f"{repository.root.as_posix()}/")
        if path and not path.startswith(_EXPANDED_BY_A_SHELL):
            path = join(folder, path)  # as DVC shows it
            names = code.stage.names_in(option)
            yield from (f"{path}/{name}" for name in names) if names else [path]


def command_outs(repository: Repository, stage: Stage, code: StageCode) -> dict[str, StageOut]:
    """What the command of ``stage`` writes, by the path that it gives."""
    return {
        path: out
        for out in code.stage.outs
        for path in command_paths(repository, stage, code, (out.option,))
        if not out.in_folder or path.endswith(f"/{out.path.rpartition('/')[2]}")
    }


def lesson_paths(spec: StageSpec, options: tuple[str, ...]) -> list[str]:
    """The paths that the lesson's own command gives to ``options``."""
    return [path.path for path in (*spec.deps, *spec.outs) if path.option in options]


def lesson_outs(spec: StageSpec) -> dict[str, StageOut]:
    """What the lesson's own command writes, by path."""
    return {out.path: out for out in spec.outs}


def is_around(root: Path, place: Path | None) -> bool:
    """Whether ``place`` is the repository itself, or a folder that it is in: ``deps: [.]``."""
    return place is not None and root.is_relative_to(place)


def covers(outer: str, path: str) -> bool:
    """Whether a dep or out of the path ``outer`` takes in ``path``."""
    if path == outer or outer == ".":
        return True
    folder = outer.rstrip("/")  # asked 8,000 times in a grade: most end at the next comparison
    return path.startswith(folder) and path[len(folder) : len(folder) + 1] == "/"


def cover_test(outers: Iterable[str]) -> Callable[[str], bool]:
    """Says of a path whether any of ``outers`` `covers` it, in one comparison for all of them."""
    known = frozenset(outers)
    starts = tuple(f"{outer.rstrip('/')}/" for outer in known)
    return lambda path: path in known or path.startswith(starts) or "." in known


def paths_overlap(path: str, other: str) -> bool:
    """Whether one of two paths takes in the other."""
    return covers(path, other) or covers(other, path)


def gitignore_beside(path: str) -> str:
    """The .gitignore that DVC writes for an out or the data of a .dvc file: in the same folder."""
    return "/".join([*path.split("/")[:-1], ".gitignore"])
