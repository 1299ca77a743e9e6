"""What DVC keeps is not in git as well: neither outs, nor the cache, and git ignores them."""

import itertools
import re
from collections.abc import Iterable

from dvcstate.model import Out
from grader import fixes
from grader.checks import stages
from grader.checks.stages import covers
from grader.engine.finding import Evidence, Finding
from grader.engine.registry import check
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot

_CACHE_OBJECT = re.compile(r"(?:^|/)(?:files/md5|\.dvc/cache)/[0-9a-f]{2}/[0-9a-f]{30}(?:\.dir)?$")


@check("data.only_dvc", "tracked-by-git-and-dvc", requires=("init.readable",))
def outs_are_not_in_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Nothing that DVC keeps is tracked by git too.

    DVC says no word of it, but every clone carries the data twice, and git's copy wins.
    """
    index = set(repository.tracked)
    stages.any_of(snapshot)
    doubled = {
        out.path: [
            path
            for path in _in_git(repository)
            if covers(out.path, path) and not _is_gitignore(path)
        ]
        for out in _cached_outs(snapshot)
    }
    doubled = {out: paths for out, paths in doubled.items() if paths}
    if not doubled:
        return None
    count = sum(map(len, doubled.values()))
    staged = [out for out, paths in doubled.items() if index.intersection(paths)]
    removals = [fixes.command("git", "rm", "-r", "--cached", out) for out in staged]
    return Finding(
        "tracked-by-git-and-dvc",
        f"Git tracks {fixes.listed(doubled)} as well as DVC: every clone carries it, for ever.",
        "outs in DVC's cache alone",
        f"{count} of their files are in git's index"
        if staged
        else f"HEAD has {count} of their files",
        (*removals, *_committed(repository, doubled.values(), "Leave the data to DVC")),
        tuple(
            Evidence("index" if out in staged else "HEAD", paths[0], value=f"{len(paths)} files")
            for out, paths in doubled.items()
        ),
    )


@check(
    "data.ignored",
    "gitignore-lost",
    requires=("data.only_dvc",),
    committed_only=True,
)
def outs_are_ignored_by_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Git ignores what DVC keeps.

    dvc add and dvc repro write that into .gitignore; without it, git add takes the data in.
    """
    bare = [
        out.path
        for out in _cached_outs(snapshot)
        if not repository.ignores(out.path, is_folder=(repository.root / out.path).is_dir())
    ]
    if not bare:
        return _ignored_here_alone(repository, snapshot)
    folder, _, name = bare[0].rpartition("/")
    path = f"{folder}/.gitignore" if folder else ".gitignore"
    return Finding(
        "gitignore-lost",
        f"Git does not ignore {fixes.listed(bare)}: the next git add takes the data in.",
        f"a line /{name} in {path}",
        "no .gitignore covers it",
        (
            fixes.python(
                f"print({fixes.literal(f'/{name}')},"
                f" file=open({fixes.literal(path)}, 'a', encoding='utf-8'))"
            ),
            *fixes.commit([path], "Ignore what DVC keeps"),
        ),
        tuple(Evidence("worktree", one) for one in bare),
        severity="advice",
    )


def _ignored_here_alone(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The .gitignore files that cover an out, and that HEAD lacks or has otherwise."""
    bare = [out.path for out in _cached_outs(snapshot) if not repository.ignores_at_head(out.path)]
    above = {
        f"{'/'.join(folders)}/.gitignore".lstrip("/")
        for path in bare
        for folders in itertools.accumulate([[], *([one] for one in path.split("/")[:-1])])
    }
    changed = sorted(
        path
        for path in above
        if (content := repository.worktree.text(path)) and content != snapshot.text(path)
    )
    if not changed:
        return None
    return Finding(
        "gitignore-lost",
        f"{fixes.listed(changed)} is not committed: in a clone git does not ignore"
        f" {fixes.listed(bare)}, and the next git add there takes the data in.",
        f"{fixes.listed(changed)} at HEAD as in your folder",
        "HEAD has none, or another",
        fixes.commit(changed, "Ignore what DVC keeps"),
        tuple(Evidence("HEAD", path) for path in changed),
        severity="advice",
    )


@check("data.no_cache_in_git", "cache-in-git", requires=("init.readable",))
def cache_is_not_in_git(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Neither DVC's cache nor a local remote is in git.

    They hold the data itself, under names that nobody can read.
    """
    stages.any_of(snapshot)
    objects = [path for path in _in_git(repository) if _CACHE_OBJECT.search(path)]
    if not objects:
        return None
    marker = ".dvc/cache" if objects[0].startswith(".dvc/cache") else "files/md5"
    folder = objects[0].partition(marker)[0] + marker
    staged = any(covers(folder, path) for path in repository.tracked)
    removal = [fixes.command("git", "rm", "-r", "--cached", folder)] if staged else []
    return Finding(
        "cache-in-git",
        f"Git tracks {len(objects)} of the objects in {folder}, which are the data itself.",
        "no object of a cache or remote in git",
        f"{len(objects)} of them in git's index" if staged else f"{len(objects)} of them at HEAD",
        (*removal, *_committed(repository, [objects], "Leave the cache to DVC")),
        tuple(Evidence("index" if staged else "HEAD", path) for path in objects[:10]),
    )


def _in_git(repository: Repository) -> list[str]:
    """What git tracks or has at HEAD: data that was only taken out of the index is still there."""
    return list(dict.fromkeys([*repository.tracked, *repository.committed]))


def _committed(repository: Repository, paths: Iterable[list[str]], message: str) -> list[Step]:
    """A commit, where any of ``paths`` is in the last one: else there is nothing to commit."""
    is_there = any(path in repository.committed for some in paths for path in some)
    return [fixes.commit_staged(message)] if is_there else []


def _cached_outs(snapshot: Snapshot) -> Iterable[Out]:
    return [
        out for stage in snapshot.project.stages for out in stage.outs if out.cache and out.inside
    ]


def _is_gitignore(path: str) -> bool:
    """What DVC itself writes into a folder that was tracked later."""
    return path.rpartition("/")[2] == ".gitignore"
