"""The course as plain data: lessons in teaching order, the checks of each, what they are worth.

``lessons/course.toml`` is the one place that ties a check to a lesson, its points and its hint;
``lessons/ID.md`` is the text of the lesson, or of the page, called ID.
"""

import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from workshop.stages import STAGE_NAMES

LESSONS_DIR = Path(__file__).parents[1] / "lessons"
MANIFEST = "workshop/lessons/course.toml"

Value = TypeVar("Value")


class CourseError(Exception):
    """The manifest is not what it should be: the text says where, and what belongs there."""


@dataclass(frozen=True)
class CourseCheck:
    """What the course knows of a check: ``ask`` is the first of its hints, a question."""

    id: str
    points: int
    ask: str


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
    """A text with checks."""

    minutes: int
    checks: tuple[CourseCheck, ...]

    @property
    def points(self) -> int:
        """What all of it is worth."""
        return sum(check.points for check in self.checks)

    @property
    def has_stage(self) -> bool:
        """Whether it is about the stage of the same name."""
        return self.id in STAGE_NAMES


@dataclass(frozen=True)
class Course:
    """``lessons`` in teaching order, and ``pages`` without checks."""

    lessons: tuple[Lesson, ...]
    pages: tuple[Page, ...]

    @functools.cached_property
    def _places(self) -> Mapping[str, tuple[Lesson, CourseCheck]]:
        return {check.id: (lesson, check) for lesson in self.lessons for check in lesson.checks}

    @property
    def check_ids(self) -> tuple[str, ...]:
        """The ids of all checks, in the order of the lessons."""
        return tuple(self._places)

    def lesson(self, id: str) -> Lesson | None:  # noqa: A002 - the word that the report uses
        """The lesson called ``id``."""
        return next((lesson for lesson in self.lessons if lesson.id == id), None)

    def lesson_of(self, check: str) -> Lesson:
        """The lesson that a check belongs to."""
        return self._placed(check)[0]

    def check(self, check: str) -> CourseCheck:
        """What the course knows of a check."""
        return self._placed(check)[1]

    def before(self, lesson: Lesson) -> tuple[Lesson, ...]:
        """The lessons before ``lesson``."""
        return self.lessons[: self.lessons.index(lesson)]

    def _placed(self, check: str) -> tuple[Lesson, CourseCheck]:
        if check not in self._places:
            raise CourseError(
                f"the check {check} is in no lesson: add to the checks of one in {MANIFEST}\n"
                f'  {{ id = "{check}", points = 1, ask = "…?" }},'
            )
        return self._places[check]


@functools.cache
def course() -> Course:
    """The workshop's own course, read once."""
    try:
        text = (LESSONS_DIR / "course.toml").read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{MANIFEST} cannot be read: {error}") from None
    return parsed(text)


def parsed(text: str) -> Course:
    """The course that a manifest describes, or a CourseError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{MANIFEST}: {error}") from None
    _only(document, ("lesson", "every-stage", "page"), MANIFEST)
    shared = [_check(one, "every-stage") for one in _tables(document, "every-stage", MANIFEST)]
    lessons = tuple(_lesson(one, shared) for one in _tables(document, "lesson", MANIFEST))
    pages = tuple(_page(one) for one in _tables(document, "page", MANIFEST))
    _unique([one.id for one in (*lessons, *pages)], "a lesson or page")
    _unique([check.id for lesson in lessons for check in lesson.checks], "a check")
    return Course(lessons, pages)


def _lesson(table: Mapping[str, Any], shared: Iterable[CourseCheck]) -> Lesson:
    where = f"lesson {table.get('id')}"
    _only(table, ("id", "title", "minutes", "checks"), where)
    name = _value(table, "id", str, where)
    own = [_check(one, where) for one in _tables(table, "checks", where)]
    minutes = _value(table, "minutes", int, where)
    checks = (*(_of_stage(shared, name) if name in STAGE_NAMES else ()), *own)
    return Lesson(name, _value(table, "title", str, where), minutes, checks)


def _of_stage(shared: Iterable[CourseCheck], stage: str) -> Iterator[CourseCheck]:
    for one in shared:
        yield CourseCheck(
            one.id.replace("{stage}", stage), one.points, one.ask.replace("{stage}", stage)
        )


def _check(table: Mapping[str, Any], where: str) -> CourseCheck:
    where = f"{where}, check {table.get('id')}"
    _only(table, ("id", "points", "ask"), where)
    name, ask = _value(table, "id", str, where), _value(table, "ask", str, where)
    points = _value(table, "points", int, where)
    if points < 0:
        raise CourseError(f"{MANIFEST}, {where}: points cannot be negative")
    if not ask.endswith("?"):
        raise CourseError(f"{MANIFEST}, {where}: ask has to be a question")
    return CourseCheck(name, points, ask)


def _page(table: Mapping[str, Any]) -> Page:
    where = f"page {table.get('id')}"
    _only(table, ("id", "title"), where)
    return Page(_value(table, "id", str, where), _value(table, "title", str, where))


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise CourseError(f"{MANIFEST}, {where}: {key} has to be a list of tables")
    return found


def _value(table: Mapping[str, Any], key: str, kind: type[Value], where: str) -> Value:
    found = table.get(key)
    if type(found) is not kind:
        raise CourseError(f"{MANIFEST}, {where}: {key} has to be of type {kind.__name__}")
    return found


def _only(table: Mapping[str, Any], keys: Iterable[str], where: str) -> None:
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise CourseError(f"{MANIFEST}, {where}: nobody reads {', '.join(unknown)}")


def _unique(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CourseError(f"{MANIFEST}: {what} is there twice: {', '.join(twice)}")
