"""Steps that mend a stage that no lesson asks for: all that is known to be wrong, in one go."""

from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.stage_runs import edit_and_run
from grader.stages.own_stage import OwnStage
from grader.step import Step


def mend_own_stage(repository: Repository, snapshot: Snapshot, own: OwnStage) -> tuple[Step, ...]:
    """Change the stage in dvc.yaml, run it, commit both.

    DVC refuses an out that git tracks: git lets go of it first, and it stays in the folder.
    """
    tracked = {*repository.tracked_files}
    let_go = [out.path for out in own.change.outs if out.cache and out.path in tracked]
    steps = [fixes.command("git", "rm", "--cached", *let_go)] if let_go else []
    return *steps, *edit_and_run(repository, snapshot, own.stage, own.change)
