"""Whether what the README of an exercise tells of is still to be seen."""

import shlex
from collections.abc import Callable, Iterator

from grader import fixes
from grader.checks import CHECKS
from grader.engine.registry import Judge
from grader.exercises.reactions import inputs_of
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.stages.lookup import LOCK
from grader.step import Command, Step
from workshop.course.exercises import PAGE, Exercise, exercises
from workshop.exercises import whole_project
from workshop.exercises.project_folder import START

CODE = "symptom-there"


def asks_remote(exercise: Exercise) -> bool:
    """Whether only the remote can tell whether the symptom is there."""
    return any(CHECKS[id_].tier == "remote" for id_ in exercise.checks)


def judge_of(exercise: Exercise) -> Judge:
    """The check of an exercise that fails while its symptom is there."""

    def judge(repository: Repository, snapshot: Snapshot) -> Finding | None:
        """What README.md tells of is no longer to be seen.

        It is looked for as it shows, whatever its cause: grader hint helps to find that.
        """
        if not any(is_there(exercise, repository, snapshot) for is_there in _SIGNS):
            return None
        return Finding(
            CODE,
            exercise.holds,
            exercise.expected,
            exercise.actual,
            tuple(_steps(exercise, repository)),
            (Evidence(snapshot.revision, PAGE),),
            is_lesson_task=True,
            ask=exercise.ask,
            look=exercise.look,
        )

    return judge


def _steps(exercise: Exercise, repository: Repository) -> Iterator[Step]:
    """What mends it, with the address of the exercise's own remote.

    What it begins with may be gone since: a merge that was given up, a lock that was deleted.
    """
    remote = repository.settings.remote or ""
    first, *rest = (
        Command(tuple(word.replace("{remote}", remote) for word in shlex.split(line)))
        for line in exercise.type
    )
    if exercise.branch and repository.git and not repository.git.is_merging:
        if _is_unmerged(exercise, repository):
            # Where both sides changed a line, ours stays: of the lock, all of ours is taken below.
            words = ("git", "merge", "--no-ff", "--no-commit", "--strategy-option", "ours")
            yield fixes.command(*words, exercise.branch)
        first = fixes.command("git", "checkout", START, "--", LOCK, "metrics.json")
    if LOCK in first.words and not (repository.root / LOCK).exists():
        yield fixes.command("dvc", "repro")
    yield from (first, *rest)


def requires_of(exercise: Exercise) -> tuple[str, ...]:
    """The checks that hold before the symptom can be judged: those that its own checks require.

    Those that wait for it are passed over, and what they require is taken for them.
    """
    required: dict[str, None] = {}

    def visit(id_: str) -> None:
        for other in CHECKS[id_].requires:
            if other in exercise.waits:
                visit(other)
            else:
                required[other] = None

    for id_ in exercise.checks:
        visit(id_)
    return tuple(required)


def _is_wrong_reaction(exercise: Exercise, _repository: Repository, snapshot: Snapshot) -> bool:
    """Whether a stage does not run at a change that it should run at, or runs at another one."""
    inputs = inputs_of(snapshot) if exercise.runs or exercise.rests else {}
    is_deaf = any(path not in inputs.get(stage, ()) for stage, path in exercise.runs.items())
    return is_deaf or any(path in inputs.get(stage, ()) for stage, path in exercise.rests.items())


def _is_found(exercise: Exercise, repository: Repository, snapshot: Snapshot) -> bool:
    """Whether a check of any DVC repository finds a mistake, or what it is about is gone."""
    try:
        findings = [CHECKS[id_].judge(repository, snapshot) for id_ in exercise.checks]
    except BlockedError:
        return True
    return any(finding is not None and finding.severity == "fail" for finding in findings)


def _is_no_metric(exercise: Exercise, _repository: Repository, snapshot: Snapshot) -> bool:
    return bool(exercise.metric) and exercise.metric not in snapshot.project.metrics


def _is_other_data(exercise: Exercise, _repository: Repository, snapshot: Snapshot) -> bool:
    """Whether a .dvc file is of other data than the project's."""
    if not exercise.data:
        return False
    recorded = {
        out.recorded.md5
        for stage in snapshot.project.stages
        if stage.name == exercise.data
        for out in stage.outs
    }
    return exercises().records[whole_project.DATA_DIR] not in recorded


def _is_unmerged(exercise: Exercise, repository: Repository, *_: Snapshot) -> bool:
    """Whether the history lacks the commit of a tag."""
    if not exercise.branch or repository.git is None:
        return False
    commit = repository.git.tags().get(exercise.branch)
    return commit is None or not repository.git.has_in_history(commit)


_SIGNS: tuple[Callable[[Exercise, Repository, Snapshot], bool], ...] = (
    _is_wrong_reaction,
    _is_found,
    _is_no_metric,
    _is_other_data,
    _is_unmerged,
)
