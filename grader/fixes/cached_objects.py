"""Steps for an object in DVC's cache, for which DVC has no command."""

import os

from grader import fixes
from grader.facts.repository import Repository
from grader.step import Step


def path_from_root(repository: Repository, name: str) -> str:
    """The path of a cached object from the repository's root on."""
    path = repository.objects.path(name)
    return os.path.relpath(path, repository.root).replace(os.sep, "/")


def remove_object(repository: Repository, name: str) -> Step:
    """Take a damaged object out of the cache."""
    place = fixes.literal(path_from_root(repository, name))
    # DVC keeps its objects read-only, and Windows deletes no read-only file.
    return fixes.python(f"import os; os.chmod({place}, 0o644); os.remove({place})")
