"""``dvc.lock`` as a whole: that it is committed, and that it does not contradict itself."""

from collections.abc import Iterator, Mapping

from dvcstate import Stage
from dvcstate.model import Dep
from grader import fixes
from grader.checks import missing
from grader.checks.stages import LOCK, committing, uncached, wait_until_readable
from grader.engine.finding import Evidence, Finding, NotThereYetError
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.fixes.unignore import unignoring
from workshop.stages import STAGES


@check(
    "lock.committed",
    "lock-uncommitted",
    requires=("preprocess.declared",),
    committed_only=True,
)
def lock_is_committed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """dvc.lock is committed as it lies there.

    It records which data, code and params gave which outs; without it a clone cannot pull them.
    """
    paths = [path for path in repository.uncommitted if path.endswith(LOCK)]
    if not paths:
        if not any(path.endswith(LOCK) for path in repository.committed):
            raise NotThereYetError("preprocess.run")
        return None
    wait_until_readable(repository)
    missing.wait_until_restored(repository)
    path = paths[0]
    lies_there = repository.worktree.content(path) is not None
    ignored = lies_there and repository.ignores(path)
    difference = "is ignored by git" if ignored else "has changed since the last commit"
    if not lies_there:
        difference = "is deleted in your folder"
    elif not ignored and path not in repository.committed:
        difference = "was never committed"
    edits, edited = unignoring(repository, [path] if ignored else [])
    paths = [*edited, path, *_beside(repository)]
    commit = (
        fixes.commit(paths, "Record the run", force=True)
        if ignored
        else committing(repository, paths, "Record the run")
    )
    return Finding(
        "lock-uncommitted",
        f"{path} {difference}: a clone does not know the outs of your last run.",
        "the same at HEAD as in your folder",
        difference,
        (*edits, *commit)
        if lies_there
        else (fixes.command("git", "checkout", "HEAD", "--", path),),
        (Evidence("worktree", path), Evidence("HEAD", path)),
        awaits_commit=lies_there and not ignored,
    )


def _beside(repository: Repository) -> list[str]:
    """The outs of the last run that git keeps; those that it ignores are told apart."""
    paths = uncached(*repository.worktree.project.stages)
    return [
        path for path in paths if (repository.root / path).exists() and not repository.ignores(path)
    ]


@check("lock.consistent", "lock-inconsistent", requires=("preprocess.run",))
def lock_is_consistent(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """What each stage read is what the stage before it wrote, by dvc.lock.

    A record that contradicts itself comes from an edit by hand, or from a run of one stage that
    those below it never followed. A stage that no lesson asks for costs nothing there.
    """
    outs = {
        out.path: (stage, out.recorded.md5)
        for stage in snapshot.project.stages
        if stage.cmd and stage.recorded
        for out in stage.outs
    }
    lessons = {stage.name for one in STAGES if (stage := snapshot.stage(one))}
    found = sorted(_contradictions(snapshot, outs), key=lambda one: one[0].name not in lessons)
    if not found:
        return None
    stage, dep, maker, md5 = found[0]
    return Finding(
        "lock-inconsistent",
        f"{LOCK} contradicts itself: it says that {maker.name} wrote one {dep.path}, and that"
        f" {stage.name} read another. One of the two was edited, or {stage.name} has to run again.",
        f"the same {dep.path} below {maker.name} and below {stage.name}",
        f"{md5} written by {maker.name}, {dep.recorded.md5} read by {stage.name}",
        (
            fixes.command("dvc", "repro"),
            *fixes.commit([LOCK, *uncached(*snapshot.project.stages)], "Run it"),
        ),
        tuple(
            Evidence(
                snapshot.source, LOCK, snapshot.line(LOCK, f"  {one.name}:", value or ""), value
            )
            for one, value in ((maker, md5), (stage, dep.recorded.md5))
        ),
        severity="fail" if stage.name in lessons else "advice",
    )


def _contradictions(
    snapshot: Snapshot, outs: Mapping[str, tuple[Stage, str | None]]
) -> Iterator[tuple[Stage, Dep, Stage, str]]:
    """Each stage with a dep that its maker recorded otherwise."""
    for stage in snapshot.project.stages:
        for dep in stage.deps if stage.cmd and stage.recorded and not stage.frozen else ():
            maker, md5 = outs.get(dep.path, (None, None))
            if maker and dep.recorded.md5 and md5 and md5 != dep.recorded.md5:
                yield stage, dep, maker, md5
