"""Runs checks in the order in which they stand on each other; a crash in one hides no other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dvcstate import ProjectError
from dvcstate.errors import ConfigError, ErrorKind
from grader.engine.finding import Finding, NotThereYetError, UnknownError
from grader.engine.registry import Check
from grader.engine.step import Command, Note, Step
from grader.engine.verdict import Verdict
from grader.facts.repository import Repository
from grader.facts.snapshot import Revision

COMMITTED = ("data.committed", "lock.committed")
"""The checks that tell of work which is done and not committed."""
_ABOUT_COMMITS = (*COMMITTED, "pipeline.uncached")
"""Those whose own subject is a commit: where they are blocked, there is nothing to commit yet."""


def verdicts(
    repository: Repository, checks: Mapping[str, Check], wanted: Iterable[str]
) -> list[Verdict]:
    """The verdict on each of the ``wanted`` checks, in the order of ``checks``.

    What they stand on is judged as well, and told only if it is wanted.
    """
    wanted = set(wanted)
    known: dict[str, Verdict] = {}
    for check in _ordered(checks, wanted):
        verdict = _verdict(repository, check, known)
        known[check.id] = replace(verdict, awaits_commit=_awaits_commit(verdict, checks))
    return list(drop_futile_pulls([known[name] for name in checks if name in wanted]))


def drop_futile_pulls(found: list[Verdict]) -> Iterator[Verdict]:
    """The verdicts without the ``dvc pull`` of absent outs that the remote, once asked, lacks."""
    lost = [one for one in found if one.code == "out-lost"]
    paths = {path for one in lost for path in _paths_in_worktree(one.finding)}
    for verdict in found:
        gone = _paths_in_worktree(verdict.finding) if verdict.code == "out-missing" else []
        if gone and paths.issuperset(gone):
            rest = tuple(step for step in verdict.steps if not _is_pull(step))
            yield replace(verdict, steps=rest or lost[0].steps)
        else:
            yield verdict


def _is_pull(step: Step) -> bool:
    return isinstance(step, Command) and step.words[:2] == ("dvc", "pull")


def _paths_in_worktree(finding: Finding | None) -> list[str]:
    evidence = finding.evidence if finding else ()
    return [one.path for one in evidence if one.source == "worktree"]


def _ordered(checks: Mapping[str, Check], wanted: set[str]) -> Iterator[Check]:
    """What is required comes first, and what tells of uncommitted work before all that asks."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[Check]:
        if name in done:
            return
        done.add(name)
        for required in checks[name].requires:
            yield from visit(required)
        yield checks[name]

    for name in [*COMMITTED, *(one for one in checks if one in wanted)]:
        yield from visit(name)


def _verdict(repository: Repository, check: Check, known: Mapping[str, Verdict]) -> Verdict:
    for name in check.requires:
        before = known[name]
        if before.status == "error":
            return Verdict(check, "error", problem=before.problem, steps=before.steps)
        if not before.holds:
            return _blocked(check, before)
    committed = _judge(check, repository, "HEAD")
    if check.committed_only or _are_alike(repository):
        return committed
    worktree = _judge(check, repository, "worktree")
    return merge_verdicts(committed, worktree, known)


def _are_alike(repository: Repository) -> bool:
    """Whether the worktree says the same as HEAD; where that cannot be told, each is judged."""
    try:
        return not repository.uncommitted
    except (UnknownError, ProjectError, OSError):
        return False


def merge_verdicts(committed: Verdict, worktree: Verdict, known: Mapping[str, Verdict]) -> Verdict:
    """HEAD's verdict, unless the worktree has a mistake that is new, or work to be committed."""
    if committed.status == "error" or (committed.holds and not worktree.holds):
        return worktree if committed.status != "error" else committed
    if not committed.holds and worktree.holds:
        for name in COMMITTED:
            if name in known and known[name].status == "fail":
                return _blocked(committed.check, known[name])
    return committed


def _blocked(check: Check, before: Verdict) -> Verdict:
    """Blocked by the root of what went wrong, not by what is itself blocked."""
    return Verdict(
        check, "blocked", blocked_by=before.blocked_by or before.check.id, steps=before.steps
    )


def _awaits_commit(verdict: Verdict, checks: Mapping[str, Check]) -> bool:
    """Whether what a check asks for is done in the folder, and not committed yet.

    What has to be run or mended before it is committed is not done. Nor is it where the check could
    not have been judged before: that it stands on the commit says nothing of the folder.
    """
    if verdict.finding:
        return verdict.finding.awaits_commit
    name, check = verdict.blocked_by, verdict.check
    return (
        name in COMMITTED
        and check.id not in _ABOUT_COMMITS
        and not _stands_on(checks, check.id, name)
    )


def _stands_on(checks: Mapping[str, Check], check: str, name: str) -> bool:
    """Whether ``check`` requires ``name``, itself or by what it requires."""
    required = checks[check].requires
    return name in required or any(_stands_on(checks, one, name) for one in required)


def _judge(check: Check, repository: Repository, revision: Revision) -> Verdict:
    try:
        snapshot = repository.head if revision == "HEAD" else repository.worktree
        finding = check.judge(repository, snapshot)
    except NotThereYetError as absent:
        return Verdict(check, "blocked", blocked_by=absent.check)
    except UnknownError as unknown:
        return _error(check, unknown.problem, *unknown.steps, code=unknown.code)
    except ProjectError as error:
        if _is_of_the_config(error) and check.id != "init.config":
            is_address = error.kind is ErrorKind.UNSUPPORTED_URL
            cause = "remote.url" if is_address else "init.config"
            return Verdict(check, "blocked", blocked_by=cause)
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


def _error(check: Check, problem: str, *steps: Step, code: str | None = None) -> Verdict:
    return Verdict(check, "error", problem=problem, steps=steps, code=code)


def _is_of_the_config(error: ProjectError) -> bool:
    """Whether .dvc/config or config.local is to blame, which checks of their own judge."""
    return isinstance(error, ConfigError) and (error.path or "").startswith(".dvc/config")
