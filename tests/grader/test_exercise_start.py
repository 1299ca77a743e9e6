"""`grader start --broken` and `grader list --broken`, and what an exercise shows of itself."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from grader import commands, hint
from grader.engine.report import Report
from grader.exercises import SYMPTOM
from grader.grading import grade
from grader.output import human, report_schema
from grader.output.report_json import document
from grader.watch import view
from grader.watch.report_diff import ReportDiff
from tests.repositories import copy_folder
from workshop.course.exercises import Exercises, exercises
from workshop.exercises import builder, pages
from workshop.exercises.faults import FAULTS
from workshop.shell import command_line, stop_block
from workshop.start.programs import ProgramError
from workshop.terminal import Style

PLAIN = Style(80, plain=True, colour=False)
TITLES = [exercise.title for exercise in exercises().exercises]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two exercises, made as all of them are: the second can be judged by the remote alone."""
    folder = tmp_path_factory.mktemp("exercises") / "all"
    chosen = [exercises().exercises[1], exercises().exercises[4]]
    with pytest.MonkeyPatch.context() as patch:
        few = Exercises(tuple(chosen), exercises().checks, exercises().records, {})
        patch.setattr(builder, "exercises", lambda: few)
        lines: list[str] = []
        text = builder.make_exercises(folder, "all", "ada", lines.append)
    assert [line.partition(":")[0] for line in lines] == [item.folder_name for item in chosen]
    assert "2 exercises" in text
    assert "02-model-never-changes" in text
    yield folder


@pytest.fixture(scope="module")
def frozen(started: Path) -> Path:
    return started / "02-model-never-changes"


@pytest.fixture(scope="module")
def report(frozen: Path) -> Report:
    return grade(frozen)


def test_all_exercises_are_listed_in_a_readme(started: Path) -> None:
    text = (started / "README.md").read_text("utf-8")
    assert [title for title in TITLES if title not in text] == []


def test_the_readme_of_an_exercise_names_the_command_that_shows_it(frozen: Path) -> None:
    text = (frozen / "README.md").read_text("utf-8")
    assert text.startswith("# 2. A model that never changes\n")
    assert "```sh\ndvc repro\n```" in text
    assert "frozen" not in text


def test_check_says_what_is_seen_and_not_what_solves_it(report: Report, frozen: Path) -> None:
    text = human.render(report, PLAIN)
    assert "A change of fit.smoothing in params.yaml does not make fit run." in text
    assert "next: do what README.md says" in text
    assert "dvc unfreeze" not in text
    assert "frozen" not in text
    assert "dvc unfreeze fit" in human.render(report, PLAIN, show_all=True)
    assert commands.main(["check", "--repo", str(frozen)]) == 1


def test_watch_says_what_is_seen(report: Report) -> None:
    screen = view.render_screen(report, ReportDiff(), view.Viewport(80, 24), PLAIN)
    assert "next: do what README.md says" in screen
    assert not any("unfreeze" in line for line in screen)


def test_the_report_has_the_shape_of_every_report(report: Report) -> None:
    jsonschema.validate(json.loads(json.dumps(document(report))), report_schema.schema())
    first = report.lessons[0]
    assert (first.id, first.title, first.max) == ("exercise", TITLES[1], 10)
    assert report.max_score > report.score


def test_the_hint_has_three_steps(report: Report) -> None:
    result = next(result for result in report.checks if result.id == SYMPTOM)
    exercise = exercises().exercises[1]
    first, second, third = (hint.render_step(result, step) for step in (1, 2, 3))
    assert exercise.ask in " ".join(first.split())
    assert exercise.look in " ".join(second.split())
    assert "dvc unfreeze fit" not in first + second
    assert "  dvc unfreeze fit\n" in third


def test_the_remote_is_not_asked_offline(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = started / "05-clone-without-model"
    monkeypatch.setattr("grader.checks.pushed._pushed", lambda *_: pytest.fail("it is asked"))
    report = grade(repo, offline=True)
    assert {result.kind for result in report.checks} == {"pass"}
    assert report.not_told == 4 + 8 + 1
    monkeypatch.undo()
    assert report.score < report.max_score
    assert commands.main(["check", "--repo", str(repo), "--only", SYMPTOM]) == 1


def test_a_number_that_no_exercise_has_shows_those_that_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in ("13", "0", "three", ""):
        assert commands.main(["start", str(tmp_path / "x"), "--broken", wrong]) == 2
        error = capsys.readouterr().err
        assert f"no exercise is called {wrong}" in error
        assert [title for title in TITLES if title not in error] == []
    assert not (tmp_path / "x").exists()


def test_options_of_the_workshop_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["start", str(tmp_path / "x"), "--broken", "1", "--at", "train"]
    assert commands.main(words) == 2
    assert "--broken goes with no option but --name" in capsys.readouterr().err


def test_a_folder_that_holds_something_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    assert commands.main(["start", str(tmp_path), "--broken", "1"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_remote_of_an_earlier_exercise_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x-remote" / "files").mkdir(parents=True)
    assert commands.main(["start", str(tmp_path / "x"), "--broken", "5"]) == 2
    assert "x-remote is not empty" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_what_was_begun_is_deleted_where_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_project: object) -> None:
        raise ProgramError("dvc add films failed", "see why")

    monkeypatch.setattr(builder, "FAULTS", {**FAULTS, "metrics-not-shown": fail})
    assert commands.main(["start", str(tmp_path / "x"), "--broken", "1"]) == 2
    assert "dvc add films failed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_exercises_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["list", "--broken"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [
        [str(number), title] for number, title in enumerate(TITLES, 1)
    ]


def test_a_repository_that_is_no_exercise_is_named(
    frozen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = tmp_path / "repo"
    copy_folder(frozen, repo)
    (repo / "workshop.toml").unlink()
    assert commands.main(["check", "--repo", str(repo), "--only", SYMPTOM]) == 1
    (repo / "workshop.toml").write_text("[workshop]\n", "utf-8")
    assert commands.main(["check", "--repo", str(repo), "--only", SYMPTOM]) == 2
    assert "is judged by exercise.symptom" in capsys.readouterr().err


def test_no_readme_tells_what_mends_its_exercise() -> None:
    """What is said in each of them would spoil the one whose data nobody has sent to the remote."""
    for exercise in exercises().exercises:
        told = pages.readme(exercise).replace(exercise.story, "")
        assert exercise.goal in told
        assert "push" not in told.replace("\n".join(exercise.see), "")
    unsent = exercises().exercise("clone-without-model")
    assert unsent is not None
    assert "dvc push" not in pages.readme(unsent)


def test_what_an_exercise_has_to_type_is_for_bash_and_powershell() -> None:
    """A word that only one of them takes as it stands would be in quotes, or another one."""
    for exercise in exercises().exercises:
        steps = [tuple(shlex.split(line)) for line in (*exercise.see, *exercise.type)]
        lines = [command_line(words) for words in steps]
        bare = re.sub(r'"[^"]*"', "", " ".join(lines))
        assert not set(bare) & set("&|;<>$`'\\*,(){}^!"), exercise.id
        block = stop_block(lines, is_powershell=True)
        assert "&&" not in " ".join(block)
        assert all(line in shown for line, shown in zip(lines, block, strict=True))
