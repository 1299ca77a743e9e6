"""Steps that settle the files in which a merge stopped: git commits nothing before."""

import re
from collections.abc import Iterable, Iterator, Sequence

from dvcstate import ProjectError, Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.stages.lookup import LOCK
from grader.stages.paths import covers
from grader.stages.storage import uncached_outs
from grader.step import Command, Step

MARKER = re.compile(rb"(<{7}|>{7}|\|{7})( |\r?$)|={7}\r?$")
"""A line that git writes between two sides: ``<<<<<<< HEAD``."""


def settle(repository: Repository, paths: Iterable[str]) -> Iterator[Step]:
    """One side of what a run writes, an edit of all else; of what has no conflict left nothing.

    Our side of what was committed with a conflict in it has that conflict again.
    """
    written = {LOCK, *uncached_outs(*_stages_at_head(repository))}
    conflicts = [path for path in paths if _has_conflict(repository, path)]
    text = "keep one side of each conflict, delete the lines <<<<<<<, ======= and >>>>>>>"
    yield from (fixes.change(path, text) for path in conflicts if path not in written)
    taken = [path for path in conflicts if path in written]
    at_head = {path: repository.head.content(path) for path in taken}
    ours = [path for path, content in at_head.items() if content and not has_markers(content)]
    theirs = [path for path in taken if path not in ours]
    for option, side in (("--ours", ours), ("--theirs", theirs)):
        if side:
            yield fixes.command("git", "checkout", option, *side)


def with_settled_files(repository: Repository, steps: Sequence[Step]) -> Iterator[Step]:
    """``steps``, and before their first commit what settles the files that they leave unmerged."""
    left = [path for path in repository.unmerged_files if not _is_settled(path, steps)]
    for step in steps:
        if left and _is_git(step, "commit"):
            yield from settle(repository, left)
            yield fixes.command("git", "add", *left)
            left = []
        yield step


def _is_settled(path: str, steps: Iterable[Step]) -> bool:
    """Whether one of ``steps`` tells git what becomes of an unmerged file."""
    telling = (("add",), ("rm",), ("checkout", "HEAD"))
    commands = [step for step in steps if isinstance(step, Command)]
    return any(
        _is_git(command, *words) and any(covers(word, path) for word in command.words[2:])
        for command in commands
        for words in telling
    )


def _is_git(step: Step, *words: str) -> bool:
    return isinstance(step, Command) and step.words[: 1 + len(words)] == ("git", *words)


def _has_conflict(repository: Repository, path: str) -> bool:
    return has_markers(repository.worktree.content(path) or b"")


def has_markers(content: bytes) -> bool:
    """Whether a line is one that git writes between two sides."""
    return any(map(MARKER.match, content.splitlines()))


def _stages_at_head(repository: Repository) -> tuple[Stage, ...]:
    try:
        return repository.head.project.stages
    except ProjectError:
        return ()
