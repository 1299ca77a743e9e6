"""What a ``git checkout`` of files takes from the folder: bytes that git may have nowhere."""

import hashlib
from collections.abc import Iterable, Iterator

from dvcstate.documents import regular_file
from grader.facts.files import with_lf
from grader.facts.git import Git
from grader.facts.git_process import GitError
from grader.facts.repository import Repository
from grader.fixes.merges import MARKER
from grader.stages.paths import covers
from grader.step import Command, Step

_SIDES = ("--ours", "--theirs")
_LARGEST = 2**31


def find_overwritten(repository: Repository, steps: Iterable[Step]) -> Iterator[str]:
    """The files that ``git checkout`` among ``steps`` overwrites, and git never had.

    Of a revision, or of one side of a merge that stopped. Not those that DVC alone writes:
    ``dvc.lock`` and the ``.dvc`` files.
    """
    for step in steps:
        words = step.words if isinstance(step, Command) else ()
        if words[:2] != ("git", "checkout") or repository.git is None:
            continue
        if words[2] in _SIDES:
            lost = [path for path in words[3:] if not _is_of_a_side(repository, path)]
        elif words[3:4] == ("--",):
            named = [
                path
                for path in _files_at(repository, words[2])
                if any(covers(word, path) for word in words[4:])
            ]
            lost = [path for path in named if not _is_in_git(repository, words[2], path)]
        else:
            lost = []
        yield from (path for path in lost if not path.endswith((".dvc", "dvc.lock")))


def _is_of_a_side(repository: Repository, path: str) -> bool:
    """Whether each line of an unmerged file is git's, or one of the versions that are merged."""
    if repository.git is None or _is_in_git(repository, "HEAD", path):
        return True
    name = f"{repository.prefix}{path}"
    oids = [entry.oid for entry in repository.git.index_entries() if entry.path == name]
    versions = repository.git.contents(oids).values()
    known = {line for version in versions for line in version.splitlines()}
    lines = regular_file.read(repository.root / path, _LARGEST).splitlines()
    return all(line in known or MARKER.match(line) for line in lines)


def _files_at(repository: Repository, revision: str) -> list[str]:
    """The files that the commit ``revision`` has below the root of the DVC repository."""
    git, prefix = repository.git, repository.prefix
    if revision == "HEAD" or git is None:
        return [*repository.committed_files]
    try:
        files = git.tree(revision).files
    except GitError:  # git has no such commit here, and checks out nothing
        return []
    return [path.removeprefix(prefix) for path in files if path.startswith(prefix)]


def _is_in_git(repository: Repository, revision: str, path: str) -> bool:
    """Whether git has the bytes of ``path``, in any commit or staged; true where no file is.

    Or all of its lines at ``revision``: some were deleted, and none is another.
    """
    git, place = repository.git, repository.root / path
    try:
        content = None if place.is_symlink() else regular_file.read(place, _LARGEST)
    except OSError:
        return True
    if content is None or git is None:
        return True
    # Git may have turned the ends of lines.
    oids = [_blob_name(git, each) for each in (content, with_lf(content))]
    if git.sizes(oids):
        return True
    commit = (git.head or "") if revision == "HEAD" else revision
    old = b"".join(git.versions([commit], f"{repository.prefix}{path}"))
    lines = iter([*old.splitlines(), b""])
    return all(line in lines for line in content.rstrip().splitlines())


def _blob_name(git: Git, content: bytes) -> str:
    """The name of the object that git makes of these bytes."""
    algorithm = "sha256" if len(git.head or "") == 64 else "sha1"
    digest = hashlib.new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()
