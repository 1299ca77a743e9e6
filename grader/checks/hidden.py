"""``.dvcignore`` hides none of what DVC keeps."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from dvcstate.dvcignore import DvcIgnore
from grader import fixes
from grader.checks import stages
from grader.engine.finding import Evidence, Finding
from grader.engine.registry import check
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot

_JUNK = re.compile(r"^(\..*|Thumbs\.db|desktop\.ini|__pycache__|.*\.py[co])$")


@check(
    "data.not_hidden",
    "dvcignore-hides-data",
    requires=("init.readable",),
    committed_only=True,
)
def dvcignore_hides_no_data(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """.dvcignore leaves out none of the data.

    DVC neither hashes, nor pushes, nor sees what it ignores: a change there changes nothing.
    """
    root = repository.root
    ignore = DvcIgnore(str(root))
    for path in _data_paths(snapshot):
        for place, is_folder in _places(root, path):
            if not ignore.ignores(place, is_folder):
                continue
            shown = place[len(str(root)) + 1 :].replace("\\", "/")
            rule = ignore.ignoring_rule(place, is_folder) or "a line"
            line = _line(repository.worktree, rule)
            return Finding(
                "dvcignore-hides-data",
                f"The line {rule!r} of .dvcignore hides {shown} from DVC.",
                f"every file of {path} kept by DVC",
                f"{shown} is ignored",
                _delete(repository, rule, line),
                (Evidence("worktree", ".dvcignore", line, rule),),
            )
    return None


def _delete(repository: Repository, rule: str, line: int | None) -> tuple[Step, ...]:
    """The line deleted, and that committed where the line had been committed."""
    edit = (
        fixes.delete(".dvcignore", line) if line else fixes.change(".dvcignore", f"delete {rule}")
    )
    if line and _line(repository.head, rule) is None:
        return (edit,)
    commit = fixes.commit([".dvcignore"], "Hide no data from DVC")
    return edit, *commit


def _line(snapshot: Snapshot, rule: str) -> int | None:
    lines = (snapshot.text(".dvcignore") or "").splitlines()
    return next((at for at, line in enumerate(lines, 1) if line.strip() == rule.strip()), None)


def _data_paths(snapshot: Snapshot) -> list[str]:
    """Outs, and deps, from the root; each once."""
    paths = [out.path for stage in stages.any_of(snapshot) for out in stage.outs if out.inside]
    paths += [dep.path for stage in snapshot.project.stages for dep in stage.deps if dep.inside]
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
