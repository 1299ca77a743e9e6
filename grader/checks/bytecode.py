"""``.dvcignore`` leaves out what Python writes into the folders of code that are deps."""

import os
import re
from collections.abc import Iterator

from dvcstate import Stage
from dvcstate.dvcignore import DvcIgnore
from grader import fixes
from grader.checks import stages
from grader.checks.stages import covers
from grader.code.stage_code import words_of
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.step import Step

_FILE = ".dvcignore"
_LINE = "__pycache__/"
_COMPILED = "__pycache__/module.cpython-311.pyc"
"""Such a file may be left out by its name alone, as by ``*.pyc``."""
_NO_BYTECODE = re.compile(r"-B$|PYTHONDONTWRITEBYTECODE=.|PYTHONPYCACHEPREFIX=.")
"""A word of a command with which Python writes no bytecode there."""


@check(
    "pipeline.bytecode",
    "dvcignore-lacks-pycache",
    requires=("preprocess.declared",),
)
def dvcignore_leaves_out_bytecode(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """.dvcignore leaves out __pycache__ where a folder of code is a dep.

    Python writes its bytecode there when a stage runs, and another Python writes other bytecode.
    DVC hashes a folder with all that is in it, but what .dvcignore leaves out.
    """
    for stage, dep, folder in _hashed_with_bytecode(repository, snapshot):
        return Finding(
            "dvcignore-lacks-pycache",
            f"Python writes {folder}/__pycache__ when {stage.name} runs, and DVC takes it for a"
            " change of the code: the stage has to run again, here and in each clone.",
            f"a line {_LINE} in {_FILE}",
            "no line leaves it out",
            (
                *_appended(repository),
                fixes.command("dvc", "repro"),
                *fixes.commit(
                    [_FILE, stages.LOCK, *stages.uncached(*snapshot.project.stages)],
                    "Leave bytecode out of the deps",
                ),
            ),
            (Evidence(snapshot.revision, _FILE), stages.in_file(snapshot, stage, dep, value=dep)),
        )
    return None


def _hashed_with_bytecode(
    repository: Repository, snapshot: Snapshot
) -> Iterator[tuple[Stage, str, str]]:
    """A stage, its dep that is a folder, and a folder of code in that whose bytecode is hashed."""
    ignore = DvcIgnore(str(snapshot.root))
    code = {path.rpartition("/")[0] for path in repository.committed_files if path.endswith(".py")}
    for stage in snapshot.project.stages:
        if not stage.cmd or any(map(_NO_BYTECODE.match, words_of(stage.cmd))):
            continue
        for dep in stage.deps:
            for folder in sorted(code):
                if covers(dep.path, folder) and not _is_left_out(ignore, folder):
                    yield stage, dep.path, folder


def _is_left_out(ignore: DvcIgnore, folder: str) -> bool:
    place = os.path.join(ignore.root, folder, _COMPILED)  # noqa: PTH118 - DvcIgnore takes texts
    return ignore.ignores(place, False)


def _appended(repository: Repository) -> Iterator[Step]:
    """The command that adds the line, unless the worktree has it and it is to be committed."""
    if not any(_hashed_with_bytecode(repository, repository.worktree)):
        return
    text = repository.worktree.text(_FILE) or ""
    words = fixes.literal(_LINE)
    if text and not text.endswith("\n"):
        words = f"'', {words}, sep=chr(10)"
    place = fixes.literal(_FILE)
    yield fixes.python(f"print({words}, file=open({place}, 'a', encoding='utf-8'))")
