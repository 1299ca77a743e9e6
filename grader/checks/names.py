"""The names of DVC's files, and the paths in them: the same on every system."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from dvcstate import ProjectError
from dvcstate.documents import reader
from grader import fixes
from grader.checks.encodings import ENCODING_CODES, encoding_finding
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages.lookup import LOCK
from grader.stages.paths import covers
from grader.stages.storage import uncached_outs
from grader.step import Step
from workshop.stages import PARAMS_FILE, STAGES

_PIPELINE = "dvc.yaml"
# data\raw in a plain or single-quoted text of YAML, data\\raw in a double-quoted one.
_BACKSLASHED = re.compile(r"[\w.-]+(?:\\{1,2}[\w.-]+)+")
_BACKSLASH = 92


@check("init.names", "wrong-file-name", "windows-paths", *ENCODING_CODES, requires=("init.config",))
def names_and_paths_are_those_that_dvc_reads(
    repository: Repository, snapshot: Snapshot
) -> Finding | None:
    """DVC's files have the names that it reads, text in UTF-8, and paths with / in them.

    DVC reads dvc.yaml and params.yaml, and no file that is called nearly so. A path with a
    backslash is a path on Windows alone, and UTF-16 a text for some programs there alone.
    """
    if finding := encoding_finding(repository, snapshot):
        return finding
    return _misnamed(repository, snapshot) or _backslashed(repository, snapshot)


def _misnamed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    names = _names(repository, snapshot)
    for right in (_PIPELINE, PARAMS_FILE):
        if right in names:
            continue
        for name in sorted(names):
            if _canonical(name) == right and (right == _PIPELINE or _is_missed(snapshot)):
                return _name_finding(repository, snapshot, name, right)
    return None


def _names(repository: Repository, snapshot: Snapshot) -> set[str]:
    """The names of the files in the root, as they are written: not every system compares cases."""
    if snapshot.revision == "HEAD":
        return {path for path in repository.committed_files if "/" not in path}
    return {path.name for path in repository.root.iterdir() if path.is_file()}


def _canonical(name: str) -> str:
    """``dvc.yaml`` of ``dvc.yml``, ``DVC.yaml``, ``dvc.yaml.txt``: slips, and what Notepad adds."""
    plain = name.lower().removesuffix(".txt").removesuffix(".yaml").removesuffix(".yml")
    return f"{plain.removesuffix('.yaml')}.yaml" if plain != name.lower() else name


def _is_missed(snapshot: Snapshot) -> bool:
    """Whether a stage declares params of params.yaml, or none declares any."""
    try:
        stages = snapshot.project.stages
    except ProjectError:  # another check reports it
        return False
    files = [file.path for stage in stages for file in stage.params]
    return PARAMS_FILE in files or not files


def _name_finding(repository: Repository, snapshot: Snapshot, name: str, right: str) -> Finding:
    is_tracked = name in repository.tracked_files
    if is_tracked:
        force = ["--force"] * (name.lower() == right)  # else a system without cases refuses
        rename = fixes.command("git", "mv", *force, name, right)
    else:
        both = f"{fixes.literal(name)}, {fixes.literal(right)}"
        rename = fixes.python(f"import os; os.rename({both})")
    is_named = right == PARAMS_FILE and name in (repository.worktree.text(_PIPELINE) or "")
    paths = [right, *[_PIPELINE, LOCK] * is_named]
    if is_named:
        paths += uncached_outs(*repository.worktree.project.stages)
    return Finding(
        "wrong-file-name",
        f"Your file is called {name}, and DVC reads {right}: to DVC there is none.",
        f"a file {right}",
        name,
        (
            rename,
            *[_replace_in(_PIPELINE, name, right), fixes.command("dvc", "repro")] * is_named,
            *fixes.commit(paths, f"Call it {right}"),
        ),
        (Evidence(snapshot.revision, name),),
    )


def _replace_in(file: str, old: str, new: str) -> Step:
    path = fixes.literal(file)
    both = f"{fixes.literal(old)}.encode(), {fixes.literal(new)}.encode()"
    edit = f"p.write_bytes(p.read_bytes().replace({both}))"
    return fixes.python(f"import pathlib; p = pathlib.Path({path}); {edit}")


def _backslashed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    places = list(_backslashed_paths(repository, snapshot))
    if not places:
        return None
    files = list(dict.fromkeys(place.path for place in places))
    first = places[0]
    here = repository.worktree  # where some of it may be mended already
    there = list(_backslashed_paths(repository, here))
    left = dict.fromkeys(place.path for place in there)
    steps = [step for file in left for step in _with_slashes(here, file, there)]
    commit = fixes.commit(files, "Write paths with slashes")
    return Finding(
        "windows-paths",
        f"{first.path} names {first.value}: only Windows takes \\ for the / between folders, and"
        " everywhere else that is a file of this odd name.",
        "paths with /",
        "; ".join(f"{place.path}, line {place.line}: {place.value}" for place in places[:4]),
        (*steps, *(commit if snapshot.revision == "HEAD" else ())),
        tuple(places),
    )


def _backslashed_paths(repository: Repository, snapshot: Snapshot) -> Iterator[Evidence]:
    for file in _dvc_files(repository, snapshot):
        text = snapshot.text(file) or ""
        if "\\" not in text:
            continue
        tops = _folders_beside(repository, file)
        values = _values(text, file)
        for number, line in enumerate(text.splitlines(), 1):
            for found in _BACKSLASHED.finditer(line.partition(" #")[0]):
                is_inside = found[0].split("\\")[0] in tops
                if is_inside and _is_path(repository, file, found[0], values):
                    yield Evidence(snapshot.revision, file, number, found[0])


def _values(text: str, file: str) -> list[str]:
    """The texts in a YAML file, as DVC reads them; empty where it cannot be read."""
    try:
        return [*_texts(reader.parse(text, file))]
    except ProjectError:  # init.readable reports it
        return []


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in (*value, *value.values()):
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _is_path(repository: Repository, file: str, found: str, values: list[str]) -> bool:
    """Whether DVC or a command takes it for a path.

    A whole value is one. In a command it is one where there is such a path: what looks like one in
    the lock may be the end of a line, and elsewhere an expression that is searched for.
    """
    text = found.replace("\\\\", "\\")
    if not values or text in values:
        return True
    if not any(text in value for value in values):
        return False
    path = text.replace("\\", "/")
    known = [value.replace("\\", "/") for value in values]
    known += [each.path for spec in STAGES for each in (*spec.deps, *spec.outs)]
    folder = repository.root / PurePosixPath(file).parent
    return any(covers(path, each) for each in known) or (folder / path).exists()


def _dvc_files(repository: Repository, snapshot: Snapshot) -> list[str]:
    """The files of DVC's own in a snapshot: those that HEAD has or that differ from it."""
    known = dict.fromkeys([*repository.committed_files, *repository.uncommitted_files])
    ends = (_PIPELINE, LOCK, ".dvc")
    return [path for path in known if path.endswith(ends) and snapshot.content(path) is not None]


def _folders_beside(repository: Repository, file: str) -> set[str]:
    """With which names a path in ``file`` may begin: nothing else with a backslash is a path."""
    above = f"{file.rpartition('/')[0]}/".lstrip("/")
    known = [
        path.removeprefix(above) for path in repository.tracked_files if path.startswith(above)
    ]
    lessons = [path.path for spec in STAGES for path in (*spec.deps, *spec.outs)]
    there = {path.name for path in (repository.root / above).iterdir()}
    return {path.split("/")[0] for path in [*known, *lessons]} | there | {".", ".."}


def _with_slashes(snapshot: Snapshot, file: str, places: list[Evidence]) -> Iterator[Step]:
    """One command where all backslashes of ``file`` are in paths, else an edit of each line."""
    own = [place for place in places if place.path == file and place.value]
    values = [str(place.value) for place in own]
    if (snapshot.text(file) or "").count("\\") == sum(value.count("\\") for value in values):
        path, one = fixes.literal(file), f"bytes([{_BACKSLASH}])"
        edit = f"p.read_bytes().replace({one} * 2, b'/').replace({one}, b'/')"
        yield fixes.python(f"import pathlib; p = pathlib.Path({path}); p.write_bytes({edit})")
        return
    for place, value in zip(own, values, strict=True):
        new = value.replace("\\\\", "/").replace("\\", "/")
        yield fixes.change(file, f"write  {new}  in place of  {value}", line=place.line)
