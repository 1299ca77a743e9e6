"""The workshop's own checkout, in which attendees type what belongs into their repository."""

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


def note(repo: Path) -> str:
    """What to tell of a folder that is the workshop's checkout; empty for any other."""
    way = way_out(repo)
    what = "note: this is the checkout of the workshop, and not your own repository"
    return f"{what}\n  fix: {way}\n" if way else ""
