"""Solves lessons in a started repository, for whoever comes late: what they teach, in order."""

import re
from collections.abc import Sequence
from pathlib import Path

from workshop.course.manifest import Lesson
from workshop.stages import STAGES
from workshop.start import starter
from workshop.start.programs import ProgramError, Programs
from workshop.start.run_cache import KeptRuns
from workshop.start.start_error import StartError
from workshop.start.starter import Remote

REMOTE = "dvc-workshop"
_CHANGE = ("examples: 18", "examples: 12")
"""A param that costs a second: how many posters the contact sheet shows."""


def solve(
    folder: Path,
    lessons: Sequence[Lesson],
    remote: Remote | None,
    kept: KeptRuns,
    programs: Programs,
) -> str | None:
    """Solve ``lessons``, which are the first ones, and commit; where the data is to go.

    Without a ``remote`` that is a folder beside the repository, by its absolute path.
    """
    known = {lesson.id for lesson in lessons}
    where = remote or Remote(str(starter.solution_remote(folder)))
    if "init" in known:
        _initialise(folder, programs)
    if "data" in known:
        _track_data(programs)
    if "remote" in known:
        set_up(where, programs)
    if stages := [lesson.id for lesson in lessons if lesson.has_stage]:
        _run_pipeline(folder, stages, kept, programs)
    if "change" in known:
        _change_one_param(folder, kept, programs)
    if "share" in known:
        push(where, programs)
    return where.url if "remote" in known else None


def _initialise(folder: Path, programs: Programs) -> None:
    programs.introduce()
    programs.dvc("init", "--quiet")
    _write(folder / ".dvcignore", starter.template(".dvcignore").read_text("utf-8"))
    programs.commit("Initialise DVC", ".dvc", ".dvcignore")


def _track_data(programs: Programs) -> None:
    programs.dvc("add", "--quiet", "data/raw")
    programs.commit("Track the raw data", "data/raw.dvc", "data/.gitignore")


def set_up(where: Remote, programs: Programs) -> None:
    """Agree on the remote, and commit it."""
    if "://" not in where.url:
        Path(where.url).mkdir(parents=True, exist_ok=True)
    programs.dvc("remote", "add", "--quiet", "-d", REMOTE, where.url)
    if where.endpoint:
        programs.dvc("remote", "modify", "--quiet", REMOTE, "endpointurl", where.endpoint)
        programs.dvc("remote", "modify", "--quiet", REMOTE, "allow_anonymous_login", "true")
    programs.commit("Set the default remote", ".dvc/config")


def push(where: Remote, programs: Programs) -> None:
    """Not with --quiet: then DVC says nothing of why it stops."""
    try:
        programs.dvc("push")
    except ProgramError as error:
        raise StartError(
            f"nothing could be pushed to {where.url}: {error.problem}",
            "--remote with a place where you may write; without it, a folder beside the repository",
        ) from None


def _run_pipeline(folder: Path, stages: Sequence[str], kept: KeptRuns, programs: Programs) -> None:
    _write(folder / "dvc.yaml", _pipeline(stages))
    for stage in stages:
        kept.supply(stage)
    programs.dvc("repro", "--quiet")
    kept.keep(_stage_run_by)
    programs.commit("Run the pipeline")


def _change_one_param(folder: Path, kept: KeptRuns, programs: Programs) -> None:
    """Change it and put it back, as the lesson does: the next lesson begins where that one ends."""
    path = folder / "params.yaml"
    before = path.read_text("utf-8")
    _write(path, before.replace(*_CHANGE))
    kept.supply("change")
    programs.dvc("repro", "--quiet")
    kept.keep(lambda _command: "change")
    programs.commit("Show fewer examples")
    _write(path, before)
    programs.dvc("repro", "--quiet")
    programs.commit("Show as many again")


def _stage_run_by(command: str) -> str | None:
    """The lesson whose stage a command runs."""
    return next((spec.name for spec in STAGES if command == spec.command), None)


def _pipeline(stages: Sequence[str]) -> str:
    """The reference dvc.yaml with these of its stages."""
    text = starter.template("dvc.yaml").read_text("utf-8")
    head, *blocks = re.split(r"^(?=  \w+:\n)", text, flags=re.MULTILINE)
    wanted = [block for block in blocks if block.strip().partition(":")[0] in stages]
    return "".join([head, *wanted]).rstrip("\n") + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
