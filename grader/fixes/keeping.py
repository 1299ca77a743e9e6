"""Where a file is kept for others: in git, in DVC, or nowhere; and the commands that keep it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from dvcstate import Stage
from dvcstate.dvcignore import DvcIgnore
from dvcstate.hashes.worktree import folder_md5
from dvcstate.model import Out
from grader import fixes
from grader.checks.stages import covers
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot

_LARGEST = 64 * 2**20
_LFS = b"version https://git-lfs"


def nowhere(
    repository: Repository, snapshot: Snapshot, stage: Stage, modules: Callable[[], Iterable[str]]
) -> list[str]:
    """The deps of ``stage`` in the folder that neither git at HEAD nor DVC has.

    And those of ``modules``, the code that it runs, that lie in a dep which is a folder; they are
    asked for only where there is such a dep.
    """
    deps = [dep.path for dep in stage.deps if dep.inside]
    others = [path for path in deps if path not in repository.committed]
    outs = [out.path for one in snapshot.project.stages for out in one.outs]
    folders = [path for path in others if path not in outs]
    inside = modules() if folders else []
    inside = [path for path in inside if any(covers(dep, path) for dep in folders)]
    wanted = dict.fromkeys([*others, *inside])
    return [
        path
        for path in wanted
        if _lies_there(repository, snapshot, path) and not _is_kept(repository, snapshot, path)
    ]


def _lies_there(repository: Repository, snapshot: Snapshot, path: str) -> bool:
    """A folder is left to the data's own check where nothing is added to DVC yet."""
    place = repository.root / path
    return place.is_file() or (
        place.is_dir() and any(one.cmd is None for one in snapshot.project.stages)
    )


def _is_kept(repository: Repository, snapshot: Snapshot, path: str) -> bool:
    """What lies in a link or in a sub-module is in git under another name."""
    if at_head(repository, path):
        return True
    outs = [out.path for stage in snapshot.project.stages for out in stage.outs]
    return _meets(path, outs) or _meets(path, repository.links())


def _meets(path: str, others: Iterable[str]) -> bool:
    return any(covers(one, path) or covers(path, one) for one in others)


def at_head(repository: Repository, path: str) -> list[str]:
    """The committed files that ``path`` is, or has in it."""
    committed = repository.committed
    return [path] if path in committed else [one for one in committed if covers(path, one)]


def is_recorded_at_head(repository: Repository, out: Out) -> bool | None:
    """Whether the bytes of ``out`` at HEAD are those that its record names; None if none can say.

    Git may have turned the ends of lines, and git-lfs keeps the bytes elsewhere.
    """
    blobs = {path: repository.committed[path] for path in at_head(repository, out.path)}
    if out.recorded.md5 is None or sum(blob.size for blob in blobs.values()) > _LARGEST:
        return None
    git = repository.git
    found = git.contents(blob.oid for blob in blobs.values()) if git else {}
    contents = {path: found[blob.oid] for path, blob in blobs.items() if blob.oid in found}
    if len(contents) < len(blobs) or any(one.startswith(_LFS) for one in contents.values()):
        return None
    return out.recorded.md5 in _md5s(repository, out, contents)


def _md5s(repository: Repository, out: Out, contents: Mapping[str, bytes]) -> Iterator[str]:
    """The hash of an out whose files have these bytes; then with the ends of lines of Windows."""
    plain = {path: content.replace(b"\r\n", b"\n") for path, content in contents.items()}
    windows = {path: content.replace(b"\n", b"\r\n") for path, content in plain.items()}
    for each in (contents, plain, windows):
        md5s = {p: hashlib.md5(one, usedforsecurity=False).hexdigest() for p, one in each.items()}
        if out.path in md5s:
            yield md5s[out.path]
            continue
        ignore = DvcIgnore(str(repository.root))
        names = [p for p in md5s if not ignore.ignores(str(repository.root / p), False)]
        yield folder_md5([p[len(out.path) + 1 :] for p in names], [md5s[p] for p in names])


def kept(repository: Repository, paths: Iterable[str], message: str) -> tuple[Step, ...]:
    """Give folders to DVC and files to git, and commit."""
    folders = [path for path in paths if (repository.root / path).is_dir()]
    files = [path for path in paths if path not in folders]
    ignored = [path for path in files if repository.ignores(path)]
    plain = [path for path in files if path not in ignored] + [f"{one}.dvc" for one in folders]
    return (
        *(fixes.command("dvc", "add", path) for path in folders),
        *(fixes.command("git", "add", "--force", path) for path in ignored),
        *([fixes.command("git", "add", *plain)] if plain else []),
        fixes.commit_staged(message),
    )
