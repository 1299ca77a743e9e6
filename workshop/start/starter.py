"""Makes an attendee's repository: git, code, params, posters, lessons, and nothing of DVC.

``--at LESSON`` solves what comes before that lesson (workshop.start.solution).
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from workshop import activation, remote_addresses, shell
from workshop.course import lesson_index
from workshop.course.gaps import GAPS, cut_out, gaps
from workshop.course.gaps import page as gap_page
from workshop.course.manifest import Lesson, course
from workshop.start import solution
from workshop.start.programs import Programs
from workshop.start.reference import QUICK, Preset, params_text, pipeline_dir
from workshop.start.run_cache import RunCache
from workshop.start.start_request import (
    RemoteAddress,
    StartError,
    check_folder,
    check_name,
    check_remote,
)
from workshop.start.undo import delete_on_failure

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


def make_repository(
    folder: Path,
    at: str | None = None,
    attendee: str | None = None,
    remote: RemoteAddress | None = None,
    preset: Preset = QUICK,
    *,
    has_gaps: bool = False,
) -> str:
    """Make a repository in ``folder``, which must not hold anything; says what was made.

    ``at``: None for the beginning, the id of a lesson for all before it solved, ``end`` for the
    whole solution, pushed to a folder beside it (or to ``remote``). ``has_gaps`` leaves parts of
    the code to the attendee. A StartError where that cannot be done.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay
    lessons = lessons_before(at)
    remote = remote and remote.without_slashes()
    check_name(attendee)
    check_remote(remote, lessons, folder, attendee)
    remote = remote and remote.as_written()
    try:
        check_folder(folder)
        with delete_on_failure(folder, *solution.folders_beside(folder, remote, lessons)):
            return _make_all(folder, lessons, attendee, remote, preset, has_gaps=has_gaps)
    except shutil.Error as error:  # one entry for each file that it could not copy
        _, target, reason = error.args[0][0]
        raise StartError(f"{target} cannot be written: {reason}", _TRY_AGAIN) from None
    except OSError as error:
        problem = f"{error.filename or folder} cannot be written: {error.strerror or error}"
        raise StartError(problem, _TRY_AGAIN) from None


def _make_all(
    folder: Path,
    lessons: Sequence[Lesson],
    attendee: str | None,
    remote: RemoteAddress | None,
    preset: Preset,
    *,
    has_gaps: bool,
) -> str:
    programs = Programs(folder, attendee or "attendee")
    texts = {
        ".gitattributes": _GITATTRIBUTES,
        ".gitignore": _GITIGNORE,
        "params.yaml": params_text(preset),
        "workshop.toml": _settings(
            attendee, remote.url if remote else None, lessons, has_gaps=has_gaps
        ),
        **(_texts_with_gaps() if has_gaps else {}),
        **{f"{lesson_index.FOLDER}/{name}": text for name, text in lesson_index.texts().items()},
    }
    _write_files(folder, {**texts, **activation.scripts()})
    run_cache = RunCache(folder, preset.posters)
    if not run_cache.restore_posters():
        count = str(preset.posters)
        programs.run(sys.executable, "-P", "-m", "pipeline.posters", "data/raw", "--count", count)
        run_cache.save_posters()
    programs.git("init", "--quiet", "--initial-branch", "main")
    programs.commit("Start the workshop", "pipeline", lesson_index.FOLDER, *texts)
    if not lessons:
        return _next_steps(folder, course().lessons[0], f"with {preset.posters} posters")
    data_address = solution.solve(folder, lessons, remote, run_cache, programs)
    if lessons == course().lessons:
        return f"{shell.printable(str(folder))} holds the whole solution, pushed to {data_address}."
    next_lesson = course().lessons[len(lessons)]
    return _next_steps(folder, next_lesson, f"solved as far as {lessons[-1].id}")


def lessons_before(at: str | None) -> tuple[Lesson, ...]:
    """The lessons that ``--at`` solves; a StartError where no lesson is called that."""
    lessons = course().lessons
    if at is None:
        return ()
    if at == END:
        return lessons
    lesson = course().lesson(at)
    if lesson is None:
        names = ", ".join([*(lesson.id for lesson in lessons), END])
        raise StartError(f"no lesson is called {at!r}", f"--at with one of: {names}")
    return course().lessons_before(lesson)


def _next_steps(folder: Path, lesson: Lesson, what: str) -> str:
    """What was made, and what to type and to read next."""
    lines = [
        f"{shell.printable(str(folder))} is ready, {what}.",
        f"next: {shell.cd_command(folder)}",
    ]
    if not shutil.which("grader", path=str(Path(sys.executable).parent)):
        root = shell.quote(pipeline_dir().parent.as_posix())
        lines += [f"then: python -m pip install --no-deps --no-build-isolation -e {root}"]
    page = f"{lesson_index.FOLDER}/{lesson.id}.md"
    lines += [f"then, in each terminal: {activation.COMMAND}"]
    return "\n".join([*lines, f"then: open {page}, and type what it says"])


def _write_files(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the code of the stages, the lessons' pictures, and ``texts`` by their path."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        pipeline_dir(), folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    pictures = lesson_index.PICTURES_DIR
    shutil.copytree(pictures, folder / lesson_index.FOLDER / pictures.name)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def _texts_with_gaps() -> dict[str, str]:
    """The files of code with gaps, and the text about them."""
    texts = {f"{lesson_index.FOLDER}/{GAPS}.md": gap_page()}
    for gap in gaps():
        reference = pipeline_dir().parent / gap.file
        texts[gap.file] = cut_out(texts.get(gap.file) or reference.read_text("utf-8"), gap)
    return texts


def _settings(
    attendee: str | None, remote: str | None, supplied: Sequence[Lesson], *, has_gaps: bool
) -> str:
    """``workshop.toml``; ``supplied`` are the lessons that the attendee did not solve."""
    lines = ["# Who works here, and where the data is to go: the grader compares with it."]
    lines += ["[workshop]", f"attendee = {_toml_text(attendee or '')}"]
    lines += [f"remote = {_toml_text(remote)}"] if remote else []
    lines += [f"raw = {_toml_text(remote_addresses.RAW)}"]  # where nobody pushes to
    lines += ["gaps = true"] * has_gaps
    if supplied:
        lines += [f"supplied = [{', '.join(_toml_text(lesson.id) for lesson in supplied)}]"]
    return "\n".join(lines) + "\n"


def _toml_text(text: str) -> str:
    """JSON's form, which is TOML's too: with ensure_ascii=False it has no escaped surrogates."""
    return json.dumps(text, ensure_ascii=False)
