"""Makes an attendee's repository: git, code, params, posters, lessons, and nothing of DVC.

``--at LESSON`` solves what comes before that lesson (workshop.start.solution).
"""

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from workshop import shell
from workshop.course import lesson_index
from workshop.course.manifest import Lesson, course
from workshop.start import activation, remote_places
from workshop.start.programs import ProgramError, Programs
from workshop.start.run_cache import KeptRuns
from workshop.start.start_error import StartError
from workshop.start.start_request import (
    Remote,
    check_folder,
    check_name,
    check_remote,
    undone_on_failure,
)

__all__ = [
    "END", "QUICK", "Preset", "Remote", "StartError", "params_text", "pipeline_dir", "start",
    "template",
]  # fmt: skip

END = "end"
_TRY_AGAIN = "name a place where you may write; what was begun of the folder is deleted"
_GITATTRIBUTES = """\
# With CRLF every hash that DVC records differs on Windows.
* text=auto eol=lf
*.png binary
*.jpg binary
*.onnx binary
"""
_GITIGNORE = """\
__pycache__/
.venv/
# Outs that are being written (pipeline/shared/outs.py).
.partial-*
.old-*
/dvc_plots
# For this computer's terminals alone.
/activate
/activate.ps1
"""


@dataclass(frozen=True)
class Preset:
    """How many posters, and what differs from the project's own params.yaml."""

    posters: int
    params: Mapping[str, Mapping[str, Any]]


QUICK = Preset(
    300,
    MappingProxyType(
        {
            "preprocess": {
                "min_posters_per_genre": 12,
                "augmentation": {
                    "copies": 1, "rotation": 5, "scale": 0.1, "crop": 0.1, "brightness": 0.2
                },
            },
            "train": {"epochs": 4, "fine_tuning_epochs": 2},
        }
    ),
)  # fmt: skip
"""What a room of laptops has the patience for: training takes at most 20 s."""


def start(
    folder: Path,
    at: str | None = None,
    attendee: str | None = None,
    remote: Remote | None = None,
    preset: Preset = QUICK,
) -> str:
    """Make a repository in ``folder``, which must not hold anything; says what was made.

    ``at``: None for the beginning, the id of a lesson for all before it solved, ``end`` for the
    whole solution, pushed to a folder beside it (or to ``remote``). A StartError where that cannot
    be done.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay
    lessons = solved_at(at)
    remote = remote and remote.without_slashes()
    check_name(attendee)
    check_remote(remote, lessons, folder, attendee)
    try:
        check_folder(folder)
        with undone_on_failure(folder, *_made_beside(folder, remote, lessons)):
            return _made(folder, lessons, attendee, remote, preset)
    except ProgramError as error:
        raise StartError(error.problem, error.fix) from None
    except shutil.Error as error:  # one entry for each file that it could not copy
        _, target, reason = error.args[0][0]
        raise StartError(f"{target} cannot be written: {reason}", _TRY_AGAIN) from None
    except OSError as error:
        problem = f"{error.filename or folder} cannot be written: {error.strerror or error}"
        raise StartError(problem, _TRY_AGAIN) from None


def _made_beside(folder: Path, remote: Remote | None, lessons: Sequence[Lesson]) -> Iterator[Path]:
    """The folder remote that a solution makes."""
    if any(lesson.id == "remote" for lesson in lessons):
        where = remote.url if remote else str(solution_remote(folder))
        if "://" not in where:
            yield Path(where)


def solution_remote(folder: Path) -> Path:
    """Where the data goes if nobody says where: beside the repository."""
    return folder.with_name(f"{folder.name}-remote")


def _made(
    folder: Path,
    lessons: Sequence[Lesson],
    attendee: str | None,
    remote: Remote | None,
    preset: Preset,
) -> str:
    programs = Programs(folder, attendee or "attendee")
    texts = _texts(preset, _settings(attendee, remote.url if remote else None, lessons))
    _lay(folder, {**texts, **activation.texts()})
    kept = KeptRuns(folder, preset.posters)
    if not kept.supply_posters():
        _draw(preset.posters, programs)
        kept.keep_posters()
    programs.git("init", "--quiet", "--initial-branch", "main")
    programs.commit("Start the workshop", "pipeline", *texts)
    if not lessons:
        return _told(folder, course().lessons[0], f"with {preset.posters} posters")
    from workshop.start import solution

    where = solution.solve(folder, lessons, remote, kept, programs)
    if lessons == course().lessons:
        return f"{shell.printable(str(folder))} holds the whole solution, pushed to {where}."
    following = course().lessons[len(lessons)]
    return _told(folder, following, f"solved as far as {lessons[-1].id}")


def solved_at(at: str | None) -> tuple[Lesson, ...]:
    """The lessons that ``--at`` solves; a StartError where no lesson is called that."""
    lessons = course().lessons
    if at is None:
        return ()
    if at == END:
        return lessons
    lesson = course().lesson(at)
    if lesson is None:
        known = ", ".join([*(one.id for one in lessons), END])
        raise StartError(f"no lesson is called {at!r}", f"--at with one of: {known}")
    return course().before(lesson)


def _told(folder: Path, following: Lesson, what: str) -> str:
    """What was made, and what to type and to read next."""
    page = f"{lesson_index.FOLDER}/{following.id}.md"
    try:
        shown = Path(os.path.relpath(folder))
    except ValueError:  # on another drive of Windows
        shown = folder
    printable = shell.printable(str(folder))
    lines = [f"{printable} is ready, {what}.", f"next: {_entered(shown.as_posix())}"]
    if not shutil.which("grader", path=str(Path(sys.executable).parent)):
        root = shell.quoted(pipeline_dir().parent.as_posix())
        lines += [f"then: python -m pip install --no-deps --no-build-isolation -e {root}"]
    lines += [f"then, in each terminal: {activation.COMMAND}"]
    return "\n".join([*lines, f"then: open {page}, and type what it says"])


def _entered(path: str) -> str:
    """How to go into a folder; some names have no form that every shell takes."""
    if not shell.is_quotable(path):
        return f"go into the folder {shell.printable(path)}"
    return f"cd {shell.quoted(path if not path.startswith('-') else f'./{path}')}"


def _lay(folder: Path, texts: Mapping[str, str]) -> None:
    """The code of the stages, and ``texts`` by their path."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        pipeline_dir(), folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    (folder / lesson_index.FOLDER).mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def _texts(preset: Preset, settings: str) -> dict[str, str]:
    return {
        ".gitattributes": _GITATTRIBUTES,
        ".gitignore": _GITIGNORE,
        "params.yaml": params_text(preset),
        "workshop.toml": settings,
        **{f"{lesson_index.FOLDER}/{name}": text for name, text in lesson_index.texts().items()},
    }


def _draw(count: int, programs: Programs) -> None:
    programs.run(sys.executable, "-P", "-m", "pipeline.posters", "data/raw", "--count", str(count))


def pipeline_dir() -> Path:
    """The folder of the stages' code, wherever this project is installed or checked out."""
    spec = importlib.util.find_spec("pipeline")
    if spec is None or not spec.submodule_search_locations:
        raise StartError("the stages' code is not installed here", "run this from a whole checkout")
    return Path(spec.submodule_search_locations[0])


def template(name: str) -> Path:
    """A file of the reference solution: beside this module when installed, else in the checkout."""
    installed = Path(__file__).parents[1] / "template" / name
    return installed if installed.exists() else pipeline_dir().parent / name


def params_text(preset: Preset) -> str:
    """The project's params with the preset's values: its comments stay where a line stays."""
    lines = template("params.yaml").read_text("utf-8").splitlines()
    document = yaml.safe_load("\n".join(lines))
    for section, values in preset.params.items():
        for key, value in values.items():
            nested = value.items() if isinstance(value, dict) else [(key, value)]
            for name, each in nested:
                if isinstance(value, dict) and document[section][key][name] == each:
                    continue
                _set(lines, section, name, each)
    return "\n".join(lines) + "\n"


def _set(lines: list[str], section: str, name: str, value: Any) -> None:
    """Change the value of ``name`` below ``section:``, and nothing else of its line."""
    at = lines.index(f"{section}:")
    for index in range(at + 1, len(lines)):
        key, colon, rest = lines[index].partition(":")
        if colon and key.strip() == name:
            _, hash_, comment = rest.partition("  #")
            lines[index] = f"{key}: {value}{hash_}{comment}"
            return
    raise KeyError(f"{section}.{name}")


def _settings(attendee: str | None, remote: str | None, supplied: Sequence[Lesson]) -> str:
    """``workshop.toml``; ``supplied`` are the lessons that the attendee did not solve."""
    lines = ["# Who works here, and where the data is to go: the grader compares with it."]
    lines += ["[workshop]", f"attendee = {_quoted(attendee or '')}"]
    lines += [f"remote = {_quoted(remote)}"] if remote else []
    lines += [f"raw = {_quoted(remote_places.RAW)}"]  # where nobody pushes to
    if supplied:
        lines += [f"supplied = [{', '.join(_quoted(lesson.id) for lesson in supplied)}]"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """As TOML writes text: what JSON makes of it is TOML too, but for escaped surrogates."""
    return json.dumps(text, ensure_ascii=False)
