"""Steps that add a lesson's stage to dvc.yaml, and that part modules which one stage runs."""

from collections.abc import Iterable

from dvcstate import ProjectError, Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.stage_edits import edit_stage
from grader.stages.lookup import LOCK, code_deps
from grader.stages.paths import lesson_outs, lesson_paths
from grader.stages.right_stage import RightStage, new_outs
from grader.stages.stage_change import NewOut
from grader.stages.storage import gitignores
from grader.step import Step
from workshop.stages import STAGES, StageSpec


def add_stage(
    repository: Repository, snapshot: Snapshot, spec: StageSpec, outs: Iterable[NewOut]
) -> Step:
    """The whole command: deps and params as the stage's code says, paths as the lesson does."""
    code = snapshot.code(spec)
    read = lesson_paths(spec, spec.reads)
    modules = code_deps(None, sorted(code.imported()))
    deps = [word for path in (*read, *modules) for word in ("-d", path)]
    params = _sections_of_params(repository, code.params())
    declared = ["-p", ",".join(params)] if params else []
    written = [word for out in outs for word in (out.flag, out.path)]
    words = [*deps, *declared, *written, spec.command]
    return fixes.command("dvc", "stage", "add", "-n", spec.name, *words)


def _sections_of_params(repository: Repository, keys: list[str]) -> list[str]:
    """The section in place of its keys, where all of it is read: as the lessons write it."""
    try:
        values = repository.worktree.params("params.yaml")
    except ProjectError:  # reported where it is declared
        return keys
    declared: dict[str, None] = {}
    for key in keys:
        section = key.partition(".")[0]
        all_of_it = values.get(section)
        is_whole = isinstance(all_of_it, dict) and all(f"{section}.{k}" in keys for k in all_of_it)
        declared[section if is_whole else key] = None
    return list(declared)


def split_stage(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> tuple[Step, ...]:
    """Leave ``stage`` its own module, and give each other one that it runs a stage of its own."""
    right = RightStage.of(repository, snapshot, stage, spec)
    others = [other for other in STAGES if other.module in right.other_modules]
    absent = [other for other in others if not snapshot.stage(other)]
    outs = [lesson_outs(other) for other in absent]
    written = {path: out for each in (right.outs.written, *outs) for path, out in each.items()}
    kept_by_git = [path for path, out in written.items() if not out.cached]
    ignoring = gitignores(repository, [path for path, out in written.items() if out.cached])
    paths = dict.fromkeys([stage.file, LOCK, *kept_by_git, *ignoring])
    return (
        *edit_stage(repository, snapshot, stage, right.change),
        *(
            add_stage(repository, snapshot, other, new_outs(own))
            for other, own in zip(absent, outs, strict=True)
        ),
        fixes.command("dvc", "repro"),
        *fixes.commit(paths, f"Give each module a stage beside {stage.name}"),
    )
