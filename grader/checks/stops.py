"""Lesson ``data``: DVC can look at all that it tracks, and stops nowhere."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from dvcstate import Stage
from dvcstate.dvcignore import IGNORE_FILE, DvcIgnore, move_to_root
from dvcstate.errors import ErrorKind
from dvcstate.model import Dep, Out
from grader import fixes
from grader.checks.hidden import line_of_rule
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.git_files import append_lines
from grader.fixes.own_stages import mend_own_stage
from grader.fixes.stage_runs import run_stage
from grader.stages.lookup import every_stage, name_in_file, stage_evidence
from grader.stages.own_stage import OwnStage
from grader.stages.paths import is_around
from grader.step import Step


@check("data.readable", "dvc-stops", requires=("init.readable",), committed_only=True)
def dvc_can_look_at_what_it_tracks(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """DVC can look at everything that it tracks.

    There are files that it refuses: then dvc status and dvc repro do nothing at all, and nobody can
    tell whether the rest is right.
    """
    error = repository.stop
    if error is None:
        every_stage(snapshot)  # blocked where DVC tracks nothing yet
        return None
    here = repository.worktree
    found = _find_refused_out(repository) or _find_refused_file(repository)
    if found is None and error.kind is ErrorKind.OUT_IN_DVCIGNORE:
        raise BlockedError("data.not_hidden")
    # What DVC says names the whole path.
    says = str(error).replace(f"{repository.root}{os.sep}", "").replace(os.sep, "/")
    evidence: tuple[Evidence, ...] = (Evidence("worktree", error.path),) if error.path else ()
    steps: tuple[Step, ...] = tuple(map(fixes.note, error.remedies))
    if isinstance(found, str):
        evidence = (Evidence("worktree", found),)
        steps = tuple(_move_out(repository, found))
    elif found:
        stage, out = found
        if isinstance(out, Dep):
            return _dep_around_all_finding(repository, stage)
        evidence = (stage_evidence(here, stage, out.path, value=out.path),)
        words = f"name another path than {out.path}: a file or folder of the repository"
        steps = (fixes.change(stage.file, words, line=evidence[0].line, stage=stage.name),)
        what = "the root of all" if out.place == repository.root else "where DVC keeps nothing"
        says = f"{out.path} of {stage.name}, which is {what}"
    return Finding(
        "dvc-stops",
        f"DVC stops at {says}. Every dvc command that looks at the data ends there, and most checks"
        " wait until it goes on.",
        "files that DVC can look at",
        says,
        steps,
        evidence,
    )


def _dep_around_all_finding(repository: Repository, stage: Stage) -> Finding:
    """The finding on a stage that depends on the whole repository, its own outs included."""
    own = OwnStage(repository, repository.worktree, stage)
    read = [*own.undeclared_modules, *own.undeclared_data]
    words = f"in place of the whole folder, name among the deps of {name_in_file(stage)} what it"
    steps = mend_own_stage(repository, repository.worktree, own)
    if not read:  # what another program than Python reads, nobody can tell here
        steps = (
            fixes.change(stage.file, f"{words} reads", stage=name_in_file(stage)),
            *run_stage(repository, stage),
        )
    return Finding(
        "dvc-stops",
        f"{stage.name} depends on the whole folder of the repository, which has its own outs in it:"
        " DVC stops at that, and most checks wait until it goes on.",
        f"{fixes.join(read, 5) or 'what it reads'} among the deps of {stage.name}",
        "the folder that .dvc is in, or one around it",
        steps,
        (stage_evidence(repository.worktree, stage, "deps:"),),
    )


def _entries(repository: Repository) -> list[tuple[Stage, Dep | Out]]:
    stages = repository.worktree.project.stages
    entries: list[tuple[Stage, Dep | Out]] = [(s, out) for s in stages for out in s.outs]
    return entries + [(stage, dep) for stage in stages for dep in stage.deps]


def _find_refused_out(repository: Repository) -> tuple[Stage, Dep | Out] | None:
    """An out that DVC keeps nowhere: the root, what is in .dvc or .git, what is in no repository.

    And a dep that has the root's own .dvcignore in it.
    """
    for stage, entry in _entries(repository):
        is_root = is_around(repository.root, entry.place)
        is_cached = isinstance(entry, Out) and entry.cache
        is_lost = is_cached and entry.place is not None and not entry.inside
        if is_root or is_lost or (is_cached and is_never_tracked(repository, entry.path)):
            return stage, entry
    return None


def is_never_tracked(repository: Repository, path: str) -> bool:
    """Whether DVC leaves ``path`` out though no line of a .dvcignore does."""
    place = str(repository.root / path)
    rule = DvcIgnore(str(repository.root)).ignoring_rule(place, is_folder=False)
    return rule is not None and line_of_rule(repository.worktree, path, rule) is None


def _find_refused_file(repository: Repository) -> str | None:
    """A file in what DVC tracks that is none to it: a .dvcignore, a link to nowhere, a pipe."""
    root = repository.root
    tops = [entry.path for _, entry in _entries(repository) if entry.inside]
    for top in dict.fromkeys(tops):
        for folder, _, names in os.walk(root / top):
            for name in names:
                place = Path(folder, name)
                if name == IGNORE_FILE or not _is_regular(place):
                    return place.relative_to(root).as_posix()
    return None


def _is_regular(place: Path) -> bool:
    try:
        return stat.S_ISREG(place.stat().st_mode)
    except OSError:
        return False


def _move_out(repository: Repository, path: str) -> Iterator[Step]:
    """The file is moved beside the data: nobody else may have a copy.

    The lines of a .dvcignore go to that of the root.
    """
    folder, _, name = path.rpartition("/")
    new: list[str] = []
    if name == IGNORE_FILE:
        text = repository.worktree.text(path) or ""
        lines = [line.strip() for line in text.splitlines()]
        moved = [move_to_root(line, folder) for line in lines if line and line[0] != "#"]
        known = (repository.worktree.text(IGNORE_FILE) or "").splitlines()
        new = [line for line in moved if line not in known]
        if new:
            yield append_lines(repository, IGNORE_FILE, new)
    top = next(e.path for _, e in _entries(repository) if f"{path}/".startswith(f"{e.path}/"))
    start = top if name.startswith(".") else f"{top}."
    names = [f"{start}{name}", *(f"{start}{name}.{number}" for number in range(2, 100))]
    target = next(name for name in names if not os.path.lexists(repository.root / name))
    yield fixes.python(f"import os; os.rename({fixes.literal(path)}, {fixes.literal(target)})")
    if new:
        yield from fixes.commit([IGNORE_FILE], "Name in one place what DVC leaves out")
