"""Steps for an object in DVC's cache, for which DVC has no command."""

import os

from grader.facts.repository import Repository
from grader.fixes.ready_steps import put_aside
from grader.step import Step


def path_from_root(repository: Repository, name: str) -> str:
    """The path of a cached object from the repository's root on."""
    path = repository.objects.path(name)
    return os.path.relpath(path, repository.root).replace(os.sep, "/")


def remove_object(repository: Repository, name: str) -> Step:
    """Take a damaged object out of the cache; its bytes may be an edit through a link."""
    return put_aside(repository, path_from_root(repository, name), name)
