"""Outs of another run than the one recorded: ``dvc checkout`` did not follow ``git checkout``.

They are many, and their cause is one: the first check that sees it reports it, the others wait.
"""

from collections.abc import Iterator

from dvcstate import StageState
from dvcstate.model import Reason
from grader import fixes
from grader.facts.repository import Repository
from grader.finding import BlockedError, Evidence, Finding
from grader.stages.lookup import LOCK
from grader.stages.recorded_data import are_cached
from grader.stages.run_state import out_reasons
from workshop.stages import STAGES

_DATA = "data.in_place"


def forgotten_checkout_finding(repository: Repository, check: str) -> Finding | None:
    """The finding on outs that ``dvc checkout`` brings; a BlockedError where ``check`` waits.

    None where a run or a hand changed them: then DVC's cache has no such bytes.
    """
    states = [state for state in repository.state.stages if any(_reasons(repository, state))]
    stale = [state for state in states if _comes_back(repository, state)]
    reasons = {state.stage.name: list(_reasons(repository, state)) for state in stale}
    has_run = [state for state in stale if state.stage.cmd is not None]
    is_other = any(r.change == "modified" for s in has_run for r in reasons[s.stage.name])
    # A single out that is gone was deleted; data alone that changed may be new data.
    if not has_run or not (is_other or len(stale) > 1):
        return None
    checks = dict.fromkeys(_checks_of(repository, stale))
    if check not in checks:
        return None
    if check != (first := next(iter(checks))):
        raise BlockedError(first)
    names = [state.stage.name for state in stale] if len(stale) < len(states) else []
    all_reasons = [reason for each in reasons.values() for reason in each]
    paths = fixes.join(reason.path for reason in all_reasons)
    return Finding(
        "lock-stale" if is_other else "out-missing",
        f"{paths} {'is' if len(all_reasons) == 1 else 'are'} not what {LOCK} records here: git"
        " checkout brings the small files of a commit, and after it dvc checkout the outs that they"
        " name.",
        f"the outs that {LOCK} records",
        "those of another run, which DVC's cache has too" if is_other else "absent",
        (fixes.command("dvc", "checkout", *names),),
        tuple(Evidence("worktree", reason.path, value=reason.change) for reason in all_reasons),
    )


def _reasons(repository: Repository, state: StageState) -> Iterator[Reason]:
    for reason in out_reasons(repository, state):
        if reason.change in ("modified", "deleted"):
            yield reason


def _comes_back(repository: Repository, state: StageState) -> bool:
    """Whether the cache has what is recorded, undamaged, and what would be replaced by it."""
    outs = {out.path: out for out in state.stage.outs}
    recorded, here = [], []
    for reason in _reasons(repository, state):
        out = outs.get(reason.path)
        if out is None or not out.cache or out.place is None or not out.recorded.md5:
            return False
        if out.recorded.algorithm != "md5":  # DVC 2 kept these elsewhere
            return False
        recorded.append(out.recorded.md5)
        if reason.change == "modified":
            here.append(repository.md5_of(out.place) or "")
    objects = repository.objects
    names = [name for md5 in recorded for name in objects.names(md5)]
    return are_cached(repository, [*recorded, *here]) and not objects.find_corrupt(names)


def _checks_of(repository: Repository, states: list[StageState]) -> Iterator[str]:
    """The checks that see these outs, in the order in which checks run."""
    if any(state.stage.cmd is None for state in states):
        yield _DATA
    by_name = {state.stage.name: state for state in states}
    for spec in STAGES:
        stage = repository.worktree.stage(spec)
        if stage and (state := by_name.get(stage.name)):
            changes = {reason.change for reason in _reasons(repository, state)}
            yield f"{spec.name}.{'present' if 'deleted' in changes else 'unchanged'}"
