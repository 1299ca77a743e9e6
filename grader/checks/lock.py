"""``dvc.lock`` as a whole: that it is committed, and that it does not contradict itself."""

from collections.abc import Iterator, Mapping

from dvcstate import Stage
from dvcstate.model import Dep
from grader import fixes
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Evidence, Finding
from grader.fixes.git_files import commit_unstaged, unignore
from grader.stages.lookup import LOCK, lesson_stages, own_stages
from grader.stages.run_state import require_finished_work
from grader.stages.storage import uncached_outs
from grader.step import Step


@check("lock.committed", "lock-uncommitted", requires=("preprocess.declared",), committed_only=True)
def lock_is_committed(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """dvc.lock is committed as it is in the worktree.

    It records which data, code and params gave which outs; without it a clone cannot pull them.
    """
    paths = [path for path in repository.uncommitted_files if path.endswith(LOCK)]
    if not paths:
        if not any(path.endswith(LOCK) for path in repository.committed_files):
            _require_run(repository, snapshot)
        return None
    require_finished_work(repository)
    path = paths[0]
    is_there = repository.worktree.content(path) is not None
    is_ignored = is_there and repository.ignores(path)
    if not is_there:
        difference = "is deleted in your folder"
    elif is_ignored:
        difference = "is ignored by git"
    elif path in repository.committed_files:
        difference = "has changed since the last commit"
    else:
        difference = "was never committed"
    return Finding(
        "lock-uncommitted",
        f"{path} {difference}: a clone does not know the outs of your last run.",
        "the same at HEAD as in your folder",
        difference,
        _commit(repository, path, is_ignored)
        if is_there
        else (fixes.command("git", "checkout", "HEAD", "--", path),),
        (Evidence("worktree", path), Evidence("HEAD", path)),
        awaits_commit=is_there and not is_ignored,
    )


def _require_run(repository: Repository, snapshot: Snapshot) -> None:
    """Raise where a stage has to run before there is a lock; data alone has none."""
    if not repository.is_foreign:
        raise BlockedError("preprocess.run")
    if any(not stage.runs_always for stage in own_stages(snapshot)):
        raise BlockedError("others.run")


def _commit(repository: Repository, path: str, is_ignored: bool) -> tuple[Step, ...]:
    """Commit the lock, and the outs of the last run that git keeps.

    Of those that git ignores, ``pipeline.uncached`` reports.
    """
    outs = uncached_outs(*repository.worktree.project.stages)
    beside = [o for o in outs if (repository.root / o).exists() and not repository.ignores(o)]
    if not is_ignored:
        return commit_unstaged(repository, [path, *beside], "Record the run")
    edits, edited = unignore(repository, [path])
    return *edits, *fixes.commit([*edited, path, *beside], "Record the run", force=True)


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
    lessons = lesson_stages(snapshot)
    contradictions = list(_contradictions(snapshot, outs))
    if not contradictions:
        return None
    stage, dep, maker, md5 = min(contradictions, key=lambda entry: entry[0].name not in lessons)
    return Finding(
        "lock-inconsistent",
        f"{LOCK} contradicts itself: it says that {maker.name} wrote one {dep.path}, and that"
        f" {stage.name} read another. One of the two was edited, or {stage.name} has to run again.",
        f"the same {dep.path} below {maker.name} and below {stage.name}",
        f"{md5} written by {maker.name}, {dep.recorded.md5} read by {stage.name}",
        (
            fixes.command("dvc", "repro"),
            *fixes.commit([LOCK, *uncached_outs(*snapshot.project.stages)], "Run it"),
        ),
        (_record(snapshot, maker, md5), _record(snapshot, stage, dep.recorded.md5)),
        severity="fail" if stage.name in lessons else "advice",
    )


def _record(snapshot: Snapshot, stage: Stage, md5: str | None) -> Evidence:
    # dvc.lock has the stages two spaces deep: no path that ends like a name is taken for one.
    line = snapshot.line(LOCK, f"  {stage.name}:", md5 or "")
    return Evidence(snapshot.revision, LOCK, line, md5)


def _contradictions(
    snapshot: Snapshot, outs: Mapping[str, tuple[Stage, str | None]]
) -> Iterator[tuple[Stage, Dep, Stage, str]]:
    """Each stage with a dep that its maker recorded otherwise."""
    for stage in snapshot.project.stages:
        # DVC does not look at the deps of a frozen stage.
        for dep in stage.deps if stage.cmd and stage.recorded and not stage.frozen else ():
            maker, md5 = outs.get(dep.path, (None, None))
            if maker and dep.recorded.md5 and md5 and md5 != dep.recorded.md5:
                yield stage, dep, maker, md5
