"""The lessons, typed word for word in one repository, from ``start`` to full score."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.engine.report import Report
from grader.grading import grade
from tests import lesson_text
from tests.attendee import Attendee, working
from tests.bucket_server import BUCKET, serving
from tests.lesson_text import FileReplacement, LessonCommand, LessonError
from tests.repositories import ROOT, run
from tests.solution import SMALL
from workshop import activation
from workshop.course.manifest import LESSONS_DIR, Lesson, Page, course
from workshop.start import plain_project, starter
from workshop.start.reference import QUICK, Preset
from workshop.start.start_request import RemoteAddress

FEW_EPOCHS = Preset(
    QUICK.posters, {**QUICK.params, "train": {"epochs": 1, "fine_tuning_epochs": 1}}
)
"""The posters of an attendee, whose hashes the lessons show."""
SHELL_WORDS = ("&&", "||", "\\", ";", "`", "*", "~/", " > ", " | ")


LONG = ("dvc stage add ", "dvc import-url ", "[{", "| ")
"""What a line begins with that may be as long as it is: two shells break lines in two ways."""
OF_THEIR_OWN = ("remote-google", "remote-folder", "import-raw-data", plain_project.LESSON)
"""Pages for a repository of their own: each has a test of its own."""
ASKS_GOOGLE = ("dvc push", "dvc status --cloud", "gcloud", "grader")
PAGES = (*course().lessons, *course().pages)


def follow(attendee: Attendee, page: Page, after: str = "") -> None:
    """Do what a text says, from the words ``after`` on."""
    text = page.path.read_text("utf-8")
    for step in lesson_text.steps(text[text.index(after) :]):
        attendee.follow(step)


def earned(report: Report) -> dict[str, int]:
    """The points of each lesson."""
    return {one.id: one.earned for one in report.lessons}


def lesson_called(name: str) -> Lesson:
    lesson = course().lesson(name)
    assert lesson is not None
    return lesson


def page_called(name: str) -> Page:
    return next(page for page in course().pages if page.id == name)


@pytest.fixture
def ada(tmp_path: Path, forked_dvc: None) -> Iterator[Attendee]:
    """In a fresh start, with a terminal that is not set up."""
    repo = tmp_path / "my-workshop"
    starter.make_repository(repo, attendee="ada", preset=FEW_EPOCHS)
    with working(repo, tmp_path / "home") as attendee:
        yield attendee


@pytest.mark.slow
def test_the_lessons_lead_from_a_start_to_full_score(ada: Attendee) -> None:
    """Every command, every edit and every shown line, with the lessons' own kind of remote."""
    repo = ada.folder
    for lesson in course().lessons:
        follow(ada, lesson)
        assert earned(grade(repo))[lesson.id] == lesson.points
    report = grade(repo)
    assert report.score == report.max_score
    assert {"static", "remote"} <= set(report.verified)
    for page in course().pages:
        if page.id not in OF_THEIR_OWN:
            follow(ada, page)


@pytest.mark.slow
def test_a_project_of_ones_own_comes_under_dvc(tmp_path: Path) -> None:
    """Without the other lessons; at the end a clone pulls, and nothing runs there."""
    (tmp_path / "anywhere").mkdir()
    with working(tmp_path / "anywhere", tmp_path / "home") as attendee:
        follow(attendee, page_called(plain_project.LESSON))
        assert attendee.folder == tmp_path / "my-project-clone"
    for folder in (attendee.folder, tmp_path / "my-project"):
        assert run(folder, "git", "status", "--short") == ""


@pytest.mark.slow
def test_a_folder_does_in_place_of_the_bucket(
    ada: Attendee, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lessons in which the remote has a part; those between are the same for every remote."""
    for variable in ("HOME", "USERPROFILE"):  # in which the folder is
        monkeypatch.setenv(variable, str(ada.home))
    for name in ("init", "data"):
        follow(ada, lesson_called(name))
    follow(ada, page_called("remote-folder"))
    follow(ada, lesson_called("remote"), after="## What DVC wrote")
    points = earned(grade(ada.folder))
    assert all(points[name] == lesson_called(name).points for name in ("init", "data", "remote"))


@pytest.mark.slow
@pytest.mark.usefixtures("saved_runs")
def test_who_comes_late_shares_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a folder, and a git that knows nobody."""
    repo, home = tmp_path / "my-workshop", tmp_path / "home"
    with working(repo, home) as late:
        for name, value in late.environment().items():
            monkeypatch.setenv(name, value)
        starter.make_repository(repo, "share", "ada", preset=SMALL)
        late.type(LessonCommand(activation.COMMAND))
        follow(late, lesson_called("share"))
    report = grade(repo)
    assert report.score == report.max_score


@pytest.mark.slow
@pytest.mark.usefixtures("saved_runs")
def test_all_is_solved_with_a_bucket_server(tmp_path: Path) -> None:
    repo = tmp_path / "solved"
    with serving(tmp_path / "server") as server:
        remote = RemoteAddress(f"gs://{BUCKET}/ada", server.endpoint)
        starter.make_repository(repo, starter.END, "ada", remote, preset=SMALL)
        report = grade(repo)
        assert report.score == report.max_score
        assert len(server.names()) > 100


@pytest.mark.slow
def test_raw_data_out_of_a_bucket_has_full_marks(ada: Attendee) -> None:
    """And what the lesson says of Google's own cloud, as far as that goes without it."""
    for page in (lesson_called("init"), lesson_called("data"), page_called("import-raw-data")):
        follow(ada, page)
    assert "frozen: true" in (ada.folder / "data" / "raw.dvc").read_text("utf-8")
    text = page_called("remote-google").path.read_text("utf-8")
    for step in lesson_text.steps(text):
        if isinstance(step, LessonCommand) and not step.text.startswith(ASKS_GOOGLE):
            ada.type(replace(step, text=step.text.replace("YOUR-BUCKET", "a-bucket")))
    report = grade(ada.folder, offline=True)  # nobody has the key: nothing was pushed
    solved = [one for one in report.lessons if one.id in ("init", "data", "remote")]
    assert [one.earned for one in solved] == [one.max - one.not_told for one in solved]
    assert len(solved) == 3


def test_the_readme_and_the_instructor_know_the_course() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    sheet = (ROOT / "docs" / "instructor.md").read_text("utf-8")
    minute = 2
    for number, lesson in enumerate(course().lessons, start=1):
        link = f"[{lesson.id}](workshop/lessons/{lesson.id}.md)"
        assert f"| {number} | {link} | {lesson.title} | {lesson.minutes} |" in readme
        assert f"| {minute} | {lesson.id} |" in sheet
        minute += lesson.minutes
    assert minute <= 120
    total = sum(lesson.points for lesson in course().lessons)
    assert f"{total} of {total} points" in sheet
    assert f"{total} of {total} points" in lesson_called("share").path.read_text("utf-8")
    stops = re.findall(r"--at (\w+)", sheet)
    assert all(starter.lessons_before(stop) for stop in stops)
    assert all(f"(workshop/lessons/{page.id}.md)" in readme for page in course().pages)


@pytest.mark.parametrize("page", PAGES, ids=[page.id for page in PAGES])
def test_a_text_can_be_typed_in_bash_and_in_powershell(page: Page) -> None:
    text = page.path.read_text("utf-8")
    assert text.startswith(f"# {page.title}\n")
    assert "https://dvc.org/doc/" in text
    for step in lesson_text.steps(text):
        if isinstance(step, LessonCommand) and step.text != activation.COMMAND:
            text_for_shells = step.text.replace('"~/', '"')  # in quotes it is for DVC
            assert not [word for word in SHELL_WORDS if word in text_for_shells], step.text
            assert not step.text.startswith("$")
            assert len(step.text) <= 3 * 80, step.text
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
        assert (page.path.parent / picture).is_file()
    for line in text.splitlines():
        assert len(line) <= 100 or line.startswith(LONG), line


@pytest.mark.parametrize("lesson", course().lessons, ids=[one.id for one in course().lessons])
def test_a_lesson_says_all_that_a_lesson_says(lesson: Lesson) -> None:
    text = lesson.path.read_text("utf-8")
    for part in (
        "**Why.**",
        "## What DVC wrote",
        "## Did it work?",
        "**Think.**",
        "**More.**",
        "**Next.**",
    ):
        assert text.count(part) == 1, part
    assert "grader check" in text.partition("## Did it work?")[2]
    following = dict(itertools.pairwise(course().lessons)).get(lesson)
    assert following is None or f"**Next.** [{following.id}]({following.id}.md)" in text


def test_texts_are_those_of_the_manifest() -> None:
    assert {path.stem for path in LESSONS_DIR.glob("*.md")} == {page.id for page in PAGES}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```text\nnobody printed this\n```", "no command prints this"),
        ("```yaml\nstages:\n```", "nobody knows what to do with this yaml"),
    ],
)
def test_a_block_that_cannot_be_followed_is_told(text: str, told: str) -> None:
    with pytest.raises(LessonError, match=told):
        lesson_text.steps(text)


def test_an_edit_of_lines_that_are_not_there_once_is_told() -> None:
    (edit,) = lesson_text.steps("```diff a.txt\n a\n-b\n+c\n```")
    assert isinstance(edit, FileReplacement)
    assert edit.apply_to("x\na\nb\ny\n") == "x\na\nc\ny\n"
    for text in ("a\nc\n", "a\nb\na\nb\n"):
        with pytest.raises(LessonError, match=r"a\.txt has not exactly once:\na\nb"):
            edit.apply_to(text)


def test_a_command_may_go_on_in_a_terminal_of_its_own() -> None:
    assert lesson_text.steps("```sh &\na\n```\n") == (LessonCommand("a", runs_on=True),)


def test_a_command_may_have_to_print_nothing() -> None:
    text = "```sh silent\na\nb\n```\n"
    assert lesson_text.steps(text) == (LessonCommand("a"), LessonCommand("b", is_silent=True))
