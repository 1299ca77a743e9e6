"""Steps for an object in DVC's cache, for which DVC has no command."""

import os
from collections.abc import Sequence

from grader import fixes
from grader.facts.repository import Repository
from grader.fixes.ready_steps import KEPT_DIR, free_path, put_aside
from grader.step import Step

_REMOVED = 100
"""So many objects are named in one command, 4 kB of it; the next check names the others."""


def path_from_root(repository: Repository, name: str) -> str:
    """The path of a cached object from the repository's root on."""
    path = repository.objects.path(name)
    return os.path.relpath(path, repository.root).replace(os.sep, "/")


def remove_objects(repository: Repository, names: Sequence[str]) -> list[Step]:
    """Take damaged objects out of the cache, in one command; none where there are none.

    Their bytes, which may be an edit through a link, are kept.
    """
    names = names[:_REMOVED]
    if len(names) < 2:
        return [put_aside(repository, path_from_root(repository, name), name) for name in names]
    free = free_path(repository, f"{KEPT_DIR}/cache")
    objects = fixes.literal(path_from_root(repository, "")), fixes.literal(free)
    listed = ", ".join(map(fixes.literal, names))
    code = (
        "import os, shutil; c, k = {}, {}; os.makedirs(k);"
        " [shutil.move(os.path.join(c, n[:2], n[2:]), os.path.join(k, n)) for n in ({})]"
    )
    return [fixes.python(code.format(*objects, listed))]
