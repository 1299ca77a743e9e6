"""What DVC keeps in ``.dvc`` for this machine alone: ``.dvc/.gitignore`` leaves it out of git."""

import os

from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.git_files import append_lines
from grader.fixes.remote_edits import LOCAL
from grader.stages.paths import covers
from grader.step import Step

GITIGNORE = ".dvc/.gitignore"
_TMP, _CACHE = ".dvc/tmp", ".dvc/cache"
_LINES = {LOCAL: "/config.local", _TMP: "/tmp", _CACHE: "/cache"}  # noqa: S108 - a line
"""What ``dvc init`` writes into it, by what each line is for."""


def files_of_this_machine(repository: Repository) -> list[str]:
    """What git has, in its index or at HEAD, of the files that only this machine needs."""
    known = dict.fromkeys([*repository.tracked_files, *repository.committed_files])
    return [path for path in known if any(covers(own, path) for own in _LINES)]


def restore_gitignore(repository: Repository) -> tuple[list[Step], list[str]]:
    """The steps that give .dvc/.gitignore its lines, and the file if it is to be committed."""
    lines = [_LINES[path] for path in _unignored(repository)]
    here, head = (each.text(GITIGNORE) for each in (repository.worktree, repository.head))
    if lines and here is None and head is not None and _lacks(head) == []:
        return [fixes.command("git", "checkout", "HEAD", "--", GITIGNORE)], []
    steps: list[Step] = [append_lines(repository, GITIGNORE, lines)] if lines else []
    after = "\n".join([*(here or "").splitlines(), *lines])
    return steps, [GITIGNORE] * bool(after and after != "\n".join((head or "").splitlines()))


def _lacks(text: str) -> list[str]:
    return [line for line in _LINES.values() if line not in text.split()]


def lost_gitignore_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a .dvc/.gitignore that lost a line, in the folder or at HEAD.

    The next command of DVC writes it again, but a ``git add .`` before that does not wait.
    """
    here = _unignored(repository)
    own = _ignored_by_dvc(repository)
    committed = [path for path in own if not repository.ignores_at_head(path)]
    if not (here or committed):
        return None
    steps, files = restore_gitignore(repository)
    paths = here or committed
    if not (steps or files):  # another .gitignore leaves them out, which is not committed
        return None
    return Finding(
        "gitignore-lost",
        f"{GITIGNORE} {'does not name' if here else 'is not committed with a line for'}"
        f" {fixes.join(paths)}: the next git add takes in what belongs to this machine alone.",
        f"lines {fixes.join(_LINES.values())} in {GITIGNORE}",
        f"no line for {fixes.join(paths)}",
        (*steps, *(fixes.commit(files, "Ignore what DVC keeps for itself") if files else ())),
        (Evidence("worktree" if here else snapshot.revision, GITIGNORE),),
        severity="advice",
    )


def _ignored_by_dvc(repository: Repository) -> list[str]:
    """What DVC itself lists there: the cache only where it is in ``.dvc``."""
    cache = os.path.relpath(repository.objects.folder.parents[1], repository.root)
    return [path for path in _LINES if path != _CACHE or cache.replace(os.sep, "/") == _CACHE]


def _unignored(repository: Repository) -> list[str]:
    paths = _ignored_by_dvc(repository)
    return [path for path in paths if not repository.ignores(path, is_folder=path != LOCAL)]
