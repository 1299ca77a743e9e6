"""What the checks of stages share: the attendee's stage, and the paths that its command names."""

import os
import re
from collections.abc import Iterable, Iterator

from dvcstate import ProjectError, Stage
from dvcstate.errors import ConfigError
from grader import fixes
from grader.code.stage_code import values_of
from grader.engine.finding import Evidence, NotThereYetError
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes import stage_edits
from grader.fixes.stage_edits import Change
from workshop.stages import StageSpec

LOCK = "dvc.lock"
_HERE = re.compile(r"^(?:\$PWD|\$\{PWD\}|%CD%)[/\\]")
_ELSEWHERE = ("~", "$", "%")
"""How a path begins that only a shell knows; those of a home folder are told as absolute."""


def any_of(snapshot: Snapshot) -> tuple[Stage, ...]:
    """Every stage and every .dvc file, of which there is one at least."""
    if not snapshot.project.stages:
        raise NotThereYetError("data.tracked")
    return snapshot.project.stages


def stage_of(snapshot: Snapshot, spec: StageSpec) -> Stage:
    """The attendee's stage for a lesson, whatever they call it."""
    stage = snapshot.stage(spec)
    if stage is None:
        raise NotThereYetError(f"{spec.name}.declared")
    return stage


def recorded_stage(snapshot: Snapshot, spec: StageSpec) -> Stage:
    """The same, where it is in the lock."""
    stage = stage_of(snapshot, spec)
    if not stage.recorded:
        raise NotThereYetError(f"{spec.name}.run")
    return stage


def paths_of(
    repository: Repository, stage: Stage, spec: StageSpec, options: tuple[str, ...]
) -> Iterator[str]:
    """The paths that the stage's command gives to ``options``; the files in a folder of several."""
    values = values_of(stage.cmd, spec)
    for option in options:
        path = normal(_HERE.sub("", values.get(option, "")))
        path = path.removeprefix(f"{repository.root.as_posix()}/")
        if not path or path.startswith(_ELSEWHERE):
            continue
        names = spec.names_in(option)
        yield from (f"{path}/{name}" for name in names) if names else [path]


def normal(path: str) -> str:
    """A path as DVC shows it."""
    return path.replace("\\", "/").removeprefix("./").rstrip("/")


def covers(declared: str, path: str) -> bool:
    """Whether a dep or out of the path ``declared`` takes in ``path``."""
    return path == declared or path.startswith(f"{declared.rstrip('/')}/") or declared == "."


def in_file(snapshot: Snapshot, stage: Stage, *words: str, value: str | None = None) -> Evidence:
    """The line of the stage's own file that holds the last of ``words``."""
    name = stage.name.rpartition(":")[2]
    return Evidence(
        snapshot.source, stage.file, snapshot.line(stage.file, f"{name}:", *words), value
    )


def edit_then_run(
    repository: Repository, snapshot: Snapshot, stage: Stage, change: Change
) -> tuple[Step, ...]:
    """Change a stage in dvc.yaml, run it, commit both."""
    name = stage.name.rpartition(":")[2]
    lock = stage.file.removesuffix("dvc.yaml") + "dvc.lock"
    new = [path for kind in ("outs", "plots") for path in change.add.get(kind, ())]
    beside = dict.fromkeys([*kept_by_git(repository, stage), *gitignores(repository, new)])
    return (
        *stage_edits.changed(repository, snapshot, stage, change),
        fixes.command("dvc", "repro", stage.name),
        *fixes.commit([stage.file, lock, *beside], f"Mend the stage {name}"),
    )


def committing(repository: Repository, paths: Iterable[str], message: str) -> tuple[Step, ...]:
    """Commit ``paths``, without a ``git add`` of what was added as it lies there."""
    left = [path for path in paths if not repository.is_staged(path)]
    if not left:
        return (fixes.commit_staged(message),)
    return fixes.commit(left, message)


def is_out_of_sight(repository: Repository, path: str) -> bool:
    """Whether DVC cannot see a file that is there: git ignores it, or the folder lost it."""
    if repository.worktree.content(path) is None:
        return path in repository.committed
    return repository.ignores(path)


def wait_until_readable(repository: Repository) -> None:
    """Raise where what lies in the folder cannot be read: nothing of it is to be committed."""
    try:
        _ = repository.worktree.project
    except ConfigError:  # which other checks tell
        return
    except ProjectError:
        raise NotThereYetError("init.readable") from None


def have_to_run(repository: Repository) -> bool:
    """Whether a stage that ran before would run again on what lies in the folder.

    Where only an out is not as it was left, nothing has to run.
    """
    try:
        states = repository.state.stages
    except (ProjectError, OSError):
        return False
    return any(
        one.stage.cmd and one.stage.recorded and reason.kind in ("param", "dep", "command")
        for one in states
        if one.state != "frozen"
        for reason in one.reasons
    )


def removal(repository: Repository, name: str) -> Step:
    """The command that takes a damaged object out of the cache."""
    place = fixes.literal(shown_in_cache(repository, name))
    return fixes.python(f"import os; os.chmod({place}, 0o644); os.remove({place})")


def shown_in_cache(repository: Repository, name: str) -> str:
    """The path of a cached object from the repository's root on."""
    path = repository.objects.path(name)
    return os.path.relpath(path, repository.root).replace(os.sep, "/")


def is_as_recorded(repository: Repository, stage: Stage) -> bool:
    """Whether what lies in the folder is what the run of ``stage`` read and left, cached or not."""
    try:
        states = repository.state.stages
    except ProjectError:
        return False
    found = [one for one in states if one.stage.name == stage.name]
    changes = [reason.change for one in found for reason in one.reasons]
    return bool(found) and set(changes) <= {"not in cache"} and _has_outs(repository, stage)


def _has_outs(repository: Repository, stage: Stage) -> bool:
    """Whether the outs lie there as recorded: of one that is in no cache, DVC says no more."""
    for out in stage.outs:
        if not out.cache or out.place is None:
            continue
        if out.recorded.algorithm != "md5":
            if not out.place.exists():
                return False
        elif repository.workspace.md5_of(out.place) != out.recorded.md5:
            return False
    return True


def restored(repository: Repository, stage: Stage, path: str) -> tuple[Step, ...]:
    """What makes ``path`` as the run of ``stage`` left it: the cache, or another run."""
    out = next((one for one in stage.outs if covers(one.path, path)), None)
    if out and out.cache and out.recorded.md5 and not is_as_recorded(repository, stage):
        objects = repository.objects
        names = objects.names(out.recorded.md5)
        if all(objects.path(one).exists() for one in names) and not objects.corrupt(names):
            return (fixes.command("dvc", "checkout", "--force", stage.name),)
    return fixes.run_again(stage.name, kept_by_git(repository, stage))


def uncached(*some: Stage) -> list[str]:
    """The outs of stages that git keeps, not DVC: whoever commits a run commits them too."""
    outs = [out for stage in some for out in stage.outs]
    return [out.path for out in outs if not out.cache and out.inside]


def kept_by_git(repository: Repository, stage: Stage) -> list[str]:
    """What a commit of a run takes in beside the lock: uncached outs, and new .gitignore files."""
    ignoring = {}
    for out in stage.outs:
        if out.cache and out.inside:
            path = f"{out.path.rpartition('/')[0]}/.gitignore".lstrip("/")
            known = path in repository.committed and path not in repository.uncommitted
            if not known or not repository.ignores(out.path):
                ignoring[path] = out.path
    return [*uncached(stage), *gitignores(repository, ignoring.values())]


def gitignores(repository: Repository, outs: Iterable[str]) -> list[str]:
    """The .gitignore files that DVC writes, or has written, for ``outs``."""
    paths = {out: f"{out.rpartition('/')[0]}/.gitignore".lstrip("/") for out in outs}
    return list(
        dict.fromkeys(
            path
            for out, path in paths.items()
            if (repository.root / path).is_file() or not repository.ignores(out)
        )
    )
