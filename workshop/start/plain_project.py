"""A small project that knows nothing of DVC, for the lesson your-project: script, CSV, metric."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

from workshop import shell
from workshop.course import lesson_index
from workshop.course.manifest import LESSONS_DIR
from workshop.start.programs import Programs
from workshop.start.start_request import StartError, check_folder, check_name
from workshop.start.undo import delete_on_failure

LESSON = "your-project"
_MATERIAL_DIR = Path(__file__).parent / "film_ratings"
_CODE = ("train.py", "regression.py")
_DATA = "ratings.csv"
_TEXTS = {
    ".gitattributes": "* text=auto eol=lf\n",  # with CRLF, code in a clone has other hashes
    ".gitignore": "__pycache__/\n",
}
_FILMS, _ALL_FILMS = 300, 400
_SEED = 16
_FAILURE_FIX = "name a place where you may write; what was begun of the folder is deleted"


def make_plain_project(folder: Path, attendee: str | None = None) -> str:
    """Make a git repository with three commits in ``folder``; says what was made.

    The data is in git, and in its history twice. A StartError where ``folder`` holds something, or
    where it cannot be written.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay
    check_name(attendee)
    try:
        check_folder(folder)
        with delete_on_failure(folder):
            _make_commits(folder, Programs(folder, attendee or "attendee"))
    except OSError as error:
        problem = f"{error.filename or folder} cannot be written: {error.strerror or error}"
        raise StartError(problem, _FAILURE_FIX) from None
    own = Path(lesson_index.FOLDER, f"{LESSON}.md")  # of the workshop, where this is typed there
    path = own.absolute() if own.is_file() else LESSONS_DIR / own.name
    lesson_path = shell.printable(str(path))
    return "\n".join(
        [
            f"{shell.printable(str(folder))} is ready: a small project without DVC.",
            f"next: {shell.cd_command(folder)}",
            f"then: open {lesson_path}, and type what it says",
        ]
    )


def _make_commits(folder: Path, programs: Programs) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    programs.git("init", "--quiet", "--initial-branch", "main")
    programs.introduce()
    readme = (_MATERIAL_DIR / "README.md").read_text("utf-8")
    _write(folder, {**_TEXTS, "README.md": readme, _DATA: ratings_text(_FILMS)})
    programs.commit(f"Ratings of {_FILMS} films")
    _write(folder, {name: (_MATERIAL_DIR / name).read_text("utf-8") for name in _CODE})
    programs.commit("Guess the rating of a film")
    _write(folder, {_DATA: ratings_text(_ALL_FILMS)})
    programs.commit(f"Ratings of {_ALL_FILMS - _FILMS} more films")


def _write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def ratings_text(films: int) -> str:
    """The CSV of so many films: columns film, year, minutes, budget (in millions), rating (0-10).

    The same on every computer: ``random.Random.random`` is the one method of which Python promises
    that. More films are added at the end.
    """
    return "".join(f"{row}\n" for row in ("film,year,minutes,budget,rating", *_rows(films)))


def _rows(films: int) -> Iterator[str]:
    draw = random.Random(_SEED).random  # noqa: S311 - no secret
    for number in range(1, films + 1):
        year, minutes, budget = 1980 + int(45 * draw()), 75 + int(90 * draw()), int(150 * draw())
        noise = draw() + draw() - 1
        rating = 5 + (minutes - 120) / 30 - (year - 2000) / 40 + budget / 150 + noise
        yield f"f{number:04},{year},{minutes},{budget},{min(max(rating, 0), 10):.1f}"
