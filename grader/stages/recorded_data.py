"""Whether a .dvc file records the data that is in the folder."""

from dvcstate import ProjectError
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot


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
