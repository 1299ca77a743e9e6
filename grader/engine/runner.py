"""Runs checks, those that others require first; a crash in one hides no other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from dvcstate import ProjectError
from dvcstate.errors import ConfigError, ErrorKind, NotAProjectError
from grader.engine.registry import COMMIT_CHECKS, STOPS_RUNS, Check
from grader.engine.verdict import Verdict
from grader.facts.repository import Repository
from grader.facts.snapshot import Revision
from grader.finding import BlockedError, UnknownError, worktree_paths
from grader.step import Command, Note, Step

Ready = Callable[[tuple[Step, ...]], tuple[Step, ...]]

# Checks on commits themselves: where they are blocked, there is nothing to commit yet.
_ABOUT_COMMITS = (*COMMIT_CHECKS, "pipeline.uncached")


def verdicts(
    repository: Repository,
    checks: Mapping[str, Check],
    ids: Iterable[str],
    ready: Ready = lambda steps: steps,
) -> list[Verdict]:
    """The verdict on each check of ``ids``, in the order of ``checks``.

    The checks that these require are judged as well. ``ready`` fits the steps of a fix to the
    folder as it is.
    """
    selected = set(ids)
    judged: dict[str, Verdict] = {}
    for check in _in_order(checks, selected):
        verdict = _verdict(repository, check, checks, judged)
        if verdict.status == "fail":
            verdict = _with_ready_steps(verdict, ready)
        if _awaits_commit(verdict, checks):
            verdict = replace(verdict, awaits_commit=True)
        judged[check.id] = verdict
    verdicts = [judged[id_] for id_ in checks if id_ in selected]
    if repository.is_foreign:  # what waits for a lesson's stage cannot be judged
        given = {check.id for check in checks.values() if check.of_workshop}
        verdicts = [verdict for verdict in verdicts if verdict.blocked_by not in given]
    return list(drop_futile_pulls(verdicts))


def drop_futile_pulls(verdicts: list[Verdict]) -> Iterator[Verdict]:
    """The verdicts without the ``dvc pull`` of absent outs that the remote, once asked, lacks."""
    lost = [verdict for verdict in verdicts if verdict.code == "out-lost"]
    lost_paths = {path for verdict in lost for path in _worktree_paths(verdict)}
    for verdict in verdicts:
        absent = _worktree_paths(verdict) if verdict.code == "out-missing" else []
        if absent and lost_paths.issuperset(absent):
            rest = tuple(step for step in verdict.steps if not _is_pull(step))
            yield replace(verdict, steps=rest or lost[0].steps)
        else:
            yield verdict


def _is_pull(step: Step) -> bool:
    return isinstance(step, Command) and step.words[:2] == ("dvc", "pull")


def _worktree_paths(verdict: Verdict) -> list[str]:
    return worktree_paths(verdict.finding.evidence if verdict.finding else ())


def _in_order(checks: Mapping[str, Check], selected: set[str]) -> Iterator[Check]:
    """What is required comes first; the commit checks before all, for merge_verdicts asks them."""
    visited: set[str] = set()

    def visit(id_: str) -> Iterator[Check]:
        if id_ not in visited:
            visited.add(id_)
            for required in checks[id_].requires:
                yield from visit(required)
            yield checks[id_]

    for id_ in [*COMMIT_CHECKS, *(id_ for id_ in checks if id_ in selected)]:
        yield from visit(id_)


def _verdict(
    repository: Repository,
    check: Check,
    checks: Mapping[str, Check],
    judged: Mapping[str, Verdict],
) -> Verdict:
    if check.of_workshop and repository.is_foreign:  # what others require of it is given
        return Verdict(check, "pass")
    for required in check.requires:
        blocker = judged[required]
        if blocker.status == "error":
            return Verdict(check, "error", problem=blocker.problem, steps=blocker.steps)
        if not blocker.holds:
            unfinished = blocker.awaits_commit and _judge_unfinished(repository, check, checks)
            return unfinished or _block(check, blocker)
    committed = _judge(check, repository, "HEAD")
    if check.committed_only or _is_clean(repository):
        return committed
    worktree = _judge(check, repository, "worktree")
    return merge_verdicts(committed, worktree, judged)


def _judge_unfinished(
    repository: Repository, check: Check, checks: Mapping[str, Check]
) -> Verdict | None:
    """A mistake in what is not committed yet, at which dvc repro stops: it is told before that.

    The lesson tells how to mend it, so that its solution is not shown unasked. What dvc repro does
    not stop at may be what the lesson has the attendee find.
    """
    is_of_commits = check.id in _ABOUT_COMMITS or any(
        _requires(checks, check.id, id_) for id_ in COMMIT_CHECKS
    )
    if is_of_commits or check.committed_only or check.tier == "remote":
        return None
    verdict = _judge(check, repository, "worktree")
    if verdict.finding is None or verdict.holds or verdict.code not in STOPS_RUNS:
        return None
    return replace(verdict, finding=replace(verdict.finding, is_lesson_task=True))


def _is_clean(repository: Repository) -> bool:
    """Whether the worktree says the same as HEAD; where nobody can tell, each is judged."""
    try:
        return not repository.uncommitted_files
    except (UnknownError, ProjectError, OSError):
        return False


def merge_verdicts(committed: Verdict, worktree: Verdict, judged: Mapping[str, Verdict]) -> Verdict:
    """HEAD's verdict, unless the worktree has a mistake that is new, or work to be committed."""
    if committed.status == "error":
        return committed
    if committed.holds:
        return committed if worktree.holds else worktree
    if worktree.holds:
        for id_ in COMMIT_CHECKS:
            if id_ in judged and judged[id_].status == "fail":
                return _block(committed.check, judged[id_])
    return committed


def _block(check: Check, blocker: Verdict) -> Verdict:
    """Blocked by the first check that failed, not by one that is itself blocked."""
    root = blocker.blocked_by or blocker.check.id
    return Verdict(check, "blocked", blocked_by=root, steps=blocker.steps)


def _awaits_commit(verdict: Verdict, checks: Mapping[str, Check]) -> bool:
    """Whether the worktree has what a check asks for, and only a commit is missing.

    Where the check requires the commit check that blocks it, the worktree was not judged: then
    nobody knows.
    """
    if verdict.finding:
        return verdict.finding.awaits_commit
    blocker, id_ = verdict.blocked_by, verdict.check.id
    return (
        blocker in COMMIT_CHECKS
        and id_ not in _ABOUT_COMMITS
        and not _requires(checks, id_, blocker)
    )


def _requires(checks: Mapping[str, Check], id_: str, other: str) -> bool:
    """Whether the check ``id_`` requires ``other``, itself or by what it requires."""
    required = checks[id_].requires
    return other in required or any(_requires(checks, name, other) for name in required)


def _judge(check: Check, repository: Repository, revision: Revision) -> Verdict:
    try:
        snapshot = repository.head if revision == "HEAD" else repository.worktree
        finding = check.judge(repository, snapshot)
    except BlockedError as absent:
        return Verdict(check, "blocked", blocked_by=absent.check)
    except UnknownError as unknown:
        return _error(check, unknown.problem, *unknown.steps, code=unknown.code)
    except ProjectError as error:
        if blocker := _reporter(check, repository, error):
            return Verdict(check, "blocked", blocked_by=blocker)
        return _error(check, str(error), Note(error.fix))
    except OSError as error:
        problem = f"{error.filename or 'a file'} cannot be used: {error.strerror or error}"
        return _error(check, problem, Note("see who may read it"))
    except Exception as error:  # noqa: BLE001 - our own mistake is no mistake of the attendee's
        return _error(
            check,
            f"the check itself failed: {type(error).__name__}: {error}",
            Note("report this to whoever holds the workshop: it is no mistake of yours"),
        )
    if finding is None:
        return Verdict(check, "pass")
    return Verdict(check, "fail", finding, steps=finding.steps, code=finding.code)


def _reporter(check: Check, repository: Repository, error: ProjectError) -> str | None:
    """The check that reports ``error``, where another one does."""
    if isinstance(error, NotAProjectError):
        return "init.readable"
    if _is_about_config(error) and check.id != "init.config":
        return "remote.url" if error.kind is ErrorKind.UNSUPPORTED_URL else "init.config"
    if check.id != "data.readable" and repository.stops_at(error):
        return "data.readable"
    if check.id in COMMIT_CHECKS and repository.head.is_unreadable:
        return "init.readable"
    return None


def _with_ready_steps(verdict: Verdict, ready: Ready) -> Verdict:
    """The steps for the folder as it is; where nobody can tell how it is, as they are."""
    try:
        return replace(verdict, steps=ready(verdict.steps))
    except (UnknownError, BlockedError, ProjectError, OSError):
        return verdict


def _error(check: Check, problem: str, *steps: Step, code: str | None = None) -> Verdict:
    return Verdict(check, "error", problem=problem, steps=steps, code=code)


def _is_about_config(error: ProjectError) -> bool:
    """Whether .dvc/config or config.local is broken: checks of their own judge these."""
    return isinstance(error, ConfigError) and (error.path or "").startswith(".dvc/config")
