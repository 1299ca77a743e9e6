"""What the code of a stage reads is declared: its modules, its data, its params."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import chain

from dvcstate import Stage
from dvcstate.model import ParamsFile
from dvcstate.params import params_file as params_files
from grader import fixes
from grader.checks import lost_params, stages
from grader.checks.declared import producers
from grader.checks.stages import covers, paths_of, stage_of
from grader.engine.finding import Evidence, Finding
from grader.engine.registry import stage_check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.stage_edits import Change
from workshop.stages import StageSpec


@stage_check("deps", "dep-undeclared", requires=("{stage}.command",))
def deps_are_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every module and every file that {stage} reads is one of its deps.

    DVC runs a stage again when a dep changes. What is no dep may change unseen, and the outs
    are then of code or data that is gone.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    modules = _bare(stage, code.imported())
    data = _bare(stage, list(paths_of(repository, stage, spec, spec.reads)))
    apart = {
        path
        for producer, paths in producers(repository, snapshot, stage, spec).items()
        if (producer, stage.name) not in snapshot.project.edges
        for path in paths
    }  # those are told as stages that do not hang together
    data = [path for path in data if path not in apart]
    severe = [path for path in modules if path == spec.code_path] + data
    bare = severe or modules
    if not bare:
        return None
    change = Change(add={"deps": tuple(dict.fromkeys([*severe, *modules]))})
    return Finding(
        "dep-undeclared",
        f"{stage.name} reads {fixes.listed(bare)}, and does not say so: a change there does not"
        " make it run again.",
        f"{fixes.listed(bare)} among the deps of {stage.name}",
        f"deps: {fixes.listed(dep.path for dep in stage.deps) or 'none'}",
        stages.edit_then_run(repository, snapshot, stage, change),
        (
            stages.in_file(snapshot, stage, "deps:"),
            *(Evidence(snapshot.source, path) for path in bare if path in modules),
        ),
        severity="fail" if severe else "advice",
    )


def _bare(stage: Stage, paths: list[str]) -> list[str]:
    return [path for path in paths if not any(covers(dep.path, path) for dep in stage.deps)]


@stage_check("params", "param-undeclared", requires=("{stage}.command",))
def params_are_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every param that {stage} reads is declared.

    DVC compares the declared keys of params.yaml with those of the last run, and no others.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    severe = _undeclared(snapshot, stage, code.params())
    bare = severe or _undeclared(snapshot, stage, code.params_below())
    # What the file lacks belongs there before it is declared: declared_params_exist tells.
    severe = [key for key in severe if not lost_params.lacks(snapshot, stage, key)]
    bare = [key for key in bare if not lost_params.lacks(snapshot, stage, key)]
    if not bare:
        return None
    return Finding(
        "param-undeclared",
        f"{stage.name} reads {fixes.listed(bare)} from params.yaml, and does not say so: another"
        " value does not make it run again.",
        f"{fixes.listed(bare)} among the params of {stage.name}",
        f"params: {fixes.listed(k for f in stage.params for k in f.keys) or 'none'}",
        stages.edit_then_run(repository, snapshot, stage, Change(add={"params": tuple(bare)})),
        (
            stages.in_file(snapshot, stage, "cmd:"),
            *(
                Evidence(snapshot.source, spec.code_path, _line(snapshot, spec, k), k)
                for k in severe
            ),
        ),
        severity="fail" if severe else "advice",
    )


@stage_check("params_exist", "param-unknown", requires=("{stage}.declared",))
def declared_params_exist(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every param that {stage} declares is in its file.

    DVC says nothing of a key that is not there until dvc repro stops at it. What the code of
    {stage} reads belongs in the file; any other key is one too many in dvc.yaml.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    read = [*code.params(), *code.params_below()]
    bare = _undeclared(snapshot, stage, code.params())
    lost = lost_params.finding(repository, snapshot, stage, read, code.params(), bare)
    return lost or unknown_params(repository, snapshot, stage, read)


def unknown_params(
    repository: Repository, snapshot: Snapshot, stage: Stage, read: Iterable[str] = ()
) -> Finding | None:
    """The finding on the params that ``stage`` declares and that are not there.

    ``read`` are those that its code reads: one of them may be meant.
    """
    sections = [key.partition(".")[0] for key in read]
    for file in stage.params:
        unknown = _unknown(snapshot, file)
        if unknown:
            known = {*read, *sections} if file.path == "params.yaml" else ()
            meant = [get_close_matches(key, known, 1, 0.7) for key in unknown]
            return _unknown_finding(repository, snapshot, stage, file, unknown, [*chain(*meant)])
    return None


def _line(snapshot: Snapshot, spec: StageSpec, key: str) -> int | None:
    return snapshot.line(spec.code_path, f"{key.partition('.')[2]}:")


def _values(snapshot: Snapshot, file: ParamsFile) -> object:
    return params_files.read(snapshot.root / file.path, file.path)


def _unknown(snapshot: Snapshot, file: ParamsFile) -> list[str]:
    if snapshot.content(file.path) is None:
        return list(file.keys)
    values = params_files.values(_values(snapshot, file), file.keys, file.path)
    return [key for key in file.keys if key not in values]


def _unknown_finding(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    file: ParamsFile,
    unknown: list[str],
    meant: list[str],
) -> Finding:
    new = tuple(key for key in meant if not _is_declared(snapshot, stage, key))
    change = Change(add={"params": new} if new else {}, remove={"params": tuple(unknown)})
    return Finding(
        "param-unknown",
        f"{stage.name} declares {fixes.listed(unknown)}, which {file.path} does not have: dvc repro"
        f" stops there.{f' Is that {fixes.listed(meant)}?' if meant else ''}",
        f"keys of {file.path}",
        fixes.listed(unknown),
        stages.edit_then_run(repository, snapshot, stage, change),
        tuple(stages.in_file(snapshot, stage, key, value=key) for key in unknown),
    )


def _undeclared(snapshot: Snapshot, stage: Stage, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if not _is_declared(snapshot, stage, key)]


def _is_declared(snapshot: Snapshot, stage: Stage, key: str) -> bool:
    """Declared itself, or by its section, or by its file, or by every key below it."""
    if any(covers(dep.path, "params.yaml") for dep in stage.deps):
        return True
    for file in stage.params:
        if not file.keys or any(_takes_in(declared, key) for declared in file.keys):
            return True
        below = [declared for declared in file.keys if declared.startswith(f"{key}.")]
        if below and snapshot.content(file.path) is not None:
            value = params_files.values(_values(snapshot, file), (key,), file.path).get(key)
            if isinstance(value, dict) and all(
                any(_takes_in(d.removeprefix(f"{key}."), name) for d in below) for name in value
            ):
                return True
    return False


def _takes_in(declared: str, key: str) -> bool:
    return key == declared or key.startswith(f"{declared}.") or declared in ("*", "**")
