"""What DVC keeps is not in git as well: neither outs, nor the cache, and git ignores them."""

import re
from collections.abc import Iterable

from grader.checks import fixes, stages
from grader.checks.stages import covers
from grader.facts.view import View
from grader.finding import Evidence, Finding
from grader.registry import check
from workshop.project.model import Out

_CACHE_OBJECT = re.compile(r"(?:^|/)(?:files/md5|\.dvc/cache)/[0-9a-f]{2}/[0-9a-f]{30}(?:\.dir)?$")


@check("data.only_dvc", "tracked-by-git-and-dvc", requires=("init.readable",))
def outs_are_not_in_git(view: View) -> Finding | None:
    """Nothing that DVC keeps is tracked by git too.

    DVC says no word of it, but every clone carries the data twice, and git's copy wins.
    """
    index = view.facts.tracked
    stages.any_of(view)
    doubled = {
        out.path: [path for path in index if covers(out.path, path) and not _is_gitignore(path)]
        for out in _cached_outs(view)
    }
    doubled = {out: paths for out, paths in doubled.items() if paths}
    if not doubled:
        return None
    count = sum(map(len, doubled.values()))
    removals = [f"git rm -r --cached {fixes.quoted(out)}" for out in doubled]
    return Finding(
        "tracked-by-git-and-dvc",
        f"Git tracks {fixes.listed(doubled)} as well as DVC: every clone carries it, for ever.",
        "outs in DVC's cache alone",
        f"{count} of their files are in git's index",
        fixes.commands(*removals, fixes.committed("Leave the data to DVC")),
        tuple(
            Evidence("index", paths[0], value=f"{len(paths)} files") for paths in doubled.values()
        ),
    )


@check(
    "data.ignored",
    "gitignore-lost",
    requires=("data.only_dvc",),
    committed_only=True,
)
def outs_are_ignored_by_git(view: View) -> Finding | None:
    """Git ignores what DVC keeps.

    dvc add and dvc repro write that into .gitignore; without it, git add takes the data in.
    """
    facts = view.facts
    bare = [
        out.path
        for out in _cached_outs(view)
        if not facts.ignores(out.path, is_folder=(facts.root / out.path).is_dir())
    ]
    if not bare:
        return None
    folder, _, name = bare[0].rpartition("/")
    path = f"{folder}/.gitignore" if folder else ".gitignore"
    return Finding(
        "gitignore-lost",
        f"Git does not ignore {fixes.listed(bare)}: the next git add takes the data in.",
        f"a line /{name} in {path}",
        "no .gitignore covers it",
        fixes.commands(
            f"python -c \"print('/{name}', file=open('{path}', 'a'))\"",
            *fixes.commit([path], "Ignore what DVC keeps").splitlines(),
        ),
        tuple(Evidence("worktree", one) for one in bare),
        severity="advice",
    )


@check("data.no_cache_in_git", "cache-in-git", requires=("init.readable",))
def cache_is_not_in_git(view: View) -> Finding | None:
    """Neither DVC's cache nor a local remote is in git.

    They hold the data itself, under names that nobody can read.
    """
    stages.any_of(view)
    objects = [path for path in view.facts.tracked if _CACHE_OBJECT.search(path)]
    if not objects:
        return None
    marker = ".dvc/cache" if objects[0].startswith(".dvc/cache") else "files/md5"
    folder = objects[0].partition(marker)[0] + marker
    return Finding(
        "cache-in-git",
        f"Git tracks {len(objects)} of the objects in {folder}, which are the data itself.",
        "no object of a cache or remote in git",
        f"{len(objects)} of them in git's index",
        fixes.commands(
            f"git rm -r --cached {fixes.quoted(folder)}", fixes.committed("Leave the cache to DVC")
        ),
        tuple(Evidence("index", path) for path in objects[:10]),
    )


def _cached_outs(view: View) -> Iterable[Out]:
    return [out for stage in view.project.stages for out in stage.outs if out.cache and out.inside]


def _is_gitignore(path: str) -> bool:
    """What DVC itself writes into a folder that was tracked later."""
    return path.rpartition("/")[2] == ".gitignore"
