"""Code of a stage that Python cannot run: told before any run, with its file and line."""

from dvcstate import Stage
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages import broken_code
from grader.step import Step
from workshop.shell import command_line
from workshop.stages import StageSpec


def broken_code_finding(
    repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
) -> Finding | None:
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


def _steps(repository: Repository, broken: broken_code.BrokenCode) -> list[Step]:
    path, line = broken.path, broken.line
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
