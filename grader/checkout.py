"""The workshop's own checkout, in which attendees type what belongs into their repository."""

from collections.abc import Container, Iterable
from pathlib import Path

_OWN = "workshop.toml"
# What a checkout has, and no repository that ``grader start`` made.
_PARTS = ("grader/__main__.py", "service/main.py", "workshop/lessons/course.toml")
_WAY = "../my-workshop"


def way_out(repo: Path) -> str | None:
    """What leads from the workshop's checkout to one's own repository; None in any other folder."""
    if (repo / _OWN).exists() or not all((repo / part).is_file() for part in _PARTS):
        return None
    is_made = (repo / _WAY / _OWN).is_file()
    return f"cd {_WAY}" if is_made else f"grader start {_WAY}"


def foreign_note(repo: Path, asked: Iterable[str], judged: Container[str]) -> str:
    """The line on a repository of which no check of a lesson was judged, though some were asked.

    By the ids of these checks, and of those in the report.
    """
    asked = list(asked)
    if not asked or any(id_ in judged for id_ in asked) or (repo / _OWN).exists():
        return ""
    return (
        "note: grader start did not make this repository: what holds of every DVC repository is"
        " judged, and no lesson\n"
    )


def note(repo: Path) -> str:
    """What to tell of a folder that is the workshop's checkout; empty for any other."""
    way = way_out(repo)
    what = "note: this is the checkout of the workshop, and not your own repository"
    return f"{what}\n  fix: {way}\n" if way else ""
