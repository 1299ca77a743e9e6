"""The lessons, typed word for word in one repository, from ``start`` to full score."""

import os
import sys
import time
from pathlib import Path

import pytest

from grader.grading import grade
from tests.attendee import Attendee
from workshop import lesson_text, starter
from workshop.course import course
from workshop.lesson_text import Command

SHELL_WORDS = ("&&", "||", "\\", ";", "`", "*", "~/", " > ", " | ")


@pytest.mark.slow
def test_the_lessons_lead_from_a_start_to_full_score(tmp_path: Path) -> None:
    """Every command, every edit and every shown line; the score after each lesson."""
    repo = tmp_path / "my-workshop"
    starter.start(repo, attendee="ada")
    attendee = Attendee(repo, tmp_path / "home")
    for lesson in course().lessons:
        for step in lesson_text.steps(lesson.path.read_text("utf-8"), "folder"):
            started = time.monotonic()
            printed = attendee.follow(step)
            if "WORKSHOP_SHOW" in os.environ:
                name = step.text if isinstance(step, Command) else f"edit {step.file}"
                sys.stderr.write(f"[{time.monotonic() - started:.1f} s] {name}\n{printed}\n")
        earned = {one["id"]: one["earned"] for one in grade(repo)["lessons"]}
        assert earned[lesson.id] == lesson.points
    report = grade(repo)
    assert report["score"] == report["max_score"]
