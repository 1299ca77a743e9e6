"""Whether what the README of an exercise tells of is still to be seen."""

import shlex
from collections.abc import Callable

from grader.checks import CHECKS
from grader.engine.registry import Judge
from grader.exercises.reactions import inputs_of
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
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
            tuple(Command(tuple(shlex.split(line))) for line in exercise.type),
            (Evidence(snapshot.revision, PAGE),),
            is_lesson_task=True,
            ask=exercise.ask,
            look=exercise.look,
        )

    return judge


def _is_wrong_reaction(exercise: Exercise, _repository: Repository, snapshot: Snapshot) -> bool:
    """Whether a change does not do what it should: make a stage run, or not."""
    if not exercise.probe:
        return False
    runs = exercise.probe["input"] in inputs_of(snapshot).get(exercise.probe["stage"], ())
    return runs is not exercise.probe["runs"]


def _is_found(exercise: Exercise, repository: Repository, snapshot: Snapshot) -> bool:
    """Whether a check of any DVC repository finds a mistake."""
    findings = (CHECKS[id_].judge(repository, snapshot) for id_ in exercise.checks)
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


_SIGNS: tuple[Callable[[Exercise, Repository, Snapshot], bool], ...] = (
    _is_wrong_reaction,
    _is_found,
    _is_no_metric,
    _is_other_data,
)
