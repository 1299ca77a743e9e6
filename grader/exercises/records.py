"""What dvc.lock of an exercise records is what its code makes."""

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
            f"{recorded.get(DATA_DIR)}",
            (
                fixes.command("dvc", "add", DATA_DIR),
                *fixes.commit([DATA_FILE], "Track the films as they are"),
            ),
            (Evidence(snapshot.revision, DATA_FILE),),
        )
    is_stale = any(
        state.state not in ("fresh", "frozen") or state.upstream_stale
        for state in repository.state.stages
    )
    return Finding(
        "lock-stale" if is_stale else "lock-fabricated",
        f"{LOCK} says that a run made this {wrong[0]}, and the code makes another one of these"
        " films and params.",
        f"the {wrong[0]} that a run makes",
        "one that was there before, recorded as if a run had made it"
        if not is_stale
        else "the one of an older run",
        (
            fixes.command("dvc", "repro", *["--force"] * (not is_stale)),
            *fixes.commit([LOCK, "metrics.json"], "Run the pipeline"),
        ),
        (Evidence(snapshot.revision, LOCK, snapshot.line(LOCK, f"path: {wrong[0]}")),),
    )
