"""The broken repositories: the symptom is there, its hint solves it, and no wrong way out does."""

from collections.abc import Iterator, Mapping

import pytest

from grader.exercises import SYMPTOM
from grader.grading import grade
from grader.step import Command
from tests.grader.exercise_room import Room, failures, is_full
from tests.grader.wrong_ways import RIGHT_WAYS, WRONG_WAYS, Line, Way
from tests.repositories import environment
from workshop.course.exercises import Exercise, exercises
from workshop.exercises.dvc_process import DvcProcess
from workshop.exercises.faults import FAULTS
from workshop.shell import command_line

EVERY = exercises().exercises
SEEN = {
    "metrics-not-shown": "",
    "model-never-changes": "Data and pipelines are up to date.",
    "param-without-effect": "Data and pipelines are up to date.",
    "correction-without-effect": "Data and pipelines are up to date.",
    "clone-without-model": "Checkout failed for following targets:\nmodel.json",
    "clone-without-remote": "no default remote set",
    "clone-without-run": "fit:\n\tchanged deps:",
    "run-that-stops": "output 'model.json' is already tracked by SCM",
    "run-for-a-title": "fit:\n\tchanged deps:\n\t\tmodified:           params.yaml",
    "films-not-seen": "Data and pipelines are up to date.",
    "films-that-differ": "films.dvc:\n\tchanged outs:\n\t\tmodified:           films",
    "merge-that-stops": "possible merge conflicts",
}
"""What DVC prints where somebody types what README.md says: the symptom."""

each = pytest.mark.parametrize("exercise", EVERY, ids=lambda exercise: exercise.id)


def ways(table: Mapping[str, Mapping[str, object]]) -> pytest.MarkDecorator:
    found = [
        pytest.param(exercise, way, id=f"{exercise.id}-{name}")
        for exercise in EVERY
        for name, way in table.get(exercise.id, {}).items()
    ]
    return pytest.mark.parametrize(("exercise", "way"), found)


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("exercises")
    with DvcProcess(environment(folder)) as dvc:
        yield Room(folder, dvc)


def test_each_exercise_has_its_fault_and_two_wrong_ways_at_least() -> None:
    assert [exercise.id for exercise in EVERY] == list(FAULTS) == list(WRONG_WAYS)
    assert min(map(len, WRONG_WAYS.values())) >= 2
    assert len(EVERY) == 12


@pytest.mark.slow
@each
def test_the_symptom_is_seen_and_its_hint_solves_it(exercise: Exercise, room: Room) -> None:
    repo = room.repo(exercise)
    report = grade(repo)
    assert failures(report) == {SYMPTOM: "symptom-there"}
    shown = [room.print(repo, line) for line in exercise.see]
    assert any(SEEN[exercise.id] in text if SEEN[exercise.id] else not text for text in shown)
    assert failures(grade(repo)) == {SYMPTOM: "symptom-there"}
    steps = {result.id: result for result in report.checks}[SYMPTOM].steps
    room.type(repo, *(command_line(step.words) for step in steps if isinstance(step, Command)))
    assert failures(grade(repo)) == {}
    assert is_full(repo)


@pytest.mark.slow
@ways(WRONG_WAYS)
def test_a_wrong_way_out_is_named_and_what_is_said_to_type_leads_back(
    exercise: Exercise, way: Way, room: Room
) -> None:
    repo = room.repo(exercise)
    room.type(repo, *way.lines)
    found = failures(grade(repo))
    assert {id_: found.get(id_) for id_ in way.fails} == way.fails
    typed = room.follow(repo)
    is_made_anew = f"grader start ../{repo.name}-again --broken {exercise.number}" in typed
    assert is_made_anew == way.loses_data
    assert is_made_anew or is_full(repo)


@pytest.mark.slow
@ways(RIGHT_WAYS)
def test_another_right_way_is_full(exercise: Exercise, way: tuple[Line, ...], room: Room) -> None:
    repo = room.repo(exercise)
    room.type(repo, *way)
    assert failures(grade(repo)) == {}
    assert is_full(repo)
