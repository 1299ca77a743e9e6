"""What dvc.lock of an exercise records is what its code makes."""

from collections.abc import Mapping

from dvcstate.model import StageState
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages.lookup import LOCK
from workshop.course.exercises import exercises
from workshop.exercises.whole_project import DATA_DIR, DATA_FILE


def records_are_of_a_run(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """What is recorded is what the code makes of the data and the params that are there.

    dvc commit records whatever is in the folder, whether a run made it or not.
    """
    recorded = {
        out.path: out.recorded.md5 for stage in snapshot.project.stages for out in stage.outs
    }
    wrong = [path for path, md5 in exercises().records.items() if recorded.get(path) != md5]
    if not wrong:
        return None
    if wrong[0] == DATA_DIR:
        return Finding(
            "lock-stale",
            f"{DATA_FILE} records other films than those of the project.",
            f"{DATA_FILE} of all films in {DATA_DIR}",
            "it was written before they were there",
            (
                fixes.command("dvc", "add", DATA_DIR),
                *fixes.commit([DATA_FILE], "Track the films as they are"),
            ),
            (Evidence(snapshot.revision, DATA_FILE),),
        )
    is_stale = any(_will_run(state, recorded) for state in repository.state.stages)
    # A merge mixes the records of two runs, of which neither is fabricated.
    is_merged = repository.exercise is not None and bool(repository.exercise.branch)
    return Finding(
        "lock-stale" if is_stale or is_merged else "lock-fabricated",
        f"{LOCK} records a {wrong[0]} that this code does not make of these films and params.",
        f"the {wrong[0]} that a run makes",
        _recorded_instead(is_stale, is_merged),
        (
            fixes.command("dvc", "repro", *["--force"] * (not is_stale)),
            *fixes.commit([LOCK, "metrics.json"], "Run the pipeline"),
        ),
        (Evidence(snapshot.revision, LOCK, snapshot.line(LOCK, f"path: {wrong[0]}")),),
    )


def _recorded_instead(is_stale: bool, is_merged: bool) -> str:
    if is_stale:
        return "the one of an older run"
    if is_merged:
        return "the one of a run before the merge, beside params of the other side"
    return "one that was in the folder when it was recorded without a run"


def _will_run(state: StageState, recorded: Mapping[str, str | None]) -> bool:
    """Whether dvc repro runs the stage; outs that are not as ``recorded`` it only checks out."""
    if state.stage.frozen or not state.stage.cmd:
        return False
    deps = [dep for dep in state.stage.deps if dep.path in recorded]
    same = {dep.path for dep in deps if recorded[dep.path] == dep.recorded.md5}
    changed = [reason for reason in state.reasons if reason.kind != "out"]
    return state.state == "never_run" or any(reason.path not in same for reason in changed)
