"""What the checks of stages share: the attendee's stage, and the paths that its command names."""

from collections.abc import Iterator

from grader.checks import fixes
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


def edit_then_run(stage: Stage, line: str) -> str:
    """Add a line to a stage, run it, commit both."""
    name = stage.name.rpartition(":")[2]
    return fixes.commands(line, f"dvc repro {fixes.quoted(stage.name)}", *_commit(stage, name))


def _commit(stage: Stage, name: str) -> list[str]:
    lock = stage.file.removesuffix("dvc.yaml") + "dvc.lock"
    return fixes.commit([stage.file, lock], f"Mend the stage {name}").splitlines()


def stage_add(stage: Stage, *, more: tuple[str, ...] = (), command: str | None = None) -> str:
    """The ``dvc stage add --force`` that writes the stage as it is, with ``more`` to it.

    A list of commands, which it cannot write, is joined by ``&&``.
    """
    words = ["dvc stage add --force", f"-n {fixes.quoted(stage.name.rpartition(':')[2])}", *more]
    words += [f"-d {fixes.quoted(dep.path)}" for dep in stage.deps]
    for file in stage.params:
        at = "" if file.path == "params.yaml" else f"{file.path}:"
        words.append(f"-p {fixes.quoted(at + ','.join(file.keys))}")
    for out in stage.outs:
        kind = "metrics" if out.metric else "plots" if out.plot else "outs"
        words.append(f"{_FLAGS[kind, out.cache]} {fixes.quoted(out.path)}")
    text = command or (stage.cmd if isinstance(stage.cmd, str) else " && ".join(stage.cmd or []))
    return " ".join([*words, as_one_word(text)])


def as_one_word(command: str) -> str:
    """A command in quotes: without them DVC takes its ``--out`` for an option of its own."""
    text = " ".join(command.split())
    return f"'{text}'" if any(c in text for c in '"$`') else f'"{text}"'


_FLAGS = {
    ("outs", True): "-o", ("outs", False): "-O", ("metrics", True): "-m", ("metrics", False): "-M",
    ("plots", True): "--plots", ("plots", False): "--plots-no-cache",
}  # fmt: skip
