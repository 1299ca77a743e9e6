"""The manifest of the course, and that the checks and the lessons' texts are those it names."""

import re

import pytest

from grader.checks import CHECKS
from workshop.course import manifest
from workshop.course.manifest import CourseError

MINIMAL = """
lesson = [{ id = "init", title = "Start", topic = "Git", minutes = 8, checks = [
  { id = "init.git", points = 3, ask = "Why?" },
] }]
"""


def test_each_check_stands_in_the_manifest_exactly_once() -> None:
    """The first message of this test is what to add to the manifest."""
    for name in CHECKS:
        assert manifest.course().check(name).ask
    named = {check.id for lesson in manifest.course().lessons for check in lesson.checks}
    gone = sorted(named - set(CHECKS))
    assert not gone, f"take these out of {manifest.MANIFEST}, no check is called that: {gone}"


def test_a_check_without_a_lesson_is_told_with_the_line_to_add() -> None:
    with pytest.raises(CourseError, match=re.escape('{ id = "data.new", points = 1, ask =')):
        manifest.course().check("data.new")


def test_the_course_takes_two_hours_at_most() -> None:
    assert 100 <= sum(lesson.minutes for lesson in manifest.course().lessons) <= 120


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("minutes = 8", "minutes = '8'", "lesson init: minutes has to be of type int"),
        ("minutes = 8", "minute = 8", "lesson init: nobody reads minute"),
        ("points = 3", "points = -3", "check init.git: points cannot be negative"),
        ("points = 3", "points = true", "check init.git: points has to be of type int"),
        ("Why?", "Because.", "check init.git: ask has to be a question"),
        ("lesson = [", "lesson = 3 # [", "course.toml: "),
        ("lesson = [{", "[[lesson", "course.toml: "),
        (
            "] }]",
            "  { id = 'init.git', points = 3, ask = 'Why?' },\n] }]",
            "a check is there twice: init.git",
        ),
    ],
)
def test_what_is_wrong_in_a_manifest_is_told(old: str, new: str, told: str) -> None:
    assert manifest.parse_course(MINIMAL).lessons[0].points == 3
    with pytest.raises(CourseError, match=re.escape(told)):
        manifest.parse_course(MINIMAL.replace(old, new))
