"""Lesson ``data``: raw data is DVC's, and DVC's alone."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.checks import fixes, stages
from grader.facts.view import View
from grader.finding import Evidence, Finding, NotThereYetError
from grader.registry import check
from workshop.project import Stage
from workshop.project.dvcignore import DvcIgnore
from workshop.project.model import Out

_RAW = "data/raw"
_JUNK = re.compile(r"^(\..*|Thumbs\.db|desktop\.ini|__pycache__|.*\.py[co])$")
_CACHE_OBJECT = re.compile(r"(?:^|/)(?:files/md5|\.dvc/cache)/[0-9a-f]{2}/[0-9a-f]{30}(?:\.dir)?$")


@check("data.tracked", "dvc-file-uncommitted", requires=("init.readable",))
def raw_data_is_tracked(view: View) -> Finding | None:
    """A .dvc file tracks the raw data.

    The .dvc file is what git keeps in place of the data: small, and with the data's hash in it.
    """
    if any(stage.cmd is None for stage in view.project.stages):
        return None
    commit = fixes.commit([f"{_RAW}.dvc", "data/.gitignore"], "Track the raw data")
    return Finding(
        "dvc-file-uncommitted",
        "No .dvc file is committed: git knows nothing of your raw data.",
        f"{_RAW}.dvc at HEAD",
        "no .dvc file",
        fixes.commands(f"dvc add {_RAW}", commit),
        (Evidence(view.source, f"{_RAW}.dvc"),),
    )


@check(
    "data.committed",
    "dvc-file-uncommitted",
    requires=("init.dvc",),
    committed_only=True,
)
def dvc_files_are_committed(view: View) -> Finding | None:
    """Every .dvc file, dvc.yaml and params.yaml is committed as it lies there.

    Others get what is committed. A file that git ignores is never committed at all.
    """
    facts = view.facts
    paths = [
        path
        for path in facts.uncommitted
        if path.endswith((".dvc", "dvc.yaml")) or path == "params.yaml"
    ]
    if not paths:
        if not any(path.endswith((".dvc", "dvc.yaml")) for path in facts.committed):
            raise NotThereYetError("data.tracked")
        return None
    return Finding(
        "dvc-file-uncommitted",
        f"{fixes.listed(paths)} {'is' if len(paths) == 1 else 'are'} not committed as in your"
        " folder: a clone gets another pipeline than you have.",
        "the same at HEAD as in your folder",
        "; ".join(f"{path} {_difference(view, path)}" for path in paths[:4]),
        _committing(view, paths),
        tuple(Evidence("worktree", path, value=_difference(view, path)) for path in paths),
    )


def _difference(view: View, path: str) -> str:
    facts = view.facts
    if facts.worktree.content(path) is None:
        return "is deleted"
    if facts.ignores(path):
        return "is ignored by git"
    return "has changed" if path in facts.committed else "is new"


def _committing(view: View, paths: list[str]) -> str:
    deleted = [path for path in paths if _difference(view, path) == "is deleted"]
    there = [path for path in paths if path not in deleted]
    ignored = any(view.facts.ignores(path) for path in there)
    lines = [f"git checkout HEAD -- {' '.join(map(fixes.quoted, deleted))}"] if deleted else []
    if there:
        force = "--force " if ignored else ""
        lines.append(f"git add {force}{' '.join(map(fixes.quoted, there))}")
        lines.append(fixes.committed("Commit what describes the pipeline"))
    return fixes.commands(*lines)


@check("data.only_dvc", "tracked-by-git-and-dvc", requires=("init.readable",))
def outs_are_not_in_git(view: View) -> Finding | None:
    """Nothing that DVC keeps is tracked by git too.

    DVC says no word of it, but every clone carries the data twice, and git's copy wins.
    """
    index = view.facts.tracked
    stages.any_of(view)
    doubled = {
        out.path: [path for path in index if _is_in(path, out.path) and not _is_gitignore(path)]
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


@check("data.no_overlap", "out-overlap", requires=("init.readable",))
def outs_do_not_overlap(view: View) -> Finding | None:
    """No out lies in another, and no two have the same path.

    What lies in two outs has two owners: dvc repro stops, or one of them goes stale at once.
    """
    owned = [(out, stage) for stage in stages.any_of(view) for out in stage.outs if out.place]
    for outer, owner in owned:
        for inner, other in owned:
            if owner is not other and _is_in(inner.path, outer.path):
                if inner.path == outer.path and owner.name > other.name and other.cmd is None:
                    continue  # told the other way round: the .dvc file is the one to remove
                return _overlap(view, (outer, owner), (inner, other))
    return None


def _overlap(view: View, outer: tuple[Out, Stage], inner: tuple[Out, Stage]) -> Finding:
    added = outer[1] if outer[1].cmd is None else inner[1]
    commit = fixes.commit([], "Leave the out to its stage").splitlines()[1]
    fix = fixes.commands(f"dvc remove {fixes.quoted(added.name)}", "git add --update", commit)
    return Finding(
        "out-overlap",
        f"{inner[0].path} belongs to {inner[1].name} and to {outer[1].name} ({outer[0].path}):"
        " DVC refuses to run where two own one thing.",
        "one owner for each path",
        f"{outer[0].path} and {inner[0].path} overlap",
        fix,
        (Evidence(view.source, outer[1].file), Evidence(view.source, inner[1].file)),
    )


@check(
    "data.not_hidden",
    "dvcignore-hides-data",
    requires=("init.readable",),
    committed_only=True,
)
def dvcignore_hides_no_data(view: View) -> Finding | None:
    """.dvcignore leaves out none of the data.

    DVC neither hashes, nor pushes, nor sees what it ignores: a change there changes nothing.
    """
    root = view.facts.root
    ignore = DvcIgnore(str(root))
    for path in _data_paths(view):
        for place, is_folder in _places(root, path):
            if not ignore.ignores(place, is_folder):
                continue
            shown = place[len(str(root)) + 1 :].replace("\\", "/")
            rule = ignore.ignoring_rule(place, is_folder) or "a line"
            return Finding(
                "dvcignore-hides-data",
                f"The line {rule!r} of .dvcignore hides {shown} from DVC. Delete it, then:",
                f"every file of {path} kept by DVC",
                f"{shown} is ignored",
                fixes.commit([".dvcignore"], "Hide no data from DVC"),
                (Evidence("worktree", ".dvcignore", _line(view, rule), rule),),
            )
    return None


def _line(view: View, rule: str) -> int | None:
    return view.facts.worktree.line(".dvcignore", rule)


def _data_paths(view: View) -> list[str]:
    """Outs, and deps, from the root; each once."""
    paths = [out.path for stage in stages.any_of(view) for out in stage.outs if out.inside]
    paths += [dep.path for stage in view.project.stages for dep in stage.deps if dep.inside]
    return list(dict.fromkeys(paths))


def _places(root: Path, path: str) -> Iterator[tuple[str, bool]]:
    """The path itself, and every file and folder in it that anybody would call data."""
    top = os.path.join(root, path)  # noqa: PTH118 - thousands of paths
    yield top, os.path.isdir(top)  # noqa: PTH112
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not _JUNK.match(name)]
        for name in folders:
            yield os.path.join(folder, name), True  # noqa: PTH118
        for name in files:
            if not _JUNK.match(name):
                yield os.path.join(folder, name), False  # noqa: PTH118


@check(
    "data.in_place",
    "out-missing",
    "lock-stale",
    requires=("data.tracked", "data.not_hidden", "data.no_overlap"),
    committed_only=True,
)
def raw_data_is_as_recorded(view: View) -> Finding | None:
    """The raw data lies there as its .dvc file records it.

    Data that changed after dvc add is new data: DVC has to be told, or nobody else gets it.
    """
    for state in view.facts.state.stages:
        if state.stage.cmd is not None:
            continue
        if state.state == "missing":
            return _not_in_place(state.stage, state.stage.outs[0].path, "deleted")
        for reason in state.reasons:
            if reason.kind == "out" and reason.change == "modified":
                return _not_in_place(state.stage, reason.path, "modified")
    return None


def _not_in_place(stage: Stage, path: str, change: str) -> Finding:
    evidence = (Evidence("worktree", path, value=change), Evidence("HEAD", stage.file))
    if change == "deleted":
        return Finding(
            "out-missing",
            f"{path} is not in your folder, though {stage.file} tracks it: no stage can read it.",
            f"{path} in your folder",
            "it is absent",
            f"dvc pull {fixes.quoted(stage.file)}",
            evidence,
        )
    return Finding(
        "lock-stale",
        f"{path} changed after dvc add: {stage.file} still records the data that was.",
        "the data that the .dvc file records",
        "other data",
        fixes.commands(
            f"dvc add {fixes.quoted(path)}",
            "dvc repro",
            *fixes.commit([stage.file, "dvc.lock"], "Take up the new data").splitlines(),
        ),
        evidence,
    )


def _cached_outs(view: View) -> Iterable[Out]:
    return [out for stage in view.project.stages for out in stage.outs if out.cache and out.inside]


def _is_gitignore(path: str) -> bool:
    """What DVC itself writes into a folder that was tracked later."""
    return path.rpartition("/")[2] == ".gitignore"


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
