"""Objects that the remote has, and that DVC's cache has lost."""

from dvcstate import ProjectError
from grader import fixes
from grader.facts.repository import Repository
from grader.finding import Evidence, Finding
from grader.stages.run_state import out_reasons


def lost_cache_finding(repository: Repository) -> Finding | None:
    """Advice where the remote has everything, and DVC's cache has lost some of it."""
    try:
        states = repository.state.stages
    except ProjectError:  # other checks report it
        return None
    lost = [
        out.path
        for state in states
        for reason in out_reasons(repository, state)  # one that changed, other checks report
        for out in state.stage.outs
        if reason.change == "not in cache" and out.path == reason.path and out.cache
    ]
    if not lost:
        return None
    return Finding(
        "out-missing",
        f"{fixes.join(lost)} {'is' if len(lost) == 1 else 'are'} not in DVC's cache, as after it"
        " was deleted: dvc status is not clean, and dvc repro runs again what ran already.",
        "every recorded object in the cache",
        f"outs without their objects: {len(lost)}",
        (fixes.command("dvc", "fetch"),),
        tuple(Evidence("cache", path, value="absent") for path in lost),
        severity="advice",
    )
