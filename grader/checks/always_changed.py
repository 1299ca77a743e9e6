"""A stage of a lesson with ``always_changed``: DVC takes it for stale whatever changed."""

import re

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Finding
from grader.stages.lookup import name_in_file, stage_evidence
from grader.step import Step

_FIELD = "always_changed"
# "    always_changed: true  # a comment", alone in its line
_LINE = re.compile(rf"\s*{_FIELD}:\s*\S+\s*(?:#.*)?$")


def always_changed_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage
) -> Finding | None:
    """The finding on a stage that runs at each ``dvc repro``, and everything below it with it."""
    if not stage.always_changed:
        return None
    return Finding(
        "lock-stale",
        f"{stage.name} has {_FIELD}: true: dvc status never is clean, and each dvc repro runs it"
        " again, whether anything changed or not.",
        "a stage that runs when its code, data, params or command change",
        f"{_FIELD}: true in {stage.file}",
        (
            _take_out(repository, snapshot, stage),
            *fixes.commit([stage.file], f"Run {name_in_file(stage)} when something changed"),
        ),
        (stage_evidence(snapshot, stage, f"{_FIELD}:", value="true"),),
    )


def _take_out(repository: Repository, snapshot: Snapshot, stage: Stage) -> Step:
    """The edit of the folder's file, which may have other lines than the committed one."""
    here = repository.worktree if repository.worktree.text(stage.file) else snapshot
    line = stage_evidence(here, stage, f"{_FIELD}:").line
    lines = (here.text(stage.file) or "").splitlines()
    if line and _LINE.match(lines[line - 1]):
        return fixes.delete(stage.file, line)
    return fixes.change(stage.file, f"delete {_FIELD}: true", stage=name_in_file(stage))
