"""Deps that are nowhere: neither in the folder, nor at HEAD, nor an out of any stage."""

from collections.abc import Iterable, Iterator, Set
from pathlib import PurePosixPath

from dvcstate import Stage
from grader.close_names import close_names
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.stages.declared_params import has_key
from grader.stages.paths import cover_test, covers, lesson_paths
from grader.stages.storage import files_at_head
from workshop.stages import PARAMS_FILE, STAGES

_ALIKE = 0.75
"""How near a name is that may be meant: ``pipeline/shraed`` is at 0.93 of ``pipeline/shared``."""


def find(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    unread: Iterable[str] = (),
) -> list[str]:
    """The deps of ``stage`` that nothing is at and nothing makes, at HEAD nor in the folder.

    What a lesson's stage reads or writes, and what HEAD alone has, other checks report; but for
    ``unread``, the paths of a lesson that this stage does not read.
    """
    return [
        dep.path
        for dep in stage.deps
        if dep.inside and dep.place and is_nowhere(repository, snapshot, dep.path, unread)
    ]


def is_nowhere(
    repository: Repository, snapshot: Snapshot, path: str, unread: Iterable[str] = ()
) -> bool:
    """Whether nothing is at ``path`` and nothing makes it, at HEAD nor in the folder."""
    own = frozenset(unread)

    def look() -> bool:
        if (repository.root / path).exists() or files_at_head(repository, path):
            return False
        made = snapshot.recall(
            lambda: frozenset(_made_paths(repository, snapshot, own)), "made paths", own
        )
        return not cover_test(made)(path) and not any(covers(path, other) for other in made)

    return snapshot.recall(look, "is nowhere", path, own)


def _made_paths(repository: Repository, snapshot: Snapshot, unread: Set[str]) -> Iterator[str]:
    """What stages and .dvc files make, what lessons name, and links of git."""
    for stage in snapshot.project.stages:
        yield from (out.path for out in stage.outs)
    for spec in STAGES:
        yield from {*lesson_paths(spec, (*spec.reads, *spec.writes))} - unread
    yield from repository.links
    yield from repository.nested_repositories


def key_of(snapshot: Snapshot, path: str) -> str:
    """The param that a dep names: ``train.epochs``, ``params.yaml:train.epochs``; empty if none.

    A section alone may be a folder of that name as well: only who knows the code can say.
    """
    key = path.removeprefix(f"{PARAMS_FILE}:")
    return key if has_key(snapshot, PARAMS_FILE, key) else ""


def meant_path(repository: Repository, snapshot: Snapshot, absent: str) -> str:
    """What ``absent`` may mean: the one path of that name elsewhere, or one that is spelled alike.

    Empty where there is none.
    """
    files = [path for path in repository.tracked_files if not path.startswith(".")]
    folders = {str(folder) for path in files for folder in PurePosixPath(path).parents} - {"."}
    outs = [out.path for stage in snapshot.project.stages for out in stage.outs]
    there = [path for path in dict.fromkeys([*files, *sorted(folders), *outs]) if path]
    name = absent.rpartition("/")[2]
    elsewhere = [path for path in there if path.rpartition("/")[2] == name]
    if len(elsewhere) == 1:
        return elsewhere[0]
    alike = close_names(absent, there, _ALIKE)
    return alike[0] if alike and not covers(alike[0], absent) else ""
