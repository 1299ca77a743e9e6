"""The texts of the course as they are laid into an attendee's repository, and where to begin."""

from workshop.course.manifest import LESSONS_DIR, course

FOLDER = "lessons"
PICTURES_DIR = LESSONS_DIR / "pictures"
"""What the texts show."""


def texts() -> dict[str, str]:
    """Each lesson and page by its file name, and a README that lists them."""
    pages = (*course().lessons, *course().pages)
    return {
        "README.md": _readme(),
        **{page.path.name: page.path.read_text("utf-8") for page in pages},
    }


def _readme() -> str:
    lessons, pages = course().lessons, course().pages
    first, minutes = lessons[0].id, sum(lesson.minutes for lesson in lessons)
    rows = "\n".join(
        f"| {number} | [{lesson.id}]({lesson.id}.md) | {lesson.title} | {lesson.minutes} |"
        f" {lesson.points} |"
        for number, lesson in enumerate(lessons, start=1)
    )
    links = "\n".join(f"- [{page.title}]({page.id}.md)" for page in pages)
    return f"""\
# The lessons

Begin with [{first}]({first}.md). Type what it says, one line at a time, in a terminal in
which the workshop's environment is activated, in the folder of this repository. `…` in what
a command prints stands for what is left out, or differs on your laptop.

| | lesson | | minutes | points |
|---|---|---|---|---|
{rows}

{minutes} minutes in all. `grader check` says at any time what is right, what is wrong, and what to
type. For when there is time, without points:

{links}
"""
