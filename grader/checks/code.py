"""Code of a stage that Python cannot run: told before any run, with its file and line."""

import sys

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.finding import Evidence, Finding
from grader.fixes.git_files import bring_back, rename_back
from grader.stages import broken_code
from grader.stages.lookup import LOCK
from grader.stages.moved_code import find_moved
from grader.step import Step
from workshop.shell import command_line
from workshop.stages import StageSpec


def broken_code_finding(repository: Repository, stage: Stage, spec: StageSpec) -> Finding | None:
    """The finding on the first module of ``stage`` that Python cannot run.

    The code in the folder is judged, whatever HEAD has: that is what dvc repro runs.
    """
    broken = broken_code.find(repository, spec)
    if broken is None:
        return None
    return Finding(
        "code-broken",
        f"{stage.name} runs {broken.path}, which {broken.words} (line {broken.line}): dvc repro"
        " stops there. Mend that first, then run it.",
        "code that Python runs",
        f"{broken.path}, line {broken.line}: {broken.words}",
        tuple(_steps(repository, broken)),
        (Evidence("worktree", broken.path, broken.line),),
    )


def recorded_code_finding(repository: Repository, stage: Stage, spec: StageSpec) -> Finding | None:
    """The advice on code that the lock says ran, and that this Python cannot read.

    For where nothing has to run, and ``broken_code_finding`` has none.
    """
    broken = broken_code.find_recorded(repository, spec)
    if broken is None:
        return None
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Finding(
        "code-broken",
        f"{LOCK} says that {stage.name} ran on {broken.path}, which {broken.words} (line"
        f" {broken.line}). dvc commit records a run that never was: the next one stops, unless its"
        f" Python is newer than {version}.",
        "code that Python runs",
        f"{broken.path}, line {broken.line}: {broken.words}",
        tuple(_steps(repository, broken)),
        (Evidence("worktree", broken.path, broken.line),),
        severity="advice",
    )


def _steps(repository: Repository, broken: broken_code.BrokenCode) -> list[Step]:
    """The edit of an import; where git had the module that it names, that comes back."""
    path, line = broken.path, broken.line
    if "." in broken.module and (back := _bring_module_back(repository, broken.module)):
        return [*back]
    text = repository.worktree.text(path) or ""
    if broken.meant:
        words = f"write  {broken.meant}  in place of  {broken.name}"
    elif broken.name:
        words = f"mend the import of {broken.name}: name what is there, or install it"
    else:
        words = f"mend this line: {broken.error}"
    steps: list[Step] = [fixes.change(path, words, line=line)]
    head = repository.head.text(path)
    if head is not None and head != text:
        checkout = command_line(("git", "checkout", "HEAD", "--", path))
        steps.append(fixes.note(f"by accident? {checkout} brings back the committed code"))
    return steps


def _bring_module_back(repository: Repository, name: str) -> tuple[Step, ...]:
    """The steps that give a module its name again, or take it from git; empty where git had none.

    A ``git add --all`` after a slip in a file manager commits that it is gone.
    """
    path = f"{name.replace('.', '/')}.py"
    if moved := find_moved(repository, path):
        return rename_back(repository, moved, path)
    return bring_back(repository, path)
