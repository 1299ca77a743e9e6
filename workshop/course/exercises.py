"""The exercises as plain data: small broken repositories, in lessons/exercises.toml."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from workshop.course.manifest import LESSONS_DIR, CourseCheck, CourseError

MANIFEST = "workshop/lessons/exercises.toml"
EXERCISE = "exercise"
"""The id under which a report has what an exercise asks for."""
PAGE = "README.md"
"""The text of an exercise, in its repository."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Exercise:
    """One broken repository; lessons/exercises.toml says what its texts are for.

    The symptom is there while one of ``runs``, ``rests``, ``checks``, ``metric``, ``data`` and
    ``branch`` says so; the others are empty.
    """

    id: str
    title: str
    idea: str
    story: str
    see: tuple[str, ...]
    goal: str
    holds: str
    expected: str
    actual: str
    ask: str
    look: str
    type: tuple[str, ...]
    waits: tuple[str, ...]
    number: int = 0
    runs: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    rests: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    checks: tuple[str, ...] = ()
    metric: str = ""
    data: str = ""
    branch: str = ""

    @property
    def folder_name(self) -> str:
        """The name of its folder where all of them are made: ``01-frozen``."""
        return f"{self.number:02}-{self.id}"


@dataclass(frozen=True)
class Exercises:
    """All of them from easy to hard, what is asked in each, and what the project records.

    ``code_fixes`` are what mends each code in general, as in the course.
    """

    exercises: tuple[Exercise, ...]
    checks: Mapping[str, CourseCheck]
    records: Mapping[str, str]
    code_fixes: Mapping[str, tuple[str, ...]]

    def exercise(self, id: str) -> Exercise | None:  # noqa: A002 - the word of the manifest
        """The exercise with that id, or that number."""
        names = ((item.id, str(item.number), item.folder_name) for item in self.exercises)
        return next(
            (item for item, own in zip(self.exercises, names, strict=True) if id in own), None
        )


@functools.cache
def exercises() -> Exercises:
    """The workshop's own, read once; a CourseError where the manifest is not what it should be."""
    try:
        document = tomllib.loads((LESSONS_DIR / "exercises.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(f"{MANIFEST} cannot be read: {error}") from None
    try:
        return Exercises(
            tuple(
                Exercise(number=number, **_as_tuples(table))
                for number, table in enumerate(document["exercise"], 1)
            ),
            {table["id"]: CourseCheck(**table) for table in document["check"]},
            document["records"],
            {code: tuple(lines) for code, lines in document["code"].items()},
        )
    except (TypeError, KeyError) as error:
        raise CourseError(f"{MANIFEST}: {error}") from None


def _as_tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    """A list of TOML is a tuple, and the first line end of a text is not of it."""
    return {
        key: tuple(value)
        if isinstance(value, list)
        else value.strip()
        if isinstance(value, str)
        else value
        for key, value in table.items()
    }


def listing() -> str:
    """The number and the title of each."""
    return "\n".join(f"{item.number:4}  {item.title}" for item in exercises().exercises)
