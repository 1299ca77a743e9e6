"""Solves lessons in a started repository, for whoever comes late: what they teach, in order."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from workshop.course.manifest import Lesson
from workshop.remote_addresses import folder_beside
from workshop.stages import STAGES
from workshop.start.programs import ProgramError, Programs
from workshop.start.reference import reference_path
from workshop.start.run_cache import RunCache
from workshop.start.start_request import RemoteAddress, StartError

REMOTE = "dvc-workshop"
_CHANGE = ("examples: 18", "examples: 12")
"""A param that costs a second: how many posters the contact sheet shows."""


def solve(
    folder: Path,
    lessons: Sequence[Lesson],
    remote: RemoteAddress | None,
    run_cache: RunCache,
    programs: Programs,
) -> str | None:
    """Solve ``lessons``, which are the first ones, and commit; the address of the remote.

    Without a ``remote`` that is a folder beside the repository, by an address that does not move.
    """
    names = {lesson.id for lesson in lessons}
    remote = remote or _remote_beside(folder)
    if "init" in names:
        _initialise(folder, programs)
    if "data" in names:
        _track_data(programs)
    if "remote" in names:
        add_remote(remote, programs)
        if "://" not in remote.url:  # a bucket may need a key that whoever comes late lacks yet
            push(remote, programs)
    if stages := [lesson.id for lesson in lessons if lesson.has_stage]:
        _run_pipeline(folder, stages, run_cache, programs)
    if "change" in names:
        _change_one_param(folder, run_cache, programs)
    if "share" in names:
        push(remote, programs)
    return remote.url if "remote" in names else None


def folders_beside(
    folder: Path, remote: RemoteAddress | None, lessons: Sequence[Lesson]
) -> Iterator[Path]:
    """The folder that a solution makes for its remote, if it is one of this computer's."""
    url = (remote or _remote_beside(folder)).url
    if any(lesson.id == "remote" for lesson in lessons) and "://" not in url:
        yield Path(url).expanduser()


def _remote_beside(folder: Path) -> RemoteAddress:
    return RemoteAddress(folder_beside(folder))


def _initialise(folder: Path, programs: Programs) -> None:
    programs.introduce()
    programs.dvc("init", "--quiet")
    _write(folder / ".dvcignore", reference_path(".dvcignore").read_text("utf-8"))
    programs.commit("Initialise DVC", ".dvc", ".dvcignore")


def _track_data(programs: Programs) -> None:
    programs.dvc("add", "--quiet", "data/raw")
    programs.commit("Track the raw data", "data/raw.dvc", "data/.gitignore")


def add_remote(remote: RemoteAddress, programs: Programs) -> None:
    """Make it the default remote, and commit that."""
    if "://" not in remote.url:
        Path(remote.url).expanduser().mkdir(parents=True, exist_ok=True)
    programs.dvc("remote", "add", "--quiet", "-d", REMOTE, remote.url)
    if remote.endpoint:
        programs.dvc("remote", "modify", "--quiet", REMOTE, "endpointurl", remote.endpoint)
        programs.dvc("remote", "modify", "--quiet", REMOTE, "allow_anonymous_login", "true")
    programs.commit("Set the default remote", ".dvc/config")


def push(remote: RemoteAddress, programs: Programs) -> None:
    """Push all data; a StartError where that fails."""
    try:
        programs.dvc("push")  # not with --quiet: then DVC does not say why it stops
    except ProgramError as error:
        raise StartError(
            f"nothing could be pushed to {remote.url}: {error.problem}",
            "--remote with a place where you may write; without it, a folder beside the repository",
        ) from None


def _run_pipeline(
    folder: Path, stages: Sequence[str], run_cache: RunCache, programs: Programs
) -> None:
    _write(folder / "dvc.yaml", pipeline(stages))
    for stage in stages:
        run_cache.restore(stage)
    programs.dvc("repro", "--quiet")
    run_cache.save(_stage_run_by)
    programs.commit("Run the pipeline")


def _change_one_param(folder: Path, run_cache: RunCache, programs: Programs) -> None:
    """Change it and put it back, as the lesson does: the next lesson begins with the old value."""
    path = folder / "params.yaml"
    old_text = path.read_text("utf-8")
    _write(path, old_text.replace(*_CHANGE))
    run_cache.restore("change")
    programs.dvc("repro", "--quiet")
    run_cache.save(lambda _command: "change")
    programs.commit("Show fewer examples")
    _write(path, old_text)
    programs.dvc("repro", "--quiet")
    programs.commit("Show as many again")


def _stage_run_by(command: str) -> str | None:
    """The lesson whose stage a command runs."""
    return next((spec.name for spec in STAGES if command == spec.command), None)


def pipeline(stages: Sequence[str]) -> str:
    """The reference dvc.yaml with these of its stages."""
    text = reference_path("dvc.yaml").read_text("utf-8")
    head, *blocks = re.split(r"^(?=  \w+:\n)", text, flags=re.MULTILINE)
    wanted = [block for block in blocks if block.strip().partition(":")[0] in stages]
    return "".join([head, *wanted]).rstrip("\n") + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
