"""The raw data, and whether .dvc files record the data that is in the folder."""

from collections.abc import Iterable
from typing import NamedTuple

from dvcstate import Project, ProjectError, Stage
from dvcstate.model import Out
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.stages.paths import covers

RAW = "data/raw"
RAW_PARTS = (f"{RAW}/Images", f"{RAW}/train.csv")
"""What the pipeline reads of it."""


def are_cached(repository: Repository, md5s: Iterable[str]) -> bool:
    """Whether DVC's cache has all that was recorded, the files of folders included."""
    objects = repository.objects
    return all(objects.path(name).exists() for md5 in md5s for name in objects.names(md5))


def records_other_data(repository: Repository, snapshot: Snapshot, path: str) -> bool:
    """Whether a .dvc file names other data than the folder has, and HEAD's names just that."""
    try:
        here = [stage for stage in repository.worktree.project.stages if stage.file == path]
        head = [stage for stage in snapshot.project.stages if stage.file == path]
    except ProjectError:  # other checks report it
        return False
    recorded = {out.path: out.recorded.md5 for stage in head for out in stage.outs}
    outs = [out for stage in here for out in stage.outs if path.endswith(".dvc")]
    return any(
        out.place is not None
        and out.recorded.md5 != recorded.get(out.path)
        and repository.md5_of(out.place) == recorded.get(out.path, "")
        for out in outs
    )


class MisreadOut(NamedTuple):
    """An out of a .dvc file whose path is written from the root: DVC reads it from the file."""

    stage: Stage
    out: Out
    meant: str


def misread_outs(repository: Repository, project: Project) -> list[MisreadOut]:
    """The outs of .dvc files that lead to a folder inside of the one that is meant, and is there.

    ``path: data/raw`` in ``data/raw.dvc`` is ``data/data/raw``.
    """
    stages = [stage for stage in project.stages if stage.cmd is None and not stage.is_import]
    outs = [(stage, out, stage.file.rpartition("/")[0]) for stage in stages for out in stage.outs]
    tracked = [out.path for _, out, _ in outs]
    return [
        MisreadOut(stage, out, meant)
        for stage, out, folder in outs
        if folder and covers(folder, out.path)
        and covers(folder, meant := out.path[len(folder) + 1 :])
        and (repository.root / meant).exists()
        and not any(covers(path, meant) for path in tracked)
    ]  # fmt: skip
