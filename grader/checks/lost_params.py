"""Params that a stage reads and that its file has lost: the lines to write there again.

A key that was misspelled, or deleted, belongs in the file: to drop it from ``dvc.yaml`` would leave
a stage that reads what it does not declare.
"""

import contextlib
import difflib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from dvcstate import ProjectError, Stage
from dvcstate.model import ParamsFile
from dvcstate.params import params_file as params_files
from grader import fixes
from grader.checks import stages
from grader.engine.finding import Evidence, Finding, NotThereYetError
from grader.engine.step import Step
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes import params_edits, stage_edits
from grader.fixes.params_edits import Lost
from grader.fixes.stage_edits import Change
from workshop.stages import STAGES


def finding(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    read: Iterable[str] | None,
    needed: Iterable[str] = (),
    bare: Iterable[str] = (),
) -> Finding | None:
    """The finding on keys that ``stage`` declares or needs, and that belong in their file.

    ``read`` are those that its code reads. Where nobody can tell, None, those belong there that
    were there before: at HEAD, or in the last run. ``needed`` are those without which it cannot
    run, declared or not; ``bare`` those of them that are not.
    """
    absent = [key for key in needed if lacks(snapshot, stage, key)]
    for file in _files(snapshot, stage):
        if snapshot.content(file.path) is None:
            if snapshot.source == "worktree" and file.path in repository.committed:
                raise NotThereYetError("data.committed")
            continue
        there = params_files.read(snapshot.root / file.path, file.path)
        known = _known(snapshot, read or ())
        lost = list(
            _lost(repository, snapshot, file, there, known, None if read is None else list(read))
        )
        lost += _nested(repository, snapshot, stage, file, there, known)
        if file is _home(snapshot, stage):
            lost += _needed(
                repository, snapshot, stage, file, there, [*known, *absent], absent, lost
            )
        if lost := _by_section(lost, there, known):
            undeclared = tuple(key for key in absent if key in set(bare))
            return _finding(repository, snapshot, stage, file, lost, undeclared)
    return None


def lacks(snapshot: Snapshot, stage: Stage, key: str) -> bool:
    """Whether none of the stage's params files has ``key``, and its own one is there."""
    files = [file for file in _files(snapshot, stage) if snapshot.content(file.path) is not None]
    if _home(snapshot, stage).path not in [file.path for file in files]:
        return False
    return not any(_is_in(params_files.read(snapshot.root / f.path, f.path), key) for f in files)


def _files(snapshot: Snapshot, stage: Stage) -> tuple[ParamsFile, ...]:
    path = "params.yaml"
    return stage.params or (ParamsFile(path, snapshot.root / path),)


def _home(snapshot: Snapshot, stage: Stage) -> ParamsFile:
    """The file that the stage's code is taken to read."""
    files = _files(snapshot, stage)
    return next((file for file in files if file.path == "params.yaml"), files[0])


def _known(snapshot: Snapshot, read: Iterable[str]) -> list[str]:
    known = [key for stage in snapshot.project.stages for one in stage.params for key in one.keys]
    known += [key for spec in STAGES for key in snapshot.code(spec).params()]
    return [*known, *read]


def _lost(
    repository: Repository,
    snapshot: Snapshot,
    file: ParamsFile,
    there: Any,
    known: list[str],
    read: list[str] | None,
) -> Iterator[Lost]:
    before = _before(repository, snapshot, file, shipped=read is not None)
    for key in file.keys:
        if key in params_files.values(there, (key,), file.path):
            # All of a section is declared: what else lacks a key of it is seen by its other name.
            for below in (one for one in read or () if one.startswith(f"{key}.")):
                renamed = _look_alike(there, below, known)
                if renamed and not _is_in(there, below):
                    yield Lost(below, renamed=renamed)
        elif _belongs(key, read, before, file):
            yield Lost(key, _values(before, key, file), _look_alike(there, key, known))


def _nested(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    file: ParamsFile,
    there: Any,
    known: list[str],
) -> Iterator[Lost]:
    """Keys below a declared section that were there, and that stand there misspelled.

    Where the code no longer has its word, it was given the new name there too.
    """
    before = [dict(file.recorded or {}), *_before(repository, snapshot, file, shipped=True)]
    for key in params_files.values(there, file.keys, file.path) if file.keys else ():
        below = [one for was in _values(before, key, file) for one in _below(was, key)]
        for one in below:
            if not _is_in(there, one) and _is_read(snapshot, stage, one.rpartition(".")[2]):
                renamed = _look_alike(there, one, [*known, *below])
                if renamed:
                    yield Lost(one, renamed=renamed)


def _below(value: Any, key: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield key
        return
    for name in value:
        yield from _below(value[name], f"{key}.{name}")


def _is_read(snapshot: Snapshot, stage: Stage, name: str) -> bool:
    """Whether the code among the deps has the word ``name``; where there is none, it may have."""
    texts = [snapshot.text(dep.path) for dep in stage.deps if dep.path.endswith(".py")]
    return not texts or any(re.search(rf"\b{re.escape(name)}\b", text or "") for text in texts)


def _needed(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    file: ParamsFile,
    there: Any,
    known: list[str],
    absent: list[str],
    lost: list[Lost],
) -> Iterator[Lost]:
    """Those of ``absent`` that are not in ``lost`` yet: read by the code, whatever is declared.

    One that was given another name here and in ``dvc.yaml`` is written under its own again.
    """
    told = tuple(f"{one.key}." for one in lost)
    absent = [key for key in absent if not f"{key}.".startswith(told)]
    before = _before(repository, snapshot, file, shipped=True)
    shipped = _shipped()
    readers = {key for spec in STAGES for key in snapshot.code(spec).params()}
    for key in absent:
        section = key.rpartition(".")[0]
        new = [
            one
            for one in file.keys
            if one.rpartition(".")[0] == section
            and _is_in(there, one)
            and not _is_in(shipped, one)
            and one not in readers
        ]
        is_one = sum(one.rpartition(".")[0] == section for one in absent) == len(new) == 1
        renamed = new[0].rpartition(".")[2] if is_one else _look_alike(there, key, known)
        yield Lost(key, _values(before, key, file), renamed)


def _by_section(lost: list[Lost], there: Any, known: list[str]) -> list[Lost]:
    """Keys of a section that stands there under a misspelled name are told by the section."""
    found: dict[str, Lost] = {}
    for one in lost:
        above, _, name = one.key.rpartition(".")
        alike = _look_alike(there, above, known) if above and not _is_in(there, above) else None
        if alike and _is_in(there, f"{above.rpartition('.')[0]}.{alike}.{name}".lstrip(".")):
            found[above] = Lost(above, renamed=alike)
        else:
            found[one.key] = one
    return list(found.values())


def _belongs(key: str, read: list[str] | None, before: list[Any], file: ParamsFile) -> bool:
    if read is None:
        return bool(_values(before, key, file))
    return any(f"{one}.".startswith(f"{key}.") or key.startswith(f"{one}.") for one in read)


def _before(
    repository: Repository, snapshot: Snapshot, file: ParamsFile, *, shipped: bool
) -> list[Any]:
    """What held the file's params before, the newest first: HEAD, the last run, what was started.

    The run's are by whole keys, as the lock has them.
    """
    found = [_committed(repository, snapshot, file), dict(file.recorded or {})]
    if shipped:
        found.append(_shipped())
    return found


@functools.cache
def _shipped() -> Any:
    """The params that ``grader start`` writes; empty where the installation lacks them."""
    from workshop.start import starter  # only where something is wrong: it imports much

    try:
        return yaml.safe_load(starter.params_text(starter.QUICK))
    except (starter.StartError, OSError):
        return {}


def _values(before: list[Any], key: str, file: ParamsFile) -> tuple[Any, ...]:
    """The newest value of ``key`` as the only one of a tuple; an empty one where there is none."""
    for params in before:
        if isinstance(params, dict) and key in params:
            return (params[key],)
        found = params_files.values(params, (key,), file.path)
        if key in found:
            return (found[key],)
    return ()


def _is_in(params: Any, key: str) -> bool:
    for name in key.split("."):
        if not isinstance(params, Mapping) or name not in params:
            return False
        params = params[name]
    return True


def _look_alike(params: Any, key: str, known: list[str]) -> str | None:
    """The key beside the place of ``key`` that nobody knows and that is spelled much like it."""
    above, _, name = key.rpartition(".")
    for part in above.split(".") if above else ():
        params = params.get(part) if isinstance(params, Mapping) else None
    if not isinstance(params, Mapping):
        return None
    start = f"{above}." if above else ""
    new = [
        str(one)
        for one in params
        if not any(f"{each}.".startswith(f"{start}{one}.") for each in known)
    ]
    return next(iter(difflib.get_close_matches(name, new, 1)), None)


def _finding(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    file: ParamsFile,
    lost: list[Lost],
    bare: tuple[str, ...],
) -> Finding:
    keys = fixes.listed(one.key for one in lost)
    alike = "".join(
        f" {one.renamed}, which nothing reads, looks like another spelling of"
        f" {one.key.rpartition('.')[2]}."
        for one in lost
        if one.renamed
    )
    there = [one.renamed for one in lost if one.renamed]
    return Finding(
        "param-unknown",
        f"{stage.name} reads {keys}, which {file.path} does not have: dvc repro stops there."
        f"{alike}",
        f"{keys} in {file.path}",
        f"{fixes.listed(there)} in place of it" if there else "no such key",
        _fix(repository, snapshot, stage, file, lost, bare),
        (
            *(stages.in_file(snapshot, stage, one.key, value=one.key) for one in lost),
            *(
                Evidence(snapshot.source, file.path, snapshot.line(file.path, f"{name}:"), name)
                for name in there
            ),
        ),
    )


def _fix(
    repository: Repository,
    snapshot: Snapshot,
    stage: Stage,
    file: ParamsFile,
    lost: list[Lost],
    bare: tuple[str, ...],
) -> tuple[Step, ...]:
    """What to type: nothing is run where the file then is as at HEAD, as far on the way as then."""
    committed = _committed(repository, snapshot, file)
    is_at_head = all(_is_in(committed, one.key) for one in lost)
    text = repository.worktree.text(file.path) or snapshot.text(file.path) or ""
    edits: list[Step] = params_edits.edits(text, file.path, lost)
    if is_at_head and _lacks_a_section(snapshot, file, lost, committed):
        edits = [fixes.command("git", "checkout", "HEAD", "--", file.path)]
    paths = [file.path]
    if bare:
        siblings = {f"{one.key.rpartition('.')[0]}.{one.renamed}" for one in lost if one.renamed}
        gone = tuple(key for key in file.keys if key in siblings)
        change = Change(add={"params": bare}, remove={"params": gone} if gone else {})
        edits += stage_edits.changed(repository, snapshot, stage, change)
        paths.append(stage.file)
    elif is_at_head:
        return tuple(edits)
    beside = [stages.LOCK, *stages.kept_by_git(repository, stage)]
    commit = fixes.commit([*paths, *beside], f"Mend the params of {stage.name}")
    return *edits, fixes.command("dvc", "repro", stage.name), *commit


def _committed(repository: Repository, snapshot: Snapshot, file: ParamsFile) -> Any:
    """The params at HEAD, of the folder's; None where there are none, or none to be read."""
    head = repository.head
    if snapshot.source == "worktree" and head.content(file.path) is not None:
        with contextlib.suppress(ProjectError):
            return params_files.read(head.root / file.path, file.path)
    return None


def _lacks_a_section(
    snapshot: Snapshot, file: ParamsFile, lost: list[Lost], committed: Any
) -> bool:
    """Whether a whole section is gone, and the file is but for what is gone as at HEAD."""
    there = params_files.read(snapshot.root / file.path, file.path)
    sections = [one.key.partition(".")[0] for one in lost if not one.renamed]
    return any(not _is_in(there, one) for one in sections) and _is_part(there, committed)


def _is_part(params: Any, whole: Any) -> bool:
    if not isinstance(params, Mapping) or not isinstance(whole, Mapping):
        return params is None or bool(params == whole)
    return all(key in whole and _is_part(value, whole[key]) for key, value in params.items())
