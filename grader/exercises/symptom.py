"""Whether what the README of an exercise tells of is still to be seen."""

import shlex
from collections.abc import Callable, Iterator

from grader.checks import CHECKS
from grader.engine.registry import Judge
from grader.exercises.reactions import inputs_of
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.step import Command
from workshop.course.exercises import PAGE, Exercise, exercises
from workshop.exercises import whole_project

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


def _steps(exercise: Exercise, repository: Repository) -> Iterator[Command]:
    """What mends it, with the address of the exercise's own remote."""
    remote = repository.settings.remote or ""
    for line in exercise.type:
        yield Command(tuple(word.replace("{remote}", remote) for word in shlex.split(line)))


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


def _is_unmerged(exercise: Exercise, repository: Repository, _snapshot: Snapshot) -> bool:
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
