"""``dvc.lock`` as a whole: that it is committed, and that it does not contradict itself."""

from grader.checks import fixes
from grader.facts.view import View
from grader.finding import Evidence, Finding, NotThereYetError
from grader.registry import check

LOCK = "dvc.lock"


@check(
    "lock.committed",
    "lock-uncommitted",
    requires=("preprocess.declared",),
    committed_only=True,
)
def lock_is_committed(view: View) -> Finding | None:
    """dvc.lock is committed as it lies there.

    It records which data, code and params gave which outs; without it a clone cannot pull them.
    """
    facts = view.facts
    paths = [path for path in facts.uncommitted if path.endswith(LOCK)]
    if not paths:
        if not any(path.endswith(LOCK) for path in facts.committed):
            raise NotThereYetError("preprocess.run")
        return None
    path = paths[0]
    lies_there = facts.worktree.content(path) is not None
    ignored = lies_there and facts.ignores(path)
    difference = "is ignored by git" if ignored else "has changed since the last commit"
    if not lies_there:
        difference = "is deleted in your folder"
    elif not ignored and path not in facts.committed:
        difference = "was never committed"
    force = "--force " if ignored else ""
    return Finding(
        "lock-uncommitted",
        f"{path} {difference}: a clone does not know the outs of your last run.",
        "the same at HEAD as in your folder",
        difference,
        fixes.commands(f"git add {force}{path}", fixes.committed("Record the run"))
        if lies_there
        else f"git checkout HEAD -- {path}",
        (Evidence("worktree", path), Evidence("HEAD", path)),
    )


@check("lock.consistent", "lock-inconsistent", requires=("preprocess.run",))
def lock_is_consistent(view: View) -> Finding | None:
    """What each stage read is what the stage before it wrote, by dvc.lock.

    A record that contradicts itself comes from an edit by hand, or from a run of one stage that
    those below it never followed.
    """
    outs = {
        out.path: (stage, out.recorded.md5)
        for stage in view.project.stages
        if stage.cmd and stage.recorded
        for out in stage.outs
    }
    for stage in view.project.stages:
        for dep in stage.deps if stage.cmd and stage.recorded and not stage.frozen else ():
            maker, md5 = outs.get(dep.path, (None, None))
            if maker is None or not dep.recorded.md5 or not md5 or md5 == dep.recorded.md5:
                continue
            return Finding(
                "lock-inconsistent",
                f"{LOCK} contradicts itself: {stage.name} did not read the {dep.path} that"
                f" {maker.name} wrote.",
                f"{dep.path} {md5} in {stage.name}",
                f"{dep.path} {dep.recorded.md5}",
                fixes.commands("dvc repro", *fixes.commit([LOCK], "Run it").splitlines()),
                (
                    Evidence(view.source, LOCK, view.line(LOCK, f"  {maker.name}:", md5), md5),
                    Evidence(
                        view.source,
                        LOCK,
                        view.line(LOCK, f"  {stage.name}:", dep.recorded.md5),
                        dep.recorded.md5,
                    ),
                ),
            )
    return None
