"""What older commits hold that HEAD does not: a bigger .git, and secrets that stay readable.

The history of a commit never changes: what a search of it gave is remembered in the user's cache
folder by the commit's hash, which saves three git processes at each grade.
"""

import contextlib
import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from grader import user_cache
from grader.facts.git import Git
from grader.facts.repository import Repository

_COMMITS = 2000
"""The newest that are looked at: many more than a workshop makes."""
_FOUND = "found"


class OlderFile(NamedTuple):
    """A version of a file: the path that it had from the root of git, its size in bytes."""

    path: str
    size: int


def older_files(repository: Repository) -> dict[str, OlderFile]:
    """Every version of a file in the newest commits that is not at HEAD, by its object."""
    git = repository.git
    if git is None:
        return {}
    now = {blob.oid for blob in repository.committed_files.values()}
    paths = {o: p for o, p in git.history(_COMMITS).paths.items() if o not in now}
    return {oid: OlderFile(paths[oid], size) for oid, size in git.sizes(paths).items()}


def recall(repository: Repository, kind: str, ask: Callable[[Git], list[Any]], *more: str) -> Any:
    """What ``ask`` finds in the history of HEAD, as a list that JSON can hold.

    ``more`` is what else the answer is made of. It is not kept where a part of the history is
    missing, which may be fetched later.
    """
    git = repository.git
    if git is None or git.head is None:
        return []
    limits = [limit.hex() for limit in git.clone_limits()]
    key = "\0".join([git.head, repository.prefix, *limits, *more])
    name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
    path = user_cache.entry_path(f"history-{kind}", name)
    memory = repository.git_cache
    if (found := memory.get("found", kind, name)) is not None:
        return found
    known = user_cache.read_entry(path)
    if isinstance(known, dict) and isinstance(known.get(_FOUND), list):
        return memory.keep(known[_FOUND], "found", kind, name)
    found = ask(git)
    if git.history(_COMMITS).is_whole:
        memory.keep(found, "found", kind, name)
        with contextlib.suppress(TypeError, ValueError):  # such as a date, which JSON has not
            user_cache.write_entry(path, {_FOUND: found})
    return found
