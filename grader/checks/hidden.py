"""``.dvcignore`` hides none of what DVC keeps, and none of what DVC reads."""

import os
import re
from collections.abc import Iterator

from dvcstate.dvcignore import IGNORE_FILE, DvcIgnore, move_to_root
from grader import fixes
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages.lookup import every_stage
from grader.step import Step

# .DS_Store, Thumbs.db, __pycache__: what a .dvcignore leaves out for good reason.
DVC_FILES = ("dvc.yaml", "dvc.lock", "data/raw.dvc")
"""What DVC itself reads of the lessons' pipeline."""
_JUNK = re.compile(r"^(\..*|Thumbs\.db|desktop\.ini|__pycache__|.*\.py[co])$")


@check("data.not_hidden", "dvcignore-hides-data", requires=("init.readable",), committed_only=True)
def dvcignore_hides_no_data(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """.dvcignore leaves out none of the data.

    DVC neither hashes, nor pushes, nor sees what it ignores: a change there changes nothing.
    """
    root = repository.root
    ignore = DvcIgnore(str(root))
    read = [path for path in DVC_FILES if is_hidden(repository, path)]
    for path in read or _data_paths(snapshot):
        for place, is_folder in _ignored_places(ignore, path):
            shown = place[len(str(root)) + 1 :].replace("\\", "/")
            rule = ignore.ignoring_rule(place, is_folder) or ""
            at = line_of_rule(repository.worktree, shown, rule)
            if at is None:  # .git, .dvc and other repositories, which no line names
                continue
            file, line = at
            return Finding(
                "dvcignore-hides-data",
                f"The line {rule!r} of {file} hides {shown} from DVC.",
                f"every file of {path} kept by DVC",
                f"{shown} is ignored",
                _delete(repository, shown, rule, at),
                (Evidence("worktree", file, line, rule),),
            )
    return None


def is_hidden(repository: Repository, path: str) -> bool:
    """Whether .dvcignore hides a file that is there: to DVC it is then as if it were not."""
    if repository.worktree.content(path) is None:
        return False
    return DvcIgnore(str(repository.root)).ignores(str(repository.root / path), False)


def line_of_rule(snapshot: Snapshot, path: str, rule: str) -> tuple[str, int] | None:
    """The .dvcignore, in the root or above ``path``, and its line with ``rule``."""
    parts = path.split("/")
    for depth in range(len(parts)):
        folder = "/".join(parts[:depth])
        file = f"{folder}/{IGNORE_FILE}" if folder else IGNORE_FILE
        for number, line in enumerate((snapshot.text(file) or "").splitlines(), 1):
            text = line.strip()
            if text and rule.strip() == (move_to_root(text, folder) if folder else text):
                return file, number
    return None


def _delete(repository: Repository, path: str, rule: str, at: tuple[str, int]) -> tuple[Step, ...]:
    """The line deleted, and that committed where the line had been committed."""
    edit = fixes.delete(*at)
    if line_of_rule(repository.head, path, rule) is None:
        return (edit,)
    commit = fixes.commit([at[0]], "Hide no data from DVC")
    return edit, *commit


def _data_paths(snapshot: Snapshot) -> list[str]:
    """Outs, and deps, from the root; each once."""
    paths = [out.path for stage in every_stage(snapshot) for out in stage.outs if out.inside]
    paths += [dep.path for stage in snapshot.project.stages for dep in stage.deps if dep.inside]
    return list(dict.fromkeys(paths))


def _ignored_places(ignore: DvcIgnore, path: str) -> Iterator[tuple[str, bool]]:
    """The path itself, or the files and folders in it that anybody would call data, if ignored."""
    top = os.path.join(ignore.root, path)  # noqa: PTH118 - thousands of paths, as text
    is_folder = os.path.isdir(top)  # noqa: PTH112 - a text already
    if ignore.ignores(top, is_folder):
        yield top, is_folder
        return
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not _JUNK.match(name)]
        for name in folders:
            place = os.path.join(folder, name)  # noqa: PTH118 - thousands of paths
            if ignore.ignores(place, True):
                yield place, True
        # Of most folders no rule says anything: then no file in them is looked at.
        is_ignored = ignore.file_test(folder)
        for name in files if is_ignored else ():
            if is_ignored and not _JUNK.match(name) and is_ignored(name):
                yield os.path.join(folder, name), False  # noqa: PTH118 - thousands of paths
