"""Whether DVC runs a stage in a repository, by its file ``.dvc/tmp/rwlock``."""

from pathlib import Path

from dvcstate import dvc_locks


def running_command(repo: Path) -> str | None:
    """The command that DVC runs now in the repository that ``repo`` is in, as ``dvc repro``."""
    for folder in (repo, *repo.parents):
        if (folder / ".dvc").is_dir():
            lock = next(dvc_locks.running_commands(folder), None)
            return lock.command if lock else None
    return None
