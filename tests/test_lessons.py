"""The lessons, typed word for word in one repository, from ``start`` to full score."""

import itertools
import re
from pathlib import Path

import pytest

from grader.grading import grade
from tests.attendee import Attendee
from tests.repositories import ROOT
from workshop import lesson_text, starter
from workshop.course import LESSONS_DIR, Lesson, Page, course
from workshop.lesson_text import Command, LessonError, Replacement

SHELL_WORDS = ("&&", "||", "\\", ";", "`", "*", "~/", " > ", " | ")


PAGES = (*course().lessons, *course().pages)


def follow(attendee: Attendee, page: Page) -> None:
    """Do what a text says, where the remote is a folder."""
    for step in lesson_text.steps(page.path.read_text("utf-8"), "folder"):
        attendee.follow(step)


@pytest.mark.slow
def test_the_lessons_lead_from_a_start_to_full_score(tmp_path: Path) -> None:
    """Every command, every edit and every shown line; the score after each lesson."""
    repo = tmp_path / "my-workshop"
    starter.start(repo, attendee="ada")
    attendee = Attendee(repo, tmp_path / "home")
    for lesson in course().lessons:
        follow(attendee, lesson)
        earned = {one["id"]: one["earned"] for one in grade(repo)["lessons"]}
        assert earned[lesson.id] == lesson.points
    report = grade(repo)
    assert report["score"] == report["max_score"]
    for page in course().pages:
        follow(attendee, page)


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
    stops = re.findall(r"--at (\w+)", sheet)
    assert all(starter.solved_at(stop) for stop in stops)
    assert all(f"(workshop/lessons/{page.id}.md)" in readme for page in course().pages)


@pytest.mark.parametrize("page", PAGES, ids=[page.id for page in PAGES])
def test_a_text_can_be_typed_in_bash_and_in_powershell(page: Page) -> None:
    text = page.path.read_text("utf-8")
    assert text.startswith(f"# {page.title}\n")
    assert "https://dvc.org/doc/" in text
    for remote in lesson_text.remotes(text) or {"any"}:
        for step in lesson_text.steps(text, remote):
            if isinstance(step, Command):
                assert not [word for word in SHELL_WORDS if word in step.text], step.text
                assert not step.text.startswith("$")
    for line in text.splitlines():
        assert len(line) <= 100 or line.startswith(("dvc stage add ", "[{", "| ")), line


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
        lesson_text.steps(text, "folder")


def test_an_edit_of_lines_that_are_not_there_once_is_told() -> None:
    (edit,) = lesson_text.steps("```diff a.txt\n a\n-b\n+c\n```", "folder")
    assert isinstance(edit, Replacement)
    assert edit.applied("x\na\nb\ny\n") == "x\na\nc\ny\n"
    for text in ("a\nc\n", "a\nb\na\nb\n"):
        with pytest.raises(LessonError, match=r"a\.txt has not exactly once:\na\nb"):
            edit.applied(text)


def test_words_for_one_kind_of_remote_are_left_out_for_another() -> None:
    text = "<!-- remote: folder -->\n```sh\na\n```\n<!-- remote: any -->\n```sh 1\nb\n```\n"
    assert lesson_text.steps(text, "bucket") == (Command("b", 1),)
    assert lesson_text.steps(text, "folder") == (Command("a"), Command("b", 1))
