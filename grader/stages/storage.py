"""Where a file is kept for others: in git, in DVC, or nowhere."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from dvcstate import Stage
from dvcstate.dvcignore import DvcIgnore
from dvcstate.hashes.folder_hash import folder_md5
from dvcstate.model import Dep, Out
from grader.facts.files import with_lf
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.stages.paths import covers, gitignore_beside, paths_overlap

_LARGEST = 64 * 2**20
"""More bytes of git are not read to compare one out: metrics have kilobytes."""
_LFS = b"version https://git-lfs"
"""How a pointer of git-lfs begins, in place of the bytes:
https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"""


def is_hidden_from_dvc(repository: Repository, path: str) -> bool:
    """Whether DVC cannot see a file that is there: git ignores it, or the folder lost it."""
    if repository.worktree.content(path) is None:
        return path in repository.committed_files
    return repository.ignores(path)


def uncached_outs(*stages: Stage) -> list[str]:
    """The outs of stages that git keeps, not DVC: whoever commits a run commits them too."""
    outs = [out for stage in stages for out in stage.outs]
    return [out.path for out in outs if not out.cache and out.inside]


def cached_outs(*stages: Stage) -> list[str]:
    """The outs of stages that DVC keeps."""
    outs = [out for stage in stages for out in stage.outs]
    return [out.path for out in outs if out.cache and out.inside]


def files_beside_lock(repository: Repository, stage: Stage) -> list[str]:
    """What a commit of a run takes in beside the lock: uncached outs, and new .gitignore files."""
    # A .gitignore that HEAD has as it is, with the line of the out, is no work of this run.
    unfinished = [
        path
        for path in cached_outs(stage)
        if (beside := gitignore_beside(path)) not in repository.committed_files
        or beside in repository.uncommitted_files
        or not repository.ignores(path)
    ]
    return [*uncached_outs(stage), *gitignores(repository, unfinished)]


def gitignores(repository: Repository, outs: Iterable[str]) -> list[str]:
    """The .gitignore files that DVC writes, or has written, for ``outs``."""
    files = {
        path: None
        for out in outs
        if (repository.root / (path := gitignore_beside(out))).is_file()
        or not repository.ignores(out)
    }
    return list(files)


def unversioned_deps(
    repository: Repository, snapshot: Snapshot, stage: Stage, modules: Callable[[], Iterable[str]]
) -> list[str]:
    """The deps of ``stage`` in the folder that neither git at HEAD nor DVC has.

    And what is in a dep that is a folder of code: those of ``modules``, the code that it runs,
    which are asked for only where there is such a dep, and every other file that DVC hashes.
    """
    deps = [dep.path for dep in stage.deps if dep.inside]
    others = [path for path in deps if path not in repository.committed_files]
    outs = [out.path for other in snapshot.project.stages for out in other.outs]
    folders = [path for path in others if path not in outs]
    inside = [
        path
        for path in (modules() if folders else ())
        if any(covers(other, path) for other in folders)
    ]
    beside = [path for folder in folders for path in untracked_code(repository, folder)]
    unversioned = [
        path
        for path in dict.fromkeys([*others, *inside, *beside])
        # Whether git has it is known; a look at the folder costs a call of the system.
        if not _is_kept(repository, outs, path) and _is_in_folder(repository, snapshot, path)
    ]
    return [
        path
        for path in unversioned
        if not any(covers(other, path) for other in unversioned if other != path)
    ]


def untracked_code(repository: Repository, folder: str) -> list[str]:
    """The files in a folder of code that DVC hashes, and git does not have at HEAD.

    Not bytecode: it belongs to .dvcignore, which the check ``pipeline.bytecode`` says.
    """
    if not is_code(repository, folder):
        return []
    others = [
        name
        for name in repository.files_in(folder)
        if name not in repository.committed_files and "/__pycache__/" not in name
    ]
    ignore = DvcIgnore(str(repository.root)) if others else None
    return [
        name for name in others if ignore and not ignore.ignores(str(repository.root / name), False)
    ]


def outs_with_code(repository: Repository, stage: Stage) -> list[str]:
    """The outs of ``stage`` with code in them that git has: in its index or at HEAD."""
    files, folders = repository.code_files, repository.code_folders
    return [o.path for o in stage.outs if o.path in files or o.path.rstrip("/") in folders]


def is_code(repository: Repository, folder: str) -> bool:
    """Whether git has Python in the folder."""
    return any(path.endswith(".py") for path in files_at_head(repository, folder))


def _is_in_folder(repository: Repository, snapshot: Snapshot, path: str) -> bool:
    """A folder is left to the data's own check where nothing is added to DVC yet."""
    place = repository.root / path
    has_dvc_file = any(stage.cmd is None for stage in snapshot.project.stages)
    return place.is_file() or ((has_dvc_file or repository.is_foreign) and place.is_dir())


def _is_kept(repository: Repository, outs: list[str], path: str) -> bool:
    if files_at_head(repository, path) or any(paths_overlap(out, path) for out in outs):
        return True
    # What is in a link or in a sub-module is in git under another name; of a repository that is
    # nested by mistake, init.one_repository reports.
    elsewhere = (*repository.links, *repository.nested_repositories)
    return any(paths_overlap(place, path) for place in elsewhere)


def files_at_head(repository: Repository, path: str) -> list[str]:
    """The committed files that ``path`` is, or has in it."""
    if path in repository.committed_files:
        return [path]
    return [*repository.committed_folders.get(path.rstrip("/"), ())]


def is_recorded_at_head(repository: Repository, out: Out | Dep) -> bool | None:
    """Whether the bytes of ``out`` at HEAD are those that its record names; None if none can say.

    Git may have turned the ends of lines, and git-lfs keeps the bytes elsewhere.
    """
    blobs = {path: repository.committed_files[path] for path in files_at_head(repository, out.path)}
    if out.recorded.md5 is None or sum(blob.size for blob in blobs.values()) > _LARGEST:
        return None
    exported = {path: repository.head.content(path) for path in blobs}
    contents = {path: content for path, content in exported.items() if content is not None}
    absent = {path: blob.oid for path, blob in blobs.items() if path not in contents}
    git = repository.git if absent else None
    stored = git.contents(absent.values()) if git else {}
    contents |= {path: stored[oid] for path, oid in absent.items() if oid in stored}
    if len(contents) < len(blobs) or any(content.startswith(_LFS) for content in contents.values()):
        return None
    return out.recorded.md5 in md5s_by_line_ends(repository, out, contents)


def md5s_by_line_ends(
    repository: Repository, out: Out | Dep, contents: Mapping[str, bytes]
) -> Iterator[str]:
    """The hash of an out whose files have these bytes; then with LF, then with CRLF, everywhere."""
    for each in _by_line_ends(contents):
        # Of a folder DVC hashes the sorted list of its files' hashes (dvc_data/hashfile/tree.py).
        md5s = {p: hashlib.md5(one, usedforsecurity=False).hexdigest() for p, one in each.items()}
        if out.path in md5s:
            yield md5s[out.path]
            continue
        ignore = DvcIgnore(str(repository.root))
        names = [p for p in md5s if not ignore.ignores(str(repository.root / p), False)]
        yield folder_md5([p[len(out.path) + 1 :] for p in names], [md5s[p] for p in names])


def _by_line_ends(contents: Mapping[str, bytes]) -> Iterator[Mapping[str, bytes]]:
    yield contents
    plain = {path: with_lf(content) for path, content in contents.items()}
    yield plain
    yield {path: content.replace(b"\n", b"\r\n") for path, content in plain.items()}
