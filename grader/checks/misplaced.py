"""A stage whose ``wdir`` makes its paths lead nowhere."""

import posixpath

import yaml

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages import absent_deps
from grader.stages.lookup import LOCK, name_in_file
from grader.stages.storage import uncached_outs


def misplaced_finding(repository: Repository, snapshot: Snapshot, stage: Stage) -> Finding | None:
    """The finding on a ``wdir`` without which every path of ``stage`` is there."""
    absent = absent_deps.find(repository, snapshot, stage)
    name = name_in_file(stage)
    line = snapshot.line(stage.file, f"{name}:", "wdir:") if absent else None
    if line is None:
        return None
    declared = yaml.safe_load(snapshot.text(stage.file) or "")["stages"].get(name) or {}
    folder = posixpath.normpath(
        posixpath.join(posixpath.dirname(stage.file), str(declared["wdir"]))
    )
    meant = [path.removeprefix(f"{folder}/") for path in absent]
    if any(absent_deps.is_nowhere(repository, snapshot, path) for path in meant):
        return None
    outs = [path.removeprefix(f"{folder}/") for path in uncached_outs(stage)]
    commit = fixes.commit([stage.file, LOCK, *outs], f"Run {name} in the root")
    return Finding(
        "wrong-directory",
        f"{stage.name} has a wdir: its paths are read from {folder}, where {fixes.join(absent)} is"
        " not. dvc repro stops there.",
        "paths from the root, without wdir",
        f"wdir: {declared['wdir']}",
        (fixes.delete(stage.file, line), fixes.command("dvc", "repro"), *commit),
        (Evidence(snapshot.revision, stage.file, line, "wdir"),),
    )
