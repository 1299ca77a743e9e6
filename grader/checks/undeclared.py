"""What the code of a stage reads is declared: its modules, its data, its params."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import chain

from dvcstate import Stage
from dvcstate.model import ParamsFile
from dvcstate.params import params_file as params_files
from grader import fixes
from grader.code.stage_code import StageCode
from grader.engine.registry import stage_check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.params_edits import restore_params
from grader.fixes.stage_edits import Change
from grader.fixes.stage_runs import edit_and_run
from grader.stages.lookup import code_deps, producers, stage_evidence, stage_of
from grader.stages.lost_params import absent_keys, find_lost_params
from grader.stages.paths import command_paths, covers
from workshop.stages import PACKAGE, StageSpec


@stage_check("deps", "dep-undeclared", "dep-too-wide", requires=("{stage}.command",))
def deps_are_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every module and every file that {stage} reads is one of its deps.

    DVC runs a stage again when a dep changes. What is no dep may change unseen, and the outs
    are then of code or data that is gone.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    modules = _undeclared_paths(stage, code.imported())
    data = _undeclared_paths(stage, command_paths(repository, stage, code, spec.reads))
    # What another stage makes, and nothing ties to this one, is `connected`'s to report.
    disconnected = {
        path
        for producer, paths in producers(repository, snapshot, stage, spec).items()
        if (producer, stage.name) not in snapshot.project.edges
        for path in paths
    }
    own = code.own()
    severe = [path for path in modules if path in own]
    severe += [path for path in data if path not in disconnected]
    if not severe and not modules:
        return _too_wide_finding(repository, snapshot, stage, spec)
    undeclared = code_deps(stage, severe or modules)
    change = Change(deps=tuple(code_deps(stage, [*severe, *modules])))
    return Finding(
        "dep-undeclared",
        f"{stage.name} reads {fixes.join(undeclared)}, and does not say so: a change there does"
        " not make it run again.",
        f"{fixes.join(undeclared)} among the deps of {stage.name}",
        f"deps: {fixes.join(dep.path for dep in stage.deps) or 'none'}",
        edit_and_run(repository, snapshot, stage, change),
        (
            stage_evidence(snapshot, stage, "deps:"),
            *(Evidence(snapshot.revision, p) for p in modules if p in severe or not severe),
        ),
        severity="fail" if severe else "advice",
    )


def _too_wide_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> Finding | None:
    """Advice on a dep that has the code of all stages in it; of single modules there is no folder.

    The pipeline is right: it runs at more changes than it has to.
    """
    code, declared = snapshot.code(spec), [dep.path for dep in stage.deps]
    if PACKAGE not in declared or not code.entry.startswith(f"{spec.code_dir}/"):
        return None
    folders = code_deps(None, code.imported())
    change = Change(
        deps=tuple(path for path in folders if path not in declared), remove={"deps": (PACKAGE,)}
    )
    return Finding(
        "dep-too-wide",
        f"{stage.name} depends on {PACKAGE} as a whole: it runs again at any change in the code of"
        " any stage.",
        f"{fixes.join(folders)} among the deps of {stage.name}",
        f"deps: {fixes.join(declared)}",
        edit_and_run(repository, snapshot, stage, change),
        (stage_evidence(snapshot, stage, "deps:", value=PACKAGE),),
        severity="advice",
    )


def _undeclared_paths(stage: Stage, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if not any(covers(dep.path, path) for dep in stage.deps)]


@stage_check("params", "param-undeclared", requires=("{stage}.command",))
def params_are_declared(
    repository: Repository, snapshot: Snapshot, spec: StageSpec
) -> Finding | None:
    """Every param that {stage} reads is declared.

    DVC compares the declared keys of params.yaml with those of the last run, and no others.
    """
    stage, code = stage_of(snapshot, spec), snapshot.code(spec)
    severe = _undeclared_keys(snapshot, stage, code.params())
    undeclared = severe or _undeclared_keys(snapshot, stage, code.params_below())
    # What the file lacks belongs there before it is declared: declared_params_exist reports it.
    absent = absent_keys(snapshot, stage, undeclared)
    undeclared = [key for key in undeclared if key not in absent]
    if not undeclared:
        return None
    return Finding(
        "param-undeclared",
        f"{stage.name} reads {fixes.join(undeclared)} from params.yaml, and does not say so:"
        " another value does not make it run again.",
        f"{fixes.join(undeclared)} among the params of {stage.name}",
        f"params: {fixes.join(k for f in stage.params for k in f.keys) or 'none'}",
        edit_and_run(repository, snapshot, stage, Change(params=tuple(undeclared))),
        (
            stage_evidence(snapshot, stage, "cmd:"),
            *(_line_of_param(snapshot, code, key) for key in undeclared if severe),
        ),
        severity="fail" if severe else "advice",
    )


def _line_of_param(snapshot: Snapshot, code: StageCode, key: str) -> Evidence:
    """Where the code of a stage names a param."""
    word = f"{key.partition('.')[2]}:"
    lines = ((path, snapshot.line(path, word)) for path in code.own())
    path, line = next(((path, line) for path, line in lines if line), (code.entry, None))
    return Evidence(snapshot.revision, path, line, key)


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
    absent = absent_keys(snapshot, stage, code.params())
    return unknown_params(repository, snapshot, stage, read, absent)


def unknown_params(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    read: list[str] | None = None,
    absent: Iterable[str] = (),
) -> Finding | None:
    """The finding on the params that ``stage`` declares or needs, and that are not there.

    ``read`` are those that its code reads, None where nobody can tell; ``absent`` those of them
    that it cannot run without, and that its file lacks.
    """
    return _lost_params(repository, snapshot, stage, read, [*absent]) or _needless_params(
        repository, snapshot, stage, read or []
    )


def _lost_params(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    read: list[str] | None,
    absent: list[str],
) -> Finding | None:
    """The finding on params that belong in their file."""
    lost = find_lost_params(repository, snapshot, stage, read, absent)
    if lost is None:
        return None
    path, keys = lost.file.path, fixes.join(gone.key for gone in lost.keys)
    alike = "".join(
        f" {gone.renamed}, which nothing reads, looks like another spelling of"
        f" {gone.key.rpartition('.')[2]}."
        for gone in lost.keys
        if gone.renamed
    )
    new_names = [gone.renamed for gone in lost.keys if gone.renamed]
    undeclared = tuple(_undeclared_keys(snapshot, stage, absent))
    return Finding(
        "param-unknown",
        f"{stage.name} reads {keys}, which {path} does not have: dvc repro stops there.{alike}",
        f"{keys} in {path}",
        f"{fixes.join(new_names)} in place of it" if new_names else "no such key",
        restore_params(repository, snapshot, stage, lost, undeclared),
        (
            *(stage_evidence(snapshot, stage, gone.key, value=gone.key) for gone in lost.keys),
            *(
                Evidence(snapshot.revision, path, snapshot.line(path, f"{name}:"), name)
                for name in new_names
            ),
        ),
    )


def _needless_params(
    repository: Repository, snapshot: Snapshot, stage: Stage, read: list[str]
) -> Finding | None:
    """The finding on declared params that no file has, and no code reads."""
    for file in stage.params:
        unknown = _unknown_keys(snapshot, file)
        if not unknown:
            continue
        known = [*read, *(key.partition(".")[0] for key in read)]
        known = known if file.path == "params.yaml" else []
        meant = [*chain(*(get_close_matches(key, dict.fromkeys(known), 1, 0.7) for key in unknown))]
        change = Change(
            params=tuple(_undeclared_keys(snapshot, stage, meant)),
            remove={"params": tuple(unknown)},
        )
        question = f" Is that {fixes.join(meant)}?" if meant else ""
        return Finding(
            "param-unknown",
            f"{stage.name} declares {fixes.join(unknown)}, which {file.path} does not have:"
            f" dvc repro stops there.{question}",
            f"keys of {file.path}",
            fixes.join(unknown),
            edit_and_run(repository, snapshot, stage, change),
            tuple(stage_evidence(snapshot, stage, key, value=key) for key in unknown),
        )
    return None


def _params(snapshot: Snapshot, file: ParamsFile) -> object:
    return params_files.read(snapshot.root / file.path, file.path)


def _unknown_keys(snapshot: Snapshot, file: ParamsFile) -> list[str]:
    """The keys that a stage declares of a file, and that the file has not."""
    if snapshot.content(file.path) is None:
        return list(file.keys)
    values = params_files.values(_params(snapshot, file), file.keys, file.path)
    return [key for key in file.keys if key not in values]


def _undeclared_keys(snapshot: Snapshot, stage: Stage, keys: Iterable[str]) -> list[str]:
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
            value = params_files.values(_params(snapshot, file), (key,), file.path).get(key)
            if isinstance(value, dict) and all(
                any(_takes_in(d.removeprefix(f"{key}."), name) for d in below) for name in value
            ):
                return True
    return False


def _takes_in(declared: str, key: str) -> bool:
    # DVC looks keys up by dpath, where each of `*` and `**` alone stands for every key.
    return key == declared or key.startswith(f"{declared}.") or declared in ("*", "**")
