"""Code that a stage runs and that is gone: renamed, deleted in the folder, or by a commit."""

from collections.abc import Iterator
from posixpath import dirname

from dvcstate import Stage
from grader import fixes
from grader.close_names import close_names
from grader.code.command import calls, script
from grader.code.stage_code import StageCode
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.fixes.git_files import bring_back, rename_back
from grader.stages.lookup import stage_evidence
from grader.stages.moved_code import ENTRY, entries, find_moved, name_of
from grader.step import Step
from workshop.stages import PACKAGE

_ALIKE = 0.6
"""How near the name of a renamed folder is: ``training`` is at 0.77 of ``train``."""


def absent_code_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, code: StageCode
) -> Finding:
    """The finding on a lesson's stage whose code the repository does not have."""
    module = code.stage.module
    path, moved = _moved(repository, stage, code)
    why = (
        f"is to run {module}, and its code is called {moved}"
        if moved
        else f"runs {module}, and no such code is in the repository: neither {code.entry} nor"
        " another"
    )
    return Finding(
        "stage-wrong-command",
        f"{stage.name} {why}.",
        f"the code of {module}, in {name_of(code.entry)}",
        moved or "no file of it",
        rename_back(repository, moved, path) if moved else _bring_back(repository, stage, code),
        (stage_evidence(snapshot, stage, "cmd:", value=module),),
    )


def _moved(repository: Repository, stage: Stage, code: StageCode) -> tuple[str, str]:
    """What was renamed, and to what; empty where nothing was.

    The same bytes tell, else a module that the command names, else a name that is alike.
    """
    own = name_of(code.entry)
    for path in (PACKAGE, own, code.entry):
        if not _has_code(repository, path) and (moved := find_moved(repository, path)):
            return path, moved
    others = entries(repository)
    named = [path for path in _entries_named(stage) if path in others]
    names = {dirname(path).rpartition("/")[2]: path for path in others}
    alike = [names[name] for name in close_names(code.stage.name, names, _ALIKE)]
    return own, name_of(next(iter([*named, *alike]), ""))


def _has_code(repository: Repository, path: str) -> bool:
    """Whether a module is at ``path`` or below: Python leaves ``__pycache__`` where one was."""
    files = (path, *repository.files_in(path))
    return any(file.endswith(".py") and (repository.root / file).is_file() for file in files)


def _entries_named(stage: Stage) -> Iterator[str]:
    """The files of the modules that the command of ``stage`` runs."""
    for call in calls(stage.cmd):
        run = script(call.words)
        if run and run.is_module:
            yield f"{run.name.replace('.', '/')}/{ENTRY}"


def _bring_back(repository: Repository, stage: Stage, code: StageCode) -> tuple[Step, ...]:
    """Take it from git: all of the code at once, where all is gone."""
    whole = [] if _has_code(repository, PACKAGE) else [PACKAGE]
    for path in (*whole, name_of(code.entry), f"{code.stage.code_dir}.py"):
        if steps := bring_back(repository, path):
            return steps
    text = f"run what took the place of {code.stage.module}"
    return (fixes.change(stage.file, text, stage=stage.name),)


def gone_code_finding(stage: Stage, gone: list[str]) -> Finding:
    """The finding on code of a stage that is at HEAD, and not in the folder."""
    paths = fixes.join(gone)
    return Finding(
        "lock-stale",
        f"{stage.name} runs {paths}, which is committed, and gone from your folder: dvc repro stops"
        " there.",
        f"{paths} in your folder, as committed",
        "absent",
        (fixes.command("git", "checkout", "HEAD", "--", *gone),),
        tuple(Evidence("worktree", path, value="absent") for path in gone),
    )


def absent_modules_steps(
    repository: Repository, code: StageCode, absent: list[str]
) -> tuple[Step, ...]:
    """What gives back a folder of code that a stage depends on and still imports; empty if none.

    To take it from the deps would leave code that does not run.
    """
    texts = [code.text(path) for path in code.imported()]
    for path in absent:
        name = path.removesuffix(".py").replace("/", ".")
        if path.startswith(f"{PACKAGE}/") and any(name in text for text in texts):
            if moved := find_moved(repository, path):
                return rename_back(repository, moved, path)
            if steps := bring_back(repository, path):
                return steps
    return ()
