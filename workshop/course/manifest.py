"""The course as plain data: lessons in teaching order, the checks of each, their points.

``lessons/course.toml`` alone says which lesson a check belongs to, its points and its first hint;
``lessons/ID.md`` is the text of the lesson, or of the page, with that id.
"""

import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

from workshop.stages import STAGE_NAMES

LESSONS_DIR = Path(__file__).parents[1] / "lessons"
MANIFEST = "workshop/lessons/course.toml"

Value = TypeVar("Value")


class CourseError(Exception):
    """The manifest is not what it should be: the text says where, and what belongs there."""


@dataclass(frozen=True)
class CourseCheck:
    """What the course says of a check: ``ask`` is the first of its hints, a question."""

    id: str
    points: int
    ask: str

    def of_stage(self, stage: str) -> "CourseCheck":
        """The same, where it is a check of every stage, for one of them."""
        name, ask = (text.replace("{stage}", stage) for text in (self.id, self.ask))
        return CourseCheck(name, self.points, ask)


@dataclass(frozen=True)
class PlantedFault:
    """A fault that a lesson has the attendee find, below its heading ``section``.

    ``check`` finds it. ``names`` are too much or too few: paths, keys of params, or a stage.
    """

    check: str
    names: tuple[str, ...]
    section: str


@dataclass(frozen=True)
class Page:
    """A text of the course."""

    id: str
    title: str

    @property
    def path(self) -> Path:
        """Its Markdown."""
        return LESSONS_DIR / f"{self.id}.md"


@dataclass(frozen=True)
class Lesson(Page):
    """A text with checks; ``topic`` says what they are about in a repository of any kind."""

    topic: str
    minutes: int
    checks: tuple[CourseCheck, ...]
    planted: tuple[PlantedFault, ...]

    @property
    def points(self) -> int:
        """The points of all its checks."""
        return sum(check.points for check in self.checks)

    @property
    def has_stage(self) -> bool:
        """Whether it is about the stage of the same name."""
        return self.id in STAGE_NAMES


@dataclass(frozen=True)
class Course:
    """``lessons`` in teaching order, and ``pages`` without checks.

    ``code_fixes`` are what mends each code in general, with words in capitals for the real names;
    ``check_fixes`` the same for a check whose codes say little of it. A line that begins with # is
    done by hand.
    """

    lessons: tuple[Lesson, ...]
    pages: tuple[Page, ...]
    code_fixes: Mapping[str, tuple[str, ...]]
    check_fixes: Mapping[str, tuple[str, ...]]

    @functools.cached_property
    def _by_check(self) -> Mapping[str, tuple[Lesson, CourseCheck]]:
        return {check.id: (lesson, check) for lesson in self.lessons for check in lesson.checks}

    def lesson(self, id: str) -> Lesson | None:  # noqa: A002 - the word that the report uses
        """The lesson with that id."""
        return next((lesson for lesson in self.lessons if lesson.id == id), None)

    def lessons_before(self, lesson: Lesson) -> tuple[Lesson, ...]:
        """The lessons before ``lesson``."""
        return self.lessons[: self.lessons.index(lesson)]

    def lesson_of(self, check: str) -> Lesson:
        """The lesson that a check belongs to; a CourseError where there is none."""
        return self._lesson_and_check(check)[0]

    def check(self, check: str) -> CourseCheck:
        """What the course says of a check; a CourseError where that is nothing."""
        return self._lesson_and_check(check)[1]

    def _lesson_and_check(self, check: str) -> tuple[Lesson, CourseCheck]:
        if check not in self._by_check:
            raise CourseError(
                f"the check {check} is in no lesson: add to the checks of one in {MANIFEST}\n"
                f'  {{ id = "{check}", points = 1, ask = "…?" }},'
            )
        return self._by_check[check]


@functools.cache
def course() -> Course:
    """The workshop's own course, read once."""
    try:
        text = (LESSONS_DIR / "course.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{MANIFEST} cannot be read: {error}") from None
    return parse_course(text)


def parse_course(text: str) -> Course:
    """The course that a manifest describes, or a CourseError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{MANIFEST}: {error}") from None
    if unknown := sorted(set(document) - {"lesson", "every-stage", "page", "code", "check"}):
        raise CourseError(f"{MANIFEST}: nobody reads {', '.join(unknown)}")
    stage_checks = _parse_checks(document, "every-stage", "every-stage")
    lessons = tuple(
        _parse_lesson(table, stage_checks) for table in _tables(document, "lesson", MANIFEST)
    )
    pages = tuple(
        _parse(Page, table, f"page {table.get('id')}")
        for table in _tables(document, "page", MANIFEST)
    )
    _check_unique([page.id for page in (*lessons, *pages)], "a lesson or page")
    _check_unique([check.id for lesson in lessons for check in lesson.checks], "a check")
    code_fixes, check_fixes = (
        {name: tuple(lines) for name, lines in document.get(key, {}).items()}
        for key in ("code", "check")
    )
    return Course(lessons, pages, code_fixes, check_fixes)


def _parse_lesson(table: Mapping[str, Any], stage_checks: Iterable[CourseCheck]) -> Lesson:
    where = f"lesson {table.get('id')}"
    checks = _parse_checks(table, "checks", where)
    planted = tuple(
        _parse(PlantedFault, {**item, "names": tuple(item.get("names", ()))}, where)
        for item in _tables(table, "planted", where)
    )
    lesson = _parse(Lesson, {**table, "checks": checks, "planted": planted}, where)
    shared = (check.of_stage(lesson.id) for check in stage_checks if lesson.has_stage)
    return replace(lesson, checks=(*shared, *checks))


def _parse_checks(table: Mapping[str, Any], key: str, where: str) -> tuple[CourseCheck, ...]:
    checks = []
    for item in _tables(table, key, where):
        place = f"{where}, check {item.get('id')}"
        check = _parse(CourseCheck, item, place)
        if check.points < 0:
            raise CourseError(f"{MANIFEST}, {place}: points cannot be negative")
        if not check.ask.endswith("?"):
            raise CourseError(f"{MANIFEST}, {place}: ask has to be a question")
        checks.append(check)
    return tuple(checks)


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise CourseError(f"{MANIFEST}, {where}: {key} has to be a list of tables")
    return value


# By hand, though pydantic is at hand: to import it would add 0.1 s to each start of the grader.
def _parse(kind: type[Value], table: Mapping[str, Any], where: str) -> Value:
    """A dataclass whose fields a table has, by name and type."""
    hints = get_type_hints(kind).items()
    types = {name: get_origin(hint) or hint for name, hint in hints}  # tuple for tuple[x, ...]
    if unknown := sorted(set(table) - set(types)):
        raise CourseError(f"{MANIFEST}, {where}: nobody reads {', '.join(unknown)}")
    for name, type_ in types.items():
        if type(table.get(name)) is not type_:  # not isinstance: `true` would be an int
            raise CourseError(f"{MANIFEST}, {where}: {name} has to be of type {type_.__name__}")
    return kind(**table)


def _check_unique(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CourseError(f"{MANIFEST}: {what} is there twice: {', '.join(twice)}")
