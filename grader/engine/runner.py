"""Runs checks in the order in which they stand on each other; a crash in one hides no other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dvcstate import ProjectError
from dvcstate.errors import ConfigError
from grader.engine.finding import Finding, NotThereYetError, UnknownError
from grader.engine.registry import Check
from grader.engine.verdict import Verdict
from grader.facts.repository import Repository
from grader.facts.snapshot import Revision
from workshop.shell import by_hand

COMMITTED = ("data.committed", "lock.committed")
"""The checks that tell of work which is done and not committed."""


def verdicts(
    repository: Repository, checks: Mapping[str, Check], wanted: Iterable[str]
) -> list[Verdict]:
    """The verdict on each of the ``wanted`` checks, in the order of ``checks``.

    What they stand on is judged as well, and told only if it is wanted.
    """
    wanted = set(wanted)
    known: dict[str, Verdict] = {}
    for one in _ordered(checks, wanted):
        known[one.id] = _verdict(repository, one, known)
    return list(drop_futile_pulls([known[name] for name in checks if name in wanted]))


def drop_futile_pulls(found: list[Verdict]) -> Iterator[Verdict]:
    """The fixes for absent outs without the ``dvc pull`` of what the remote, once asked, lacks."""
    lost = [one.finding for one in found if one.finding and one.code == "out-lost"]
    paths = {path for one in lost for path in _in_folder(one)}
    for one in found:
        gone = _in_folder(one.finding) if one.finding and one.code == "out-missing" else []
        if one.finding and gone and paths.issuperset(gone):
            lines = one.finding.fix.splitlines()
            rest = "\n".join(line for line in lines if not line.startswith("dvc pull "))
            fix = rest or lost[0].fix
            yield replace(one, finding=replace(one.finding, fix=fix))
        else:
            yield one


def _in_folder(finding: Finding) -> list[str]:
    return [one.path for one in finding.evidence if one.source == "worktree"]


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
            return Verdict(check, "error", reason=before.reason, fix=before.fix)
        if not before.holds:
            return _blocked(check, before)
    committed = _judged(check, repository, "HEAD")
    if check.committed_only or _are_alike(repository):
        return committed
    worktree = _judged(check, repository, "worktree")
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
    if before.status == "blocked":
        return Verdict(check, "blocked", reason=before.reason, fix=before.fix)
    fix = before.finding.fix if before.finding else before.fix
    return Verdict(check, "blocked", reason=f"waits for {before.check.id}", fix=fix)


def _judged(check: Check, repository: Repository, revision: Revision) -> Verdict:
    try:
        snapshot = repository.head if revision == "HEAD" else repository.worktree
        finding: Finding | None = check.judge(repository, snapshot)
    except NotThereYetError as absent:
        return Verdict(check, "blocked", reason=f"waits for {absent.check}")
    except UnknownError as unknown:
        return Verdict(check, "error", reason=unknown.problem, fix=unknown.fix, code=unknown.code)
    except ConfigError as error:
        if check.id == "init.config" or not (error.path or "").startswith(".dvc/config"):
            return Verdict(check, "error", reason=str(error), fix=by_hand(error.fix))
        told = "remote.url" if "Unsupported URL" in error.problem else "init.config"
        return Verdict(check, "blocked", reason=f"waits for {told}")
    except ProjectError as error:
        return Verdict(check, "error", reason=str(error), fix=by_hand(error.fix))
    except OSError as error:
        reason = f"{error.filename or 'a file'} cannot be used: {error.strerror or error}"
        return Verdict(check, "error", reason=reason, fix=by_hand("see who may read it"))
    except Exception as error:  # noqa: BLE001 - our own mistake is no mistake of the attendee's
        return Verdict(
            check,
            "error",
            reason=f"the check itself failed: {type(error).__name__}: {error}",
            fix=by_hand("report this to whoever holds the workshop: it is no mistake of yours"),
        )
    if finding is None:
        return Verdict(check, "pass")
    return Verdict(check, "fail", finding, code=finding.code)
