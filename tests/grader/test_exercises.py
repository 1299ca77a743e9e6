"""The broken repositories: the symptom is there, its hint solves it, and no wrong way out does."""

from collections.abc import Iterator

import pytest

from grader.exercises import SYMPTOM
from grader.grading import grade
from tests.grader.exercise_room import Room, failures, is_full
from tests.repositories import environment
from workshop.course.exercises import Exercise, exercises
from workshop.exercises.dvc_process import DvcProcess
from workshop.exercises.faults import FAULTS

EVERY = exercises().exercises

each = pytest.mark.parametrize("exercise", EVERY, ids=lambda exercise: exercise.id)


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("exercises")
    with DvcProcess(environment(folder)) as dvc:
        yield Room(folder, dvc)


def test_each_exercise_has_its_fault() -> None:
    assert [exercise.id for exercise in EVERY] == list(FAULTS)


@each
def test_the_hint_solves_the_exercise(exercise: Exercise, room: Room) -> None:
    repo = room.repo(exercise)
    report = grade(repo)
    assert failures(report)[SYMPTOM] == "symptom-there"
    room.type(repo, *exercise.type)
    assert failures(grade(repo)) == {}
    assert is_full(repo)
