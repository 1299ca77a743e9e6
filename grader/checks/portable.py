"""Nothing in the pipeline belongs to this laptop alone: asked from the first stage on."""

import re
from collections.abc import Iterator

from dvcstate import Stage
from dvcstate.model import Dep, Out
from grader import fixes
from grader.checks import stages
from grader.code.stage_code import words_of
from grader.engine.finding import Evidence, Finding
from grader.engine.registry import check
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes import keeping

_ABSOLUTE = re.compile(
    r"^(?:/(?!dev/)|~/|[A-Za-z]:[\\/]|(?:\$HOME|\$\{HOME\}|\$env:USERPROFILE|%USERPROFILE%)(?:[\\/]|$))",
    re.IGNORECASE,
)

_EXPANDED = re.compile(r"^[$%~]")
_OPTION = re.compile(r"^--?[\w-]+=")


@check("pipeline.portable", "absolute-path", requires=("preprocess.declared",))
def paths_are_relative(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No path of this machine is in the pipeline.

    Nobody else has your home folder.
    """
    for stage in snapshot.project.stages:
        severe = [*_absolute_entries(stage), *_absolute_data(repository, snapshot, stage)]
        mild = [word for word in words_of(stage.cmd)[:1] if _ABSOLUTE.match(word)]
        if severe or mild:
            path = (severe or mild)[0]
            return Finding(
                "absolute-path",
                f"{stage.name} names {path}, which is on this machine alone.",
                "paths from the root of the repository",
                path,
                _relative_fix(repository, stage, path),
                (stages.in_file(snapshot, stage, path, value=path),),
                severity="fail" if severe else "advice",
            )
    return _cache_dir(snapshot)


def _absolute_entries(stage: Stage) -> Iterator[str]:
    entries = _own_entries(stage)
    for entry in entries:
        if entry.place is not None and (not entry.inside or _ABSOLUTE.match(entry.path)):
            yield entry.path


def _absolute_data(repository: Repository, snapshot: Snapshot, stage: Stage) -> list[str]:
    """Absolute paths as they are written: DVC makes those inside the repository relative."""
    text = snapshot.text(stage.file) or ""
    entries = _own_entries(stage)
    declared = [str(repository.root / entry.path) for entry in entries]
    values = [_OPTION.sub("", word) for word in words_of(stage.cmd)[1:]]
    words = [word for word in values if _ABSOLUTE.match(word)]
    return [
        path for path in declared if re.search(rf"{re.escape(path)}[\s:'\"]*$", text, re.M)
    ] + words


def _own_entries(stage: Stage) -> list[Dep | Out]:
    """What is to be there wherever the pipeline runs: not where an import once came from."""
    return [*(stage.deps if stage.cmd else ()), *stage.outs]


def _relative_fix(repository: Repository, stage: Stage, path: str) -> tuple[Step, ...]:
    if _EXPANDED.match(path):
        by_hand = fixes.change(
            stage.file, f"write {path} as a path from the repository", stage=stage.name
        )
        paths = [stage.file, "dvc.lock", *stages.uncached(stage)]
        commit = fixes.commit(paths, "Name paths from the repository")
        return by_hand, fixes.command("dvc", "repro"), *commit
    root = str(repository.root).replace("\\", "/")
    inside = path.replace("\\", "/").startswith(f"{root}/")
    relative = (
        path.replace("\\", "/")[len(root) + 1 :]
        if inside
        else path.replace("\\", "/").rpartition("/")[2]
    )
    file = stage.file
    both = f"{fixes.literal(path)}, {fixes.literal(relative)}"
    edit = f"p.write_text(p.read_text('utf-8').replace({both}), 'utf-8')"
    copy = fixes.python(f"import shutil; shutil.copy({both})")
    return (
        *([] if inside else [copy]),
        fixes.python(f"import pathlib; p = pathlib.Path({fixes.literal(file)}); {edit}"),
        fixes.command("dvc", "repro"),
        *fixes.commit(
            [file, "dvc.lock", *stages.uncached(stage), *([] if inside else [relative])],
            "Name paths from the repository",
        ),
    )


def _cache_dir(snapshot: Snapshot) -> Finding | None:
    folder = snapshot.config.get("cache", {}).get("dir", "")
    if not _ABSOLUTE.match(folder):
        return None
    return Finding(
        "absolute-path",
        f"The cache is set to {folder}, a path of this machine, for everybody who clones.",
        "cache.dir in .dvc/config.local",
        f"dir = {folder}",
        (
            fixes.command("dvc", "config", "--unset", "cache.dir"),
            fixes.command("dvc", "config", "--local", "cache.dir", folder),
            *fixes.commit([".dvc/config"], "Keep the cache's place to myself"),
        ),
        (
            Evidence(
                snapshot.source,
                ".dvc/config",
                snapshot.line(".dvc/config", "[cache]", "dir"),
                folder,
            ),
        ),
        severity="advice",
    )


@check("pipeline.place", "wrong-directory", requires=("preprocess.declared",))
def stages_run_in_the_root(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every stage is in the dvc.yaml of the root, and runs there.

    Paths in a dvc.yaml are read from its own folder, or from wdir: elsewhere they name other files.
    """
    for stage in snapshot.project.stages:
        if stage.cmd is None:
            continue
        wdir = snapshot.line(stage.file, f"{stage.name.rpartition(':')[2]}:", "wdir:")
        if stage.file != "dvc.yaml" or (wdir and _has_wdir(snapshot, stage)):
            what = "has a wdir" if stage.file == "dvc.yaml" else f"is in {stage.file}"
            return Finding(
                "wrong-directory",
                f"{stage.name} {what}: its paths are read from there, not from the root.",
                "stages in the dvc.yaml of the root, without wdir",
                f"{stage.name} {what}",
                _moved(snapshot, stage, wdir),
                (Evidence(snapshot.source, stage.file, wdir),),
                severity="advice",
            )
    return None


def _moved(snapshot: Snapshot, stage: Stage, wdir: int | None) -> tuple[Step, ...]:
    """What to edit; DVC has no command that moves a stage."""
    name, file = stage.name.rpartition(":")[2], stage.file
    entries: list[Dep | Out] = [*stage.deps, *stage.outs]
    paths = [entry.path for entry in entries]
    listed = fixes.listed(paths, len(paths))
    edits = [fixes.change("dvc.yaml", f"write its paths as {listed}", stage=name)]
    if file != "dvc.yaml":
        edits.insert(0, fixes.change(file, f"move the stage {name} to the dvc.yaml of the root"))
    if wdir and _has_wdir(snapshot, stage):
        edits.append(fixes.delete(file, wdir))
    commit = fixes.commit(dict.fromkeys([file, "dvc.yaml"]), "Run every stage in the root")
    return *edits, *commit


def _has_wdir(snapshot: Snapshot, stage: Stage) -> bool:
    from dvcstate.documents import reader, schema

    data = reader.read(snapshot.root / stage.file, stage.file, schema.project_file)
    entry = data.get("stages", {}).get(stage.name.rpartition(":")[2], {})
    return str(entry.get("wdir") or ".") not in (".", "./")


@check(
    "pipeline.uncached",
    "uncached-out-uncommitted",
    requires=("preprocess.run",),
)
def uncached_outs_are_committed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """What DVC does not keep is in git, as the last run left it.

    cache: false leaves an out to git. Where git does not have it, nobody else ever will.
    """
    for stage in snapshot.project.stages:
        for out in stage.outs:
            if out.cache or not out.inside or not stage.recorded:
                continue
            if not keeping.at_head(repository, out.path):
                what, actual = (
                    "is neither in DVC's cache (cache: false) nor in git",
                    _where(repository, out),
                )
            elif _is_older(repository, snapshot, stage, out):
                what = "is kept by git alone (cache: false), and HEAD has another than the last run"
                actual = "what an earlier run wrote, or a part"
            else:
                continue
            line = _line_to_mend(repository, snapshot, stage, out)
            return Finding(
                "uncached-out-uncommitted",
                f"{out.path} of {stage.name} {what}: it is on this laptop alone.",
                f"the {out.path} of the last run at HEAD",
                actual,
                _leave_to_dvc(repository, stage, out, line)
                if line
                else _add_to_git(repository, stage, out),
                (Evidence("HEAD", out.path), stages.in_file(snapshot, stage, "cache: false")),
                awaits_commit=line is None,
            )
    return None


def _is_older(repository: Repository, snapshot: Snapshot, stage: Stage, out: Out) -> bool:
    """Whether HEAD's lock records another than HEAD has, and the folder has what it records.

    An out that was changed by hand or deleted is told of as such.
    """
    if snapshot.source != "HEAD" or keeping.is_recorded_at_head(repository, out) is not False:
        return False
    reasons = (one.reasons for one in repository.state.stages if one.stage.name == stage.name)
    return not any(one.kind == "out" and one.path == out.path for each in reasons for one in each)


def _where(repository: Repository, out: Out) -> str:
    if repository.ignores(out.path):
        return "git ignores it"
    return "git knows it, and it is not committed" if out.path in repository.tracked else "absent"


def _line_to_mend(repository: Repository, snapshot: Snapshot, stage: Stage, out: Out) -> int | None:
    """The line with ``cache: false`` of an out that belongs to the cache.

    Metrics and plots are small, and git may keep them; data and models are not.
    """
    if out.metric or out.plot or keeping.at_head(repository, out.path):
        return None
    name = stage.name.rpartition(":")[2]
    return snapshot.line(stage.file, f"{name}:", out.path, "cache: false")


def _leave_to_dvc(repository: Repository, stage: Stage, out: Out, line: int) -> tuple[Step, ...]:
    ignoring = stages.gitignores(repository, [out.path])
    message = f"Leave what {stage.name} wrote to DVC"
    return (
        fixes.change(stage.file, "write  cache: true  in place of  cache: false", line=line),
        fixes.command("dvc", "repro", "--force", "--single-item", stage.name),
        *fixes.commit([stage.file, stages.LOCK, *ignoring], message),
    )


def _add_to_git(repository: Repository, stage: Stage, out: Out) -> tuple[Step, ...]:
    force = ["--force"] * repository.ignores(out.path)
    return (
        fixes.command("git", "add", *force, out.path),
        fixes.commit_staged(f"Keep what {stage.name} wrote"),
    )


@check("pipeline.cache_intact", "cache-corrupt", requires=("preprocess.run",))
def cache_objects_are_what_they_are_called(
    repository: Repository, snapshot: Snapshot
) -> Finding | None:
    """Every object in the cache is what its name says.

    DVC trusts an object that is read-only, and pushes it: one that changed reaches everybody.
    """
    objects = repository.objects
    owners = {
        name: (stage, out)
        for stage in snapshot.project.stages
        for out in stage.outs
        if out.cache and out.recorded.md5 and out.recorded.algorithm == "md5"
        for name in objects.names(out.recorded.md5)
    }
    for name in objects.corrupt(owners):
        return _corrupt(repository, *owners[name], name)
    return None


def _corrupt(repository: Repository, stage: Stage, out: Out, name: str) -> Finding:
    target = stage.name
    again: tuple[Step, ...] = (fixes.command("dvc", "commit", target),)
    if not stages.is_as_recorded(repository, stage):  # and the remote may have a damaged one too
        run = fixes.run_again(stage.name, stages.kept_by_git(repository, stage))
        again = run if stage.cmd else (fixes.command("dvc", "pull", "--force", target),)
    return Finding(
        "cache-corrupt",
        f"An object of {out.path} in DVC's cache is damaged: DVC would hand it out as it is.",
        f"bytes with the md5 {name}",
        "other bytes",
        (stages.removal(repository, name), *again),
        (Evidence("cache", stages.shown_in_cache(repository, name), value=name),),
    )
