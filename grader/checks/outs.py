"""What DVC keeps has one owner, and .dvcignore hides none of it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from grader.checks import fixes, stages
from grader.checks.stages import covers
from grader.facts.view import View
from grader.finding import Evidence, Finding
from grader.lessons import STAGES, LessonStage
from grader.registry import check
from workshop.project import Stage
from workshop.project.dvcignore import DvcIgnore
from workshop.project.model import Out

_RAW = "data/raw"
_JUNK = re.compile(r"^(\..*|Thumbs\.db|desktop\.ini|__pycache__|.*\.py[co])$")


@check("data.no_overlap", "out-overlap", requires=("init.readable",))
def outs_do_not_overlap(view: View) -> Finding | None:
    """No out lies in another, and no two have the same path.

    What lies in two outs has two owners: dvc repro stops, or one of them goes stale at once.
    """
    owned = [(out, stage) for stage in stages.any_of(view) for out in stage.outs if out.place]
    for outer, owner in owned:
        for inner, other in owned:
            if owner is not other and covers(outer.path, inner.path):
                if inner.path == outer.path and owner.name > other.name and other.cmd is None:
                    continue  # told the other way round: the .dvc file is the one to remove
                return _overlap(view, (outer, owner), (inner, other))
    return to_come(view)


def to_come(view: View) -> Finding | None:
    """The finding on a .dvc file that tracks what a stage, not declared yet, will write."""
    for owner in view.project.stages:
        for out in owner.outs if owner.cmd is None and owner.file.endswith(".dvc") else ():
            for wanted in STAGES:
                path = None if view.stage(wanted) else _written(view, wanted, out.path)
                if path:
                    return _too_much(view, out, owner, f"the stage {wanted.name} writes {path}")
    return None


def _written(view: View, wanted: LessonStage, tracked: str) -> str | None:
    """What the stage of a lesson will write within ``tracked``, or around it."""
    model = Stage(wanted.name, "dvc.yaml", wanted.command)
    paths = stages.paths_of(view, model, wanted, wanted.writes)
    return next((one for one in paths if covers(tracked, one) or covers(one, tracked)), None)


def _too_much(view: View, out: Out, owner: Stage, writes: str) -> Finding:
    holds_raw = covers(out.path, _RAW)
    slash = "/" * (out.recorded.md5 or "").endswith(".dir")
    return Finding(
        "out-overlap",
        f"{owner.file} tracks all of {out.path}{slash}, and {writes}: dvc stage add refuses an out"
        " that overlaps another.",
        f"{_RAW}.dvc, which tracks the raw data alone"
        if holds_raw
        else "what stages write, left to the stages",
        f"{owner.file}, which tracks {out.path}",
        fixes.commands(
            f"dvc remove {fixes.quoted(owner.name)}",
            *_forgotten(view, owner.file, "" if holds_raw else "Leave the outs to their stages"),
            *_raw_alone() * holds_raw,
        ),
        (Evidence(view.source, owner.file),),
    )


def _raw_alone() -> list[str]:
    commit = fixes.commit([f"{_RAW}.dvc", "data/.gitignore"], "Track the raw data alone")
    return [f"dvc add {_RAW}", *commit.splitlines()]


def _forgotten(view: View, file: str, message: str) -> list[str]:
    """What takes ``file``, and the line for its data, out of git where git has them."""
    facts = view.facts
    ignoring = "/".join([*file.split("/")[:-1], ".gitignore"])
    known = [path for path in (file, ignoring) if path in facts.tracked]
    if file not in known:
        return []
    update = f"git add --update {' '.join(map(fixes.quoted, known))}"
    return [update, *[fixes.committed(message)] * (bool(message) and file in facts.committed)]


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
            line = _line(view, rule)
            return Finding(
                "dvcignore-hides-data",
                f"The line {rule!r} of .dvcignore hides {shown} from DVC.",
                f"every file of {path} kept by DVC",
                f"{shown} is ignored",
                fixes.commands(
                    fixes.by_hand(f".dvcignore: delete {f'line {line}' if line else rule}"),
                    *fixes.commit([".dvcignore"], "Hide no data from DVC").splitlines(),
                ),
                (Evidence("worktree", ".dvcignore", line, rule),),
            )
    return None


def _line(view: View, rule: str) -> int | None:
    lines = (view.facts.worktree.text(".dvcignore") or "").splitlines()
    return next((at for at, line in enumerate(lines, 1) if line.strip() == rule.strip()), None)


def _data_paths(view: View) -> list[str]:
    """Outs, and deps, from the root; each once."""
    paths = [out.path for stage in stages.any_of(view) for out in stage.outs if out.inside]
    paths += [dep.path for stage in view.project.stages for dep in stage.deps if dep.inside]
    return list(dict.fromkeys(paths))


def _places(root: Path, path: str) -> Iterator[tuple[str, bool]]:
    """The path itself, and every file and folder in it that anybody would call data."""
    top = os.path.join(root, path)  # noqa: PTH118 - thousands of paths, as text
    yield top, os.path.isdir(top)  # noqa: PTH112 - a text already
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not _JUNK.match(name)]
        for name in folders:
            yield os.path.join(folder, name), True  # noqa: PTH118 - thousands of paths
        for name in files:
            if not _JUNK.match(name):
                yield os.path.join(folder, name), False  # noqa: PTH118 - thousands of paths
