"""`grader start DIR --broken N`: makes one exercise in DIR, or all of them in folders of DIR."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from workshop import activation, shell
from workshop.course.exercises import Exercise, exercises, listing
from workshop.exercises import pages
from workshop.exercises.dvc_process import DvcProcess
from workshop.exercises.faults import FAULTS
from workshop.exercises.project_folder import START, ProjectFolder
from workshop.remote_addresses import folder_beside
from workshop.start.programs import Programs
from workshop.start.start_request import StartError, check_folder, check_name
from workshop.start.undo import delete_on_failure

ALL = "all"
_GITATTRIBUTES = "# With CRLF every hash that DVC records differs on Windows.\n* text=auto eol=lf\n"
_GITIGNORE = """\
__pycache__/
/fit.log
# For this computer's terminals alone.
/activate
/activate.ps1
"""


def make_exercises(
    folder: Path,
    which: str,
    attendee: str | None = None,
    report: Callable[[str], None] = lambda _line: None,
) -> str:
    """Make the exercises that ``which`` names in ``folder``; says what was made.

    ``which`` is a number or an id, or ``all``. ``report`` gets a line for each of several that is
    made. A StartError where that cannot be done.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay
    chosen = _choose(which)
    check_name(attendee)
    single = which != ALL
    places = [(item, folder if single else folder / item.folder_name) for item in chosen]
    try:
        check_folder(folder)
        remotes = [Path(folder_beside(place)).expanduser() for _, place in places]
        for remote in remotes:  # what an earlier exercise pushed would hide that nothing is pushed
            check_folder(remote)
        with delete_on_failure(folder, *remotes):
            _make(places, attendee or "attendee", report if not single else lambda _line: None)
            if not single:
                (folder / "README.md").write_text(pages.index(), "utf-8", newline="\n")
    except OSError as error:
        problem = f"{error.filename or folder} cannot be written: {error.strerror or error}"
        raise StartError(problem, "name a place where you may write") from None
    return pages.next_steps(folder, chosen)


def _choose(which: str) -> Sequence[Exercise]:
    every = exercises().exercises
    if which == ALL:
        return every
    exercise = exercises().exercise(which)
    if exercise is None:
        raise StartError(
            f"no exercise is called {shell.printable(which)}",
            f"--broken with {ALL}, or with one of these:\n{listing()}",
        )
    return (exercise,)


def _make(
    places: Sequence[tuple[Exercise, Path]], attendee: str, report: Callable[[str], None]
) -> None:
    with DvcProcess(Programs(Path(), attendee).environment()) as dvc:
        for exercise, folder in places:
            make_exercise(folder, exercise, dvc, attendee)
            report(f"{exercise.folder_name}: {exercise.title}")


def make_exercise(folder: Path, exercise: Exercise, dvc: DvcProcess, attendee: str) -> None:
    """Make one exercise in ``folder``, and the folder of its remote beside it."""
    remote = folder_beside(folder)
    programs = Programs(folder, attendee)
    project = ProjectFolder(folder, remote, dvc, programs)
    project.lay()
    texts = {
        ".gitattributes": _GITATTRIBUTES,
        ".gitignore": _GITIGNORE,
        "README.md": pages.readme(exercise),
        "workshop.toml": pages.settings(exercise, remote),
        **activation.scripts(),
    }
    for name, text in texts.items():
        project.write(name, text)
    FAULTS[exercise.id](project)
    project.git("tag", "--force", START, "HEAD")
    programs.introduce()
