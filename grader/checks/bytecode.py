"""``.dvcignore`` leaves out what Python writes into the folders of code that are deps."""

import os
import re
from collections.abc import Iterator

from dvcstate import Stage
from dvcstate.dvcignore import DvcIgnore
from grader import fixes
from grader.code.stage_code import StageCode, words_of
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.git_files import append_lines
from grader.stages.lookup import LOCK, stage_evidence
from grader.stages.paths import covers
from grader.stages.storage import uncached_outs
from grader.step import Step
from workshop.stages import STAGES

_FILE = ".dvcignore"
_LINE = "__pycache__/"
# A pattern such as *.pyc leaves bytecode out by its name; one for a single Python does not do.
_COMPILED = tuple(f"__pycache__/module.cpython-{minor}.pyc" for minor in (311, 312, 313))
# Words with which Python writes no bytecode there: -B, -IB, PYTHONDONTWRITEBYTECODE=1.
_NO_BYTECODE = re.compile(r"-[A-Za-z]*B|PYTHONDONTWRITEBYTECODE=.+|PYTHONPYCACHEPREFIX=.+")


@check(
    "pipeline.bytecode",
    "dvcignore-lacks-pycache",
    requires=("preprocess.declared",),
    of_workshop=True,
)
def dvcignore_leaves_out_bytecode(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """.dvcignore leaves out __pycache__ where a folder of code is a dep.

    Python writes its bytecode there when a stage runs, and another Python writes other bytecode.
    DVC hashes a folder with all that is in it, but what .dvcignore leaves out.
    """
    paths = [_FILE, LOCK, *uncached_outs(*snapshot.project.stages)]
    for stage, dep, folder in _hashed_with_bytecode(snapshot):
        return Finding(
            "dvcignore-lacks-pycache",
            f"Python writes {folder}/__pycache__ when {stage.name} runs, and DVC hashes it as code:"
            " the stage turns stale when other bytecode is written, here or in a clone.",
            f"a line {_LINE} in {_FILE}",
            "no line leaves it out",
            (
                *_append_line(repository),
                fixes.command("dvc", "repro"),
                *fixes.commit(paths, "Leave bytecode out of the deps"),
            ),
            (Evidence(snapshot.revision, _FILE), stage_evidence(snapshot, stage, dep, value=dep)),
        )
    return None


def _hashed_with_bytecode(snapshot: Snapshot) -> Iterator[tuple[Stage, str, str]]:
    """A stage, its dep that is a folder, and a folder of code in that whose bytecode is hashed.

    Of the lessons' stages alone: what another command imports, or whether it runs Python, nobody
    can tell.
    """
    ignore = DvcIgnore(str(snapshot.root))
    left_out: set[str] = set()
    for spec in STAGES:
        stage = snapshot.stage(spec)
        if stage is None or not _writes_bytecode(snapshot.code(spec), stage.cmd):
            continue
        folders = {path.rpartition("/")[0] for path in snapshot.code(spec).imported()}
        for folder in sorted(folders - left_out):
            if _is_left_out(ignore, folder):
                left_out.add(folder)
                continue
            for dep in stage.deps:
                if covers(dep.path, folder):
                    yield stage, dep.path, folder


def _writes_bytecode(code: StageCode, command: str | list[str] | None) -> bool:
    """Whether the line of the command that runs the stage's code lets Python write bytecode."""
    lines = [command] if isinstance(command, str) else command or []
    running = [words_of(line) for line in lines if code.is_run_by(line)]
    return any(not any(map(_NO_BYTECODE.fullmatch, words)) for words in running)


def _is_left_out(ignore: DvcIgnore, folder: str) -> bool:
    names = (os.path.join(ignore.root, folder, name) for name in _COMPILED)  # noqa: PTH118 - texts
    return all(ignore.ignores(name, False) for name in names)


def _append_line(repository: Repository) -> Iterator[Step]:
    """The command that adds the line, unless the worktree has it and it is to be committed."""
    if not any(_hashed_with_bytecode(repository.worktree)):
        return
    yield append_lines(repository, _FILE, [_LINE])
