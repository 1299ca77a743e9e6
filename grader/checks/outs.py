"""What DVC keeps has one owner, and .dvcignore hides none of it."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.checks import fixes, stages
from grader.checks.editing import Change
from grader.checks.stages import covers
from grader.facts.view import View
from grader.finding import Evidence, Finding, NotThereYetError
from grader.lessons import STAGES
from grader.registry import check
from workshop.project import Stage
from workshop.project.dvcignore import DvcIgnore
from workshop.project.model import Out

_RAW = "data/raw"
_JUNK = re.compile(r"^(\..*|Thumbs\.db|desktop\.ini|__pycache__|.*\.py[co])$")

_Owned = tuple[Out, Stage]
"""An out and what it belongs to."""


@check("data.no_overlap", "out-overlap", requires=("init.readable",))
def outs_do_not_overlap(view: View) -> Finding | None:
    """No out lies in another, and no two have the same path.

    What lies in two outs has two owners: dvc repro stops, or one of them goes stale at once.
    """
    owned = _owned(stages.any_of(view))
    if doubled := _doubled(owned):
        return _overlap(view, *doubled)
    return next((_too_much(view, one) for one in owned if _is_too_much(view, *one)), None)


def wait_until_parted(view: View) -> None:
    """Raise where two own one path in the folder: DVC refuses to run what would be committed."""
    if _doubled(_owned(view.facts.worktree.project.stages)):
        raise NotThereYetError("data.no_overlap")


def _owned(some: Iterable[Stage]) -> list[_Owned]:
    return [(out, stage) for stage in some for out in stage.outs if out.place]


def _doubled(owned: list[_Owned]) -> tuple[_Owned, _Owned] | None:
    """The outer and the inner out of two that overlap."""
    for outer, owner in owned:
        for inner, other in owned:
            if owner is not other and covers(outer.path, inner.path):
                if inner.path == outer.path and owner.name > other.name and other.cmd is None:
                    continue  # told the other way round: the .dvc file is the one to remove
                return (outer, owner), (inner, other)
    return None


def _is_too_much(view: View, out: Out, owner: Stage) -> bool:
    """Whether a .dvc file tracks the raw data with what a stage, not declared yet, will write."""
    if owner.cmd is not None or out.path == _RAW or not covers(out.path, _RAW):
        return False
    return any(
        covers(out.path, path)
        for wanted in STAGES
        if not view.stage(wanted)
        for path in stages.paths_of(
            view, Stage(wanted.name, "dvc.yaml", wanted.command), wanted, wanted.writes
        )
    )


def _too_much(view: View, owned: _Owned) -> Finding:
    out, owner = owned
    return Finding(
        "out-overlap",
        f"{owner.file} tracks all of {out.path}/, also what the stages will write there.",
        f"{_RAW}.dvc, which tracks the raw data alone",
        f"{owner.file}, which tracks {out.path}",
        fixes.commands(
            f"dvc remove {fixes.quoted(owner.name)}",
            f"dvc add {_RAW}",
            "git add --update",
            *fixes.commit(
                [f"{_RAW}.dvc", "data/.gitignore"], "Track the raw data alone"
            ).splitlines(),
        ),
        (Evidence(view.source, owner.file),),
    )


def _overlap(view: View, outer: _Owned, inner: _Owned) -> Finding:
    return Finding(
        "out-overlap",
        f"{inner[0].path} belongs to {inner[1].name} and to {outer[1].name} ({outer[0].path}):"
        " DVC refuses to run where two own one thing.",
        "one owner for each path",
        f"{outer[0].path} and {inner[0].path} overlap",
        _parting(view, outer, inner),
        (Evidence(view.source, outer[1].file), Evidence(view.source, inner[1].file)),
    )


def _parting(view: View, *owned: _Owned) -> str:
    """Leave the path to one of the two: to the stage that writes it, by its command."""
    for _, owner in owned:
        if owner.cmd is None:
            return fixes.commands(
                f"dvc remove {fixes.quoted(owner.name)}",
                "git add --update",
                fixes.committed("Leave the out to its stage"),
            )
    for out, owner in owned:
        if out.path in _read_by(view, owner):
            change = Change(add={"deps": (out.path,)}, remove={_section(out): (out.path,)})
            return stages.edit_then_run(view, owner, change)
    out, owner = owned[-1]
    return stages.edit_then_run(view, owner, Change(remove={_section(out): (out.path,)}))


def _read_by(view: View, stage: Stage) -> list[str]:
    return [
        path
        for wanted in STAGES
        if (found := view.stage(wanted)) and found.name == stage.name
        for path in stages.paths_of(view, stage, wanted, wanted.reads)
    ]


def _section(out: Out) -> str:
    return "metrics" if out.metric else "plots" if out.plot else "outs"


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


def is_junk(name: str) -> bool:
    """Whether a file or folder of that name is no data: systems, editors and Python leave it."""
    return _JUNK.match(name) is not None


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
        folders[:] = [name for name in folders if not is_junk(name)]
        for name in folders:
            yield os.path.join(folder, name), True  # noqa: PTH118 - thousands of paths
        for name in files:
            if not is_junk(name):
                yield os.path.join(folder, name), False  # noqa: PTH118 - thousands of paths
