"""Nothing in the pipeline belongs to this laptop alone: asked from the first stage on."""

import posixpath
import re
from pathlib import Path

from dvcstate import Stage
from dvcstate.documents import reader, schema
from dvcstate.model import Dep, Out
from grader import fixes
from grader.code.stage_code import words_of
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages.lookup import LOCK, name_in_file, stage_evidence
from grader.stages.paths import is_around, paths_overlap
from grader.stages.storage import (
    files_at_head,
    gitignores,
    is_recorded_at_head,
    uncached_outs,
)
from grader.step import Step

# /home/ada/raw, ~/raw, C:\raw, $HOME/raw, %USERPROFILE%\raw; /dev/null is on every machine.
_ABSOLUTE = re.compile(
    r"^(?:/(?!dev/)|~/|[A-Za-z]:[\\/]|(?:\$HOME|\$\{HOME\}|\$env:USERPROFILE|%USERPROFILE%)(?:[\\/]|$))",
    re.IGNORECASE,
)
_EXPANDED_BY_A_SHELL = ("$", "%", "~")
_OPTION = re.compile(r"^--?[\w-]+=")  # --raw=/home/ada/raw


@check("pipeline.portable", "absolute-path", requires=("preprocess.declared",))
def paths_are_relative(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No path of this machine is in the pipeline.

    Nobody else has your home folder.
    """
    for stage in snapshot.project.stages:
        entries = [e for e in _own_entries(stage) if not is_around(repository.root, e.place)]
        severe = [
            *_absolute_entries(entries),
            *_absolute_data(repository, snapshot, stage, entries),
        ]
        # The program itself is a matter of the machine: /usr/bin/python3 costs nothing.
        mild = [word for word in words_of(stage.cmd)[:1] if _ABSOLUTE.match(word)]
        if severe or mild:
            path = (severe or mild)[0]
            return Finding(
                "absolute-path",
                f"{stage.name} names {path}, which is on this machine alone.",
                "paths from the root of the repository",
                path,
                _relative_fix(repository, stage, path),
                (stage_evidence(snapshot, stage, path, value=path),),
                severity="fail" if severe else "advice",
            )
    return _link_finding(repository, snapshot) or _cache_dir(snapshot)


def _link_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a link in git, at or beside a dep, that leads out of the repository."""
    paths = [dep.path for stage in snapshot.project.stages if stage.cmd for dep in stage.deps]
    for link in repository.links:
        is_used = any(paths_overlap(link, path) for path in paths)
        target = repository.link_target(link) if is_used else ""
        folder = posixpath.dirname(f"{repository.prefix}{link}")
        leads_out = posixpath.normpath(posixpath.join(folder, target)).startswith("..")
        if target and (_ABSOLUTE.match(target) or leads_out):
            return Finding(
                "absolute-path",
                f"{link} is a link to {target}, which is on this machine alone.",
                f"{link} itself in the repository",
                f"a link to {target}",
                _replace_link(repository, link),
                (Evidence("HEAD", link, value=target),),
            )
    return None


def _replace_link(repository: Repository, link: str) -> tuple[Step, ...]:
    """Put a copy of code that a link leads to in its place; data is for DVC, by hand."""
    place = repository.root / link
    if not place.exists() or not (link.endswith(".py") or any(place.rglob("*.py"))):
        return (fixes.change(link, "put what the link leads to in its place"),)
    name, copy = fixes.literal(link), "copytree" if place.is_dir() else "copy"
    code = f"import os, shutil; p = os.path.realpath({name}); os.remove({name})"
    steps = [fixes.python(f"{code}; shutil.{copy}(p, {name})")] if place.is_symlink() else []
    return *steps, *fixes.commit([link], f"Keep {link} in the repository")


def _absolute_entries(entries: list[Dep | Out]) -> list[str]:
    return [
        entry.path
        for entry in entries
        if entry.place is not None and (not entry.inside or _ABSOLUTE.match(entry.path))
    ]


def _absolute_data(
    repository: Repository, snapshot: Snapshot, stage: Stage, entries: list[Dep | Out]
) -> list[str]:
    """Absolute paths as they are written: DVC makes those inside the repository relative."""
    text = snapshot.text(stage.file) or ""
    declared = [str(repository.root / entry.path) for entry in entries]
    values = [_OPTION.sub("", word) for word in words_of(stage.cmd)[1:]]
    return [
        *(path for path in declared if path in text and _ends_a_line(path, text)),
        *(word for word in values if _ABSOLUTE.match(word)),
    ]


def _ends_a_line(path: str, text: str) -> bool:
    """Whether a line is ``- /home/ada/repo/data/raw:``, with options below it or without."""
    return bool(re.search(rf"{re.escape(path)}[\s:'\"]*$", text, re.MULTILINE))


def _own_entries(stage: Stage) -> list[Dep | Out]:
    """What is to be there wherever the pipeline runs: not where an import once came from."""
    return [*(stage.deps if stage.cmd else ()), *stage.outs]


def _relative_fix(repository: Repository, stage: Stage, path: str) -> tuple[Step, ...]:
    paths = [stage.file, LOCK, *uncached_outs(stage)]
    edits: list[Step] = []
    if path.startswith(_EXPANDED_BY_A_SHELL):
        text = f"write {path} as a path from the repository"
        edits.append(fixes.change(stage.file, text, stage=stage.name))
    else:
        root, shown = str(repository.root).replace("\\", "/"), path.replace("\\", "/")
        is_inside = shown.startswith(f"{root}/")
        relative = shown[len(root) + 1 :] if is_inside else shown.rpartition("/")[2]
        both = f"{fixes.literal(path)}, {fixes.literal(relative)}"
        if not is_inside:
            copy = "copytree" if Path(path).is_dir() else "copy"
            edits.append(fixes.python(f"import shutil; shutil.{copy}({both})"))
            paths.append(relative)
        edit = f"p.write_text(p.read_text('utf-8').replace({both}), 'utf-8')"
        file = fixes.literal(stage.file)
        edits.append(fixes.python(f"import pathlib; p = pathlib.Path({file}); {edit}"))
    commit = fixes.commit(paths, "Name paths from the repository")
    return *edits, fixes.command("dvc", "repro"), *commit


def _cache_dir(snapshot: Snapshot) -> Finding | None:
    file, folder = ".dvc/config", snapshot.config.get("cache", {}).get("dir", "")
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
            *fixes.commit([file], "Keep the cache's place to myself"),
        ),
        (Evidence(snapshot.revision, file, snapshot.line(file, "[cache]", "dir"), folder),),
        severity="advice",
    )


@check("pipeline.place", "wrong-directory", requires=("preprocess.declared",), of_workshop=True)
def stages_run_in_the_root(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Every stage is in the dvc.yaml of the root, and runs there.

    Paths in a dvc.yaml are read from its own folder, or from wdir: elsewhere they name other files.
    """
    for stage in snapshot.project.stages:
        folder, wdir = _folder_of_paths(snapshot, stage) if stage.cmd else ("", None)
        if not folder:  # such as the dvc.yaml of a folder with wdir: ..
            continue
        what = "has a wdir" if stage.file == "dvc.yaml" else f"is in {stage.file}"
        line = snapshot.line(stage.file, f"{name_in_file(stage)}:", "wdir:")
        return Finding(
            "wrong-directory",
            f"{stage.name} {what}: its paths are read from {folder}, not from the root.",
            "stages in the dvc.yaml of the root, without wdir",
            f"{stage.name} {what}",
            _move_to_root(stage, wdir),
            (Evidence(snapshot.revision, stage.file, line),),
            severity="advice",
        )
    return None


def _folder_of_paths(snapshot: Snapshot, stage: Stage) -> tuple[str, int | None]:
    """The folder that the stage's paths are read from, and the line of its ``wdir``, if any.

    From the text, for DVC resolves the wdir of a template away. Empty for the root.
    """
    name, wdir = name_in_file(stage), ""
    line = snapshot.line(stage.file, f"{name}:", "wdir:")  # another stage's, perhaps
    if line is not None:
        data = reader.read(snapshot.root / stage.file, stage.file, schema.project_file)
        wdir = str(data.get("stages", {}).get(name, {}).get("wdir") or "")
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(stage.file), wdir))
    return "" if folder == "." else folder, line if wdir.strip("./") or ".." in wdir else None


def _move_to_root(stage: Stage, wdir: int | None) -> tuple[Step, ...]:
    """What to edit; DVC has no command that moves a stage."""
    name, file = name_in_file(stage), stage.file
    paths = [*(dep.path for dep in stage.deps), *(out.path for out in stage.outs)]
    listed = fixes.join(paths, len(paths))
    edits = [fixes.change("dvc.yaml", f"write its paths as {listed}", stage=name)]
    if file != "dvc.yaml":
        edits.insert(0, fixes.change(file, f"move the stage {name} to the dvc.yaml of the root"))
    if wdir:
        edits.append(fixes.delete(file, wdir))
    commit = fixes.commit(dict.fromkeys([file, "dvc.yaml"]), "Run every stage in the root")
    return *edits, *commit


@check("pipeline.uncached", "uncached-out-uncommitted", requires=("preprocess.run",))
def uncached_outs_are_committed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """What DVC does not keep is in git, as the last run left it.

    cache: false leaves an out to git. Where git does not have it, nobody else ever will.
    """
    for stage in snapshot.project.stages:
        for out in stage.outs if stage.recorded else ():
            if not out.cache and out.inside:
                finding = _uncommitted_finding(repository, snapshot, stage, out)
                if finding:
                    return finding
    return None


def _uncommitted_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, out: Out
) -> Finding | None:
    is_committed = bool(files_at_head(repository, out.path))
    if not is_committed and not (repository.root / out.path).exists():
        return None  # there is nothing to commit: the check of its stage's outs reports it
    if is_committed and not _is_older(repository, snapshot, stage, out):
        return None
    if is_committed:
        what = "is kept by git alone (cache: false), and HEAD has another than the last run"
        actual = "what an earlier run wrote, or a part"
    else:
        what = "is neither in DVC's cache (cache: false) nor in git"
        actual = _state_in_git(repository, out)
    # A .dvc file has the path below, and from its own folder.
    words = (f"{name_in_file(stage)}:", out.path) if stage.cmd else ()
    at = Evidence(snapshot.revision, stage.file, snapshot.line(stage.file, *words, "cache: false"))
    # Metrics and plots are small, and git may keep them; data and models belong to the cache.
    line = None if out.metric or out.plot or is_committed else at.line
    return Finding(
        "uncached-out-uncommitted",
        f"{out.path} of {stage.name} {what}: it is on this laptop alone.",
        f"the {out.path} of the last run at HEAD",
        actual,
        _leave_to_dvc(repository, stage, out, line)
        if line
        else _add_to_git(repository, stage, out),
        (Evidence("HEAD", out.path), at),
        awaits_commit=line is None,
    )


def _is_older(repository: Repository, snapshot: Snapshot, stage: Stage, out: Out) -> bool:
    """Whether HEAD's lock records another than HEAD has, and the folder has what it records.

    An out that was changed by hand or deleted is reported as such.
    """
    if snapshot.revision != "HEAD" or is_recorded_at_head(repository, out) is not False:
        return False
    states = [state for state in repository.state.stages if state.stage.name == stage.name]
    reasons = [reason for state in states for reason in state.reasons]
    return not any(reason.kind == "out" and reason.path == out.path for reason in reasons)


def _state_in_git(repository: Repository, out: Out) -> str:
    if repository.ignores(out.path):
        return "git ignores it"
    is_staged = out.path in repository.tracked_files
    return "git knows it, and it is not committed" if is_staged else "absent"


def _leave_to_dvc(repository: Repository, stage: Stage, out: Out, line: int) -> tuple[Step, ...]:
    edit = fixes.change(stage.file, "write  cache: true  in place of  cache: false", line=line)
    if stage.cmd is None:
        files = [stage.file, *gitignores(repository, [out.path])]
        commit = fixes.commit(files, "Leave the data to DVC")
        return edit, fixes.command("dvc", "add", out.path), *commit
    paths = [stage.file, LOCK, *gitignores(repository, [out.path])]
    return (
        edit,
        fixes.command("dvc", "repro", "--force", "--single-item", stage.name),
        *fixes.commit(paths, f"Leave what {stage.name} wrote to DVC"),
    )


def _add_to_git(repository: Repository, stage: Stage, out: Out) -> tuple[Step, ...]:
    force = ["--force"] * repository.ignores(out.path)
    return (
        fixes.command("git", "add", *force, out.path),
        fixes.commit_staged(f"Keep what {stage.name} wrote"),
    )
