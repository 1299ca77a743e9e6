"""What dvc.yaml says: each lesson's stage, its command, its outs, and how stages hang together."""

from collections.abc import Iterable

from dvcstate import ProjectError, Stage
from dvcstate.params import params_file as params_files
from grader import fixes
from grader.checks import missing, stages
from grader.checks.stages import covers, is_out_of_sight, paths_of, stage_of
from grader.code.stage_code import StageCode, values_of
from grader.engine.finding import Evidence, Finding, NotThereYetError
from grader.engine.registry import check, stage_check
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.stage_edits import UNCACHED, Change
from workshop.stages import STAGES, StageSpec


@stage_check("declared", "stage-missing", requires=("init.readable",))
def stage_is_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """dvc.yaml has the stage {stage}.

    DVC runs what dvc.yaml says, and dvc status is content with a dvc.yaml that lacks a stage.
    """
    if snapshot.stage(spec):
        return None
    if is_out_of_sight(repository, "dvc.yaml"):
        raise NotThereYetError("data.committed")
    there = [one.name for one in stages.any_of(snapshot) if one.cmd]
    committed = snapshot.source == "worktree" and repository.head.stage(spec)
    if committed:
        return missing.removal(repository, committed, there)
    other = missing.misspelt(repository, snapshot, spec)
    return Finding(
        "stage-missing",
        f"dvc.yaml has {missing.told(spec, other)}",
        f"a stage that runs python -m {spec.module}",
        f"stages: {fixes.listed(there, 6) or 'none'}",
        (
            *[fixes.command("dvc", "remove", other)] * bool(other),
            _stage_add(repository, snapshot, spec),
            fixes.command("dvc", "repro", spec.name),
            *fixes.commit(
                ["dvc.yaml", "dvc.lock", *_beside(repository, spec)], f"Add the stage {spec.name}"
            ),
        ),
        (Evidence(snapshot.source, "dvc.yaml"),),
    )


def _beside(repository: Repository, spec: StageSpec) -> list[str]:
    """What is to be committed with a new stage: the outs that git keeps, and DVC's .gitignore."""
    model = Stage(spec.name, "dvc.yaml", spec.command)
    outs = list(paths_of(repository, model, spec, spec.writes))
    kept = [path for path in outs if _flag(path) == "-M"]
    return [*kept, *stages.gitignores(repository, [path for path in outs if path not in kept])]


def _stage_add(repository: Repository, snapshot: Snapshot, spec: StageSpec) -> Step:
    """The whole command: deps and params as the stage's code says, paths as the lesson does."""
    code = snapshot.code(spec)
    model = Stage(spec.name, "dvc.yaml", spec.command)
    words = ["dvc", "stage", "add", "-n", spec.name]
    for path in [*paths_of(repository, model, spec, spec.reads), *sorted(code.imported())]:
        words += ["-d", path]
    params = _sections_of_params(repository, code.params())
    words += ["-p", ",".join(params)] if params else []
    for path in paths_of(repository, model, spec, spec.writes):
        words += [_flag(path), path]
    return fixes.command(*words, spec.command)


def _sections_of_params(repository: Repository, keys: list[str]) -> list[str]:
    """The section in place of its keys, where all of it is read: as the lessons write it."""
    try:
        values = params_files.read(repository.root / "params.yaml", "params.yaml")
    except ProjectError:  # told where it is declared
        return keys
    found: dict[str, None] = {}
    for key in keys:
        section = key.partition(".")[0]
        all_of_it = values.get(section)
        is_whole = isinstance(all_of_it, dict) and all(f"{section}.{k}" in keys for k in all_of_it)
        found[section if is_whole else key] = None
    return list(found)


def _sections(paths: list[str]) -> dict[str, tuple[str, ...]]:
    """Outs by the section that the lesson declares them in."""
    found: dict[str, tuple[str, ...]] = {}
    for path in paths:
        section = {"-M": "metrics", "--plots": "plots"}.get(_flag(path), "outs")
        entry = path + (UNCACHED if section == "metrics" else "")
        found[section] = (*found.get(section, ()), entry)
    return found


def _flag(path: str) -> str:
    if path.endswith("test.json"):
        return "-M"
    return "--plots" if path.endswith(("history.csv", "l.csv", "genres.csv", "plots")) else "-o"


@stage_check("command", "stage-wrong-command", requires=("{stage}.declared",))
def stage_runs_its_module(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """The command of {stage} runs its module, with all that it needs.

    DVC runs any command and takes it for the stage, as long as the outs are there afterwards.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    wrong = _wrong_with(stage.cmd, code, spec)
    as_file = not wrong and code.misses_its_package(stage.cmd)
    if not wrong and not as_file:
        return None
    what = wrong or (
        f"runs {spec.code_path} as a file: Python then takes {spec.module.partition('.')[0]} "
        "from what is installed, and not from this folder"
    )
    shown = stage.cmd if isinstance(stage.cmd, str) else " && ".join(stage.cmd or [])
    return Finding(
        "stage-wrong-command",
        f"The command of {stage.name} {what}.",
        spec.command,
        " ".join(shown.split()),
        stages.edit_then_run(repository, snapshot, stage, Change(command=spec.command)),
        (stages.in_file(snapshot, stage, "cmd:", value=" ".join(shown.split())),),
        severity="advice" if as_file else "fail",
    )


def _wrong_with(command: str | list[str] | None, code: StageCode, spec: StageSpec) -> str | None:
    if not code.is_run_by(command):
        return f"does not run {spec.module}"
    given = values_of(command, spec)
    if lacking := [name for name, needed in code.options.items() if needed and not given.get(name)]:
        return f"lacks {fixes.listed(lacking)}"
    unknown = [name for name in given if name not in code.options] if code.options else []
    if unknown:
        return f"has {fixes.listed(unknown)}, which {spec.module} does not know"
    return None


@stage_check("outs", "out-undeclared", requires=("{stage}.command",))
def outs_are_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every file that {stage} writes is one of its outs.

    What is not declared is neither kept, nor pushed, nor restored: only this laptop has it.
    """
    stage = stage_of(snapshot, spec)
    declared = [out.path for out in stage.outs]
    bare = [
        path
        for path in paths_of(repository, stage, spec, spec.writes)
        if not any(covers(out, path) for out in declared)
    ]
    if not bare:
        return None
    change = Change(add=_sections(bare))
    return Finding(
        "out-undeclared",
        f"{stage.name} writes {fixes.listed(bare)}, and does not declare it: DVC does not keep it.",
        f"{fixes.listed(bare)} among the outs of {stage.name}",
        f"outs: {fixes.listed(declared, 5) or 'none'}",
        stages.edit_then_run(repository, snapshot, stage, change),
        tuple(stages.in_file(snapshot, stage, "cmd:", value=path) for path in bare),
    )


@stage_check("connected", "stage-disconnected", requires=("{stage}.command", "data.no_overlap"))
def stage_depends_on_its_producers(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """{stage} depends on the stages whose outs it reads.

    DVC runs stages in the order of their deps; without one, {stage} may run on what was before.
    """
    stage = stage_of(snapshot, spec)
    for producer, read in producers(repository, snapshot, stage, spec).items():
        if (producer, stage.name) in snapshot.project.edges:
            continue
        return Finding(
            "stage-disconnected",
            f"{stage.name} reads {fixes.listed(read)}, {_made_by(producer, read)}: when {producer}"
            f" changes, {stage.name} stays as it is.",
            f"{fixes.listed(read)} among the deps of {stage.name}",
            f"deps: {fixes.listed(dep.path for dep in stage.deps)}",
            stages.edit_then_run(repository, snapshot, stage, Change(add={"deps": tuple(read)})),
            (stages.in_file(snapshot, stage, "cmd:", value=read[0]),),
        )
    return None


def _made_by(producer: str, read: list[str]) -> str:
    if len(read) == 1:
        return f"an out of {producer}, and does not depend on it"
    return f"outs of {producer}, and does not depend on them"


def producers(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> dict[str, list[str]]:
    """The other stages that make what ``stage`` reads by its command, and what of it."""
    found: dict[str, list[str]] = {}
    for path in paths_of(repository, stage, spec, spec.reads):
        for other in snapshot.project.stages:
            if other.cmd and other is not stage and any(covers(o.path, path) for o in other.outs):
                found.setdefault(other.name, []).append(path)
    return found


@check("pipeline.acyclic", "cycle", requires=("preprocess.declared",))
def stages_form_no_circle(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No stage depends on what comes of it.

    DVC cannot say which of them comes first, and runs none.
    """
    circle = _circle(snapshot.project.edges) or _own_out(snapshot)
    if not circle:
        return None
    by_name = {stage.name: stage for stage in snapshot.project.stages}
    return Finding(
        "cycle",
        f"{' -> '.join([*circle, circle[0]])} is a circle: dvc repro refuses to run any of it.",
        "stages in an order",
        "each of them depends on the others",
        stages.edit_then_run(
            repository, snapshot, *_way_out(snapshot, [by_name[name] for name in circle])
        ),
        tuple(stages.in_file(snapshot, by_name[name], "deps:") for name in circle),
    )


def _circle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """The names of one circle; empty where there is none."""
    below: dict[str, list[str]] = {}
    for maker, user in edges:
        below.setdefault(maker, []).append(user)
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        done.add(name)
        found = (walk(user, [*path, name]) for user in below.get(name, []))
        return next((circle for circle in found if circle), [])

    return next((circle for name in below if (circle := walk(name, []))), [])


def _way_out(snapshot: Snapshot, circle: list[Stage]) -> tuple[Stage, Change]:
    """The dep to take out: one that runs against the order of the lessons, if any does."""
    order = [stage.name for one in STAGES if (stage := snapshot.stage(one))]
    steps = list(zip(circle, [*circle[1:], circle[0]], strict=True))
    backward = [
        (maker, user)
        for maker, user in steps
        if {maker.name, user.name} <= set(order)
        and order.index(user.name) <= order.index(maker.name)
    ]
    maker, user = (backward or steps)[0]
    deps = tuple(
        dep.path
        for dep in user.deps
        if any(covers(out.path, dep.path) or covers(dep.path, out.path) for out in maker.outs)
    )
    return user, Change(remove={"deps": deps})


def _own_out(snapshot: Snapshot) -> list[str]:
    """A stage that depends on its own out."""
    for stage in snapshot.project.stages:
        outs = [out.path for out in stage.outs]
        if any(
            covers(out, dep.path) or covers(dep.path, out) for dep in stage.deps for out in outs
        ):
            return [stage.name]
    return []


@check("evaluate.metrics", "metrics-as-outs", requires=("evaluate.outs",))
def metrics_are_declared_as_metrics(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Metrics are declared as metrics, and tables of curves as plots.

    DVC treats them as any out otherwise: dvc metrics show and dvc plots show find nothing.
    """
    shown = set(snapshot.project.metrics) | set(snapshot.project.plots)
    plain: list[tuple[Stage, str]] = []
    for spec in STAGES:
        stage = snapshot.stage(spec)
        for path in paths_of(repository, stage, spec, _SHOWN.get(spec.name, ())) if stage else ():
            if stage and not any(covers(one, path) for one in shown) and _is_out(stage, path):
                plain.append((stage, path))
    if not plain:
        return None
    stage, path = plain[0]
    change = Change(add=_sections([path]), remove={"outs": (path,)})
    flag = "-M" if path.endswith(".json") else "--plots"
    command = "dvc metrics show" if flag == "-M" else "dvc plots show"
    return Finding(
        "metrics-as-outs",
        f"{path} is a plain out of {stage.name}: {command} does not find it.",
        f"{flag} {path}",
        f"-o {path}",
        stages.edit_then_run(repository, snapshot, stage, change),
        tuple(stages.in_file(snapshot, one, each.rpartition("/")[2]) for one, each in plain),
        severity="advice",
    )


_SHOWN = {"train": ("--history", "--fine-tuning-history"), "evaluate": ("--metrics",)}


def _is_out(stage: Stage, path: str) -> bool:
    return any(covers(out.path, path) for out in stage.outs)
