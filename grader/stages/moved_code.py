"""Where code is that git had under another name: a folder or a module that was renamed."""

from posixpath import basename, dirname

from grader.facts.repository import Repository
from grader.stages.paths import covers
from workshop.stages import PACKAGE, STAGES

ENTRY = "__main__.py"
_OWN = frozenset(f"{spec.code_dir}/{ENTRY}" for spec in STAGES)
_READ = 20
"""Files of a folder that are compared: one that did not change with the name is enough."""


def find_moved(repository: Repository, path: str) -> str:
    """The path of what stood at ``path``: some file of it is there with the same bytes.

    Empty where there is none, and where ``path`` is there.
    """
    old = _old_files(repository, path)
    here = {name: repository.worktree.content(name) for name in _modules(repository) if old}
    for name, content in old.items():
        rest = name[len(path) :]
        for other, other_content in here.items():
            if content and content == other_content and other.endswith(rest or ".py"):
                return other.removesuffix(rest) if rest else other
    return ""


def entries(repository: Repository) -> list[str]:
    """The ``__main__.py`` of each package in the folder, those of the lessons' names left out."""
    return [path for path in _modules(repository) if basename(path) == ENTRY and path not in _OWN]


def name_of(entry: str) -> str:
    """What such a file is called for people: its package."""
    return dirname(entry) if basename(entry) == ENTRY else entry


def _modules(repository: Repository) -> list[str]:
    known = dict.fromkeys([*repository.code_files, *repository.files_in(PACKAGE)])
    return [path for path in known if path.endswith(".py") and (repository.root / path).is_file()]


def _old_files(repository: Repository, path: str) -> dict[str, bytes]:
    """Files that git had at ``path``, at HEAD or before the commit that deleted it."""
    git = repository.git
    if git is None or (repository.root / path).is_file() or repository.commit is None:
        return {}
    name, prefix = f"{repository.prefix}{path}", repository.prefix
    commit = repository.commit
    if not any(covers(path, file) for file in repository.committed_files):
        deletions = git.commits(name, 1)
        if not deletions:
            return {}
        commit = f"{deletions[0]}~1"
    blobs = {file: blob.oid for file, blob in git.tree(commit).files.items() if covers(name, file)}
    some = dict([*blobs.items()][:_READ])
    contents = git.contents(some.values())
    return {file.removeprefix(prefix): contents.get(oid, b"") for file, oid in some.items()}
