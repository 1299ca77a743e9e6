"""Code that a stage runs and that Python cannot: no Python, or an import of what is not there."""

import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from dvcstate import ProjectError, Stage
from grader.close_names import close_names
from grader.code.module import Module, module
from grader.code.stage_code import StageCode
from grader.facts.repository import Repository
from grader.stages.lookup import LOCK
from grader.stages.paths import covers
from grader.stages.run_state import runs_next, state_of
from workshop.stages import StageSpec

_ALIKE = 0.75
"""How near a name is that may be meant: ``tensroflow`` is at 0.9 of ``tensorflow``."""


class BrokenCode(NamedTuple):
    """What keeps Python from running the module ``path``: ``words``, as a sentence goes on.

    ``error`` is what this Python says of code that it cannot read. Of an import, ``module`` is the
    dotted name that is nowhere, ``name`` what stands there of it, and ``meant`` a name that is
    there and spelled alike.
    """

    path: str
    line: int
    words: str
    error: str = ""
    module: str = ""
    name: str = ""
    meant: str = ""


def find(repository: Repository, spec: StageSpec) -> BrokenCode | None:
    """What dvc repro stops at in the code of a lesson's stage as it is in the folder.

    Code on which the stage has run is right, whatever Python and whatever packages are here, as
    long as nothing has to run: ``find_recorded`` is about that.
    """
    stage, code = repository.worktree.stage(spec), repository.worktree.code(spec)
    if stage is None:
        return None
    return next(_all(repository, code, _modules_to_run(repository, stage, code)), None)


def find_recorded(repository: Repository, spec: StageSpec) -> BrokenCode | None:
    """The first module of a lesson's stage that this Python cannot read, whether it ran or not.

    ``dvc commit`` records a run that never was. Or the stage ran with a newer Python than this.
    """
    code = repository.worktree.code(spec)
    modules = ((path, module(repository.worktree.text(path) or "")) for path in code.imported())
    return next((_unreadable(path, *one.error) for path, one in modules if one.error), None)


def _modules_to_run(repository: Repository, stage: Stage, code: StageCode) -> list[str]:
    """The modules of ``stage`` that changed after it ran; all of them where it is to run again."""
    modules = code.imported()
    if not stage.recorded:
        return modules
    try:
        if runs_next(repository, stage):
            return modules
        reasons = state_of(repository, stage).reasons
    except (ProjectError, OSError):
        return modules
    changed = [reason.path for reason in reasons if reason.kind == "dep"]
    kept = [dep.path for dep in stage.deps]
    return [
        path
        for path in modules
        if not any(covers(dep, path) for dep in kept) or any(covers(dep, path) for dep in changed)
    ]


def _all(repository: Repository, code: StageCode, paths: Iterable[str]) -> Iterator[BrokenCode]:
    modules = {path: module(repository.worktree.text(path) or "") for path in paths}
    for path, parsed in modules.items():
        if parsed.error:
            yield _unreadable(path, *parsed.error)
    absent_names: dict[tuple[str, str], str] = {}  # modules import the same names over and over
    for path in modules:
        for line, package, name in code.first_imports(path):
            if (package, name) not in absent_names:
                absent_names[package, name] = _absent_name(repository, code, package, name)
            absent = absent_names[package, name]
            if not absent or _is_gone(repository, code, absent):
                continue
            broken = _absent_import(repository, code, path, line, absent)
            # What ran and is like no other name is installed where the attendee works.
            is_ours = "." in absent or broken.meant
            if is_ours or absent not in _packages_of_run(repository, code):
                yield broken


def _unreadable(path: str, line: int, words: str) -> BrokenCode:
    return BrokenCode(path, line, f"is no Python: {words}", error=words)


def _absent_name(repository: Repository, code: StageCode, package: str, name: str) -> str:
    """The dotted name that an import asks for and that is nowhere; empty where all is there."""
    parts = package.split(".") if package else []
    for end in range(1, len(parts) + 1):
        above = ".".join(parts[:end])
        if code.file_of(above) is None and not _is_folder(repository, code, above):
            is_other = end == 1 and _is_found_by_python(above)
            return "" if is_other else above
        if end == 1 and not _is_own(repository, code, above):
            return ""
    whole = f"{package}.{name}" if package else name
    if not name or name == "*" or code.file_of(whole) or _is_folder(repository, code, whole):
        return ""
    names = _names_in(repository, code, package)
    return "" if name in names or "*" in names else whole


def _is_own(repository: Repository, code: StageCode, name: str) -> bool:
    """Whether Python takes the attendee's own package of that name: not one of its library's."""
    is_there = code.file_of(name) is not None or _is_folder(repository, code, name)
    return is_there and name not in sys.stdlib_module_names


def _is_folder(repository: Repository, code: StageCode, name: str) -> bool:
    return any((repository.root / folder).is_dir() for folder in code.folders_of(name))


def _is_found_by_python(name: str) -> bool:
    """Whether the Python of the environment has a package of that name; nothing is imported."""
    if name in sys.stdlib_module_names:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):  # a module with odd attributes
        return True


def _is_gone(repository: Repository, code: StageCode, name: str) -> bool:
    """Whether the module is committed, and gone from the folder: another check reports that."""
    ends = ("/__init__.py", ".py")
    paths = [f"{folder}{end}" for folder in code.folders_of(name) for end in ends]
    return any(path in repository.committed_files for path in paths)


def _packages_at_head(repository: Repository, code: StageCode) -> set[str]:
    """The packages that the committed code of the stage imports, those of libraries too."""
    paths = repository.head.code(code.stage).imported()
    return _packages(repository.head.text(path) or "" for path in paths)


def _packages_of_run(repository: Repository, code: StageCode) -> set[str]:
    """The packages that its code imported at the last commit of a run; none where none ran.

    In a shallow clone that is HEAD.
    """
    git = repository.git
    commits = git.commits(f"{repository.prefix}{LOCK}", 1) if git else []
    if git is None or not commits:
        return set()
    files, paths = git.tree(commits[0]).files, repository.head.code(code.stage).imported()
    names = [f"{repository.prefix}{path}" for path in paths]
    contents = git.contents(files[name].oid for name in names if name in files)
    return _packages(content.decode("utf-8", "replace") for content in contents.values())


def _packages(texts: Iterable[str]) -> set[str]:
    imports = (each for text in texts for each in module(text).imports)
    return {base.partition(".")[0] for level, base, _ in imports if not level}


def _absent_import(
    repository: Repository, code: StageCode, path: str, line: int, absent: str
) -> BrokenCode:
    package, _, name = absent.rpartition(".")
    if package:
        words = f"imports {name} from {package}, which has no such name"
    else:
        words = f"imports {name}, and Python finds no such module"
    known = [other for other in _names_beside(repository, code, package) if other != name]
    meant = next(iter(close_names(name, known, _ALIKE)), "")
    text = (repository.worktree.text(path) or "").splitlines()[line - 1]
    for start in (f"{package}." if package else "", "import "):
        if meant and re.search(rf"{re.escape(start + name)}\b", text):
            both = {"name": f"{start}{name}", "meant": f"{start}{meant}"}
            return BrokenCode(path, line, words, module=absent, **both)
    return BrokenCode(path, line, words, module=absent, name=absent)


def _names_beside(repository: Repository, code: StageCode, package: str) -> list[str]:
    """The names that may stand in its place: modules of the package, and what is in it."""
    if not package:
        return sorted(_packages_at_head(repository, code))
    names = [*_names_in(repository, code, package)]
    for folder in code.folders_of(package):
        inside = [p for p in repository.tracked_files if covers(folder, p) and p.endswith(".py")]
        names += [PurePosixPath(p[len(folder) + 1 :]).parts[0].removesuffix(".py") for p in inside]
    return [name for name in dict.fromkeys(names) if not name.startswith("__")]


def _names_in(repository: Repository, code: StageCode, name: str) -> list[str]:
    """What a module gives values to; ``*`` where nobody can say."""
    file = code.file_of(name)
    parsed = module(repository.worktree.text(file) or "") if file else Module()
    return ["*"] if parsed.error else parsed.names
