"""What the checks of stages share: the attendee's stage, and the paths that its command names."""

from collections.abc import Iterator

from grader.checks import editing, fixes
from grader.checks.editing import Change
from grader.facts.stage_code import values_of
from grader.facts.view import View
from grader.finding import Evidence, NotThereYetError
from grader.lessons import LessonStage
from workshop.project import Stage


def any_of(view: View) -> tuple[Stage, ...]:
    """Every stage and every .dvc file, of which there is one at least."""
    if not view.project.stages:
        raise NotThereYetError("data.tracked")
    return view.project.stages


def stage_of(view: View, wanted: LessonStage) -> Stage:
    """The attendee's stage for a lesson, whatever they call it."""
    stage = view.stage(wanted)
    if stage is None:
        raise NotThereYetError(f"{wanted.name}.declared")
    return stage


def recorded_stage(view: View, wanted: LessonStage) -> Stage:
    """The same, where it is in the lock."""
    stage = stage_of(view, wanted)
    if not stage.recorded:
        raise NotThereYetError(f"{wanted.name}.run")
    return stage


def paths_of(
    view: View, stage: Stage, wanted: LessonStage, options: tuple[str, ...]
) -> Iterator[str]:
    """The paths that the stage's command gives to ``options``; the files in a folder of several."""
    values = values_of(stage.cmd)
    for option in options:
        path = normal(values.get(option, "")).removeprefix(f"{view.facts.root.as_posix()}/")
        if not path or path.startswith("-"):
            continue
        names = wanted.names_in(option)
        yield from (f"{path}/{name}" for name in names) if names else [path]


def normal(path: str) -> str:
    """A path as DVC shows it."""
    return path.replace("\\", "/").removeprefix("./").rstrip("/")


def covers(declared: str, path: str) -> bool:
    """Whether a dep or out of the path ``declared`` takes in ``path``."""
    return path == declared or path.startswith(f"{declared.rstrip('/')}/") or declared == "."


def in_file(view: View, stage: Stage, *words: str, value: str | None = None) -> Evidence:
    """The line of the stage's own file that holds the last of ``words``."""
    name = stage.name.rpartition(":")[2]
    return Evidence(view.source, stage.file, view.line(stage.file, f"{name}:", *words), value)


def edit_then_run(view: View, stage: Stage, change: Change) -> str:
    """Change a stage in dvc.yaml, run it, commit both."""
    name = stage.name.rpartition(":")[2]
    lock = stage.file.removesuffix("dvc.yaml") + "dvc.lock"
    return fixes.commands(
        *editing.changed(view, stage, change),
        f"dvc repro {fixes.quoted(stage.name)}",
        *fixes.commit([stage.file, lock, *uncached(stage)], f"Mend the stage {name}").splitlines(),
    )


def uncached(stage: Stage) -> list[str]:
    """The outs of a stage that git keeps, not DVC."""
    return [out.path for out in stage.outs if not out.cache and out.inside]
