"""Stages do not depend on each other in a circle."""

from collections.abc import Iterable

from dvcstate import Stage
from grader.engine.registry import check
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import BlockedError, Finding
from grader.fixes.stage_runs import edit_and_run, mend_stage
from grader.stages.lookup import lesson_stages, stage_evidence
from grader.stages.paths import paths_overlap
from grader.stages.right_stage import RightStage
from grader.stages.stage_change import Change
from grader.stages.storage import outs_with_code
from grader.step import Step
from workshop.stages import STAGES


@check("pipeline.acyclic", "cycle", requires=("preprocess.declared", "data.no_overlap"))
def stages_form_no_circle(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """No stage depends on what comes of it.

    DVC cannot say which of them comes first, and runs none.
    """
    if any(outs_with_code(repository, stage) for stage in snapshot.project.stages):
        raise BlockedError("data.only_dvc")
    # The edges of dvcstate lead from stage to stage: a stage's own out is in none.
    circle = _circle(snapshot.project.edges) or _own_out(snapshot)
    if not circle:
        return None
    by_name = {stage.name: stage for stage in snapshot.project.stages}
    return Finding(
        "cycle",
        f"{' -> '.join([*circle, circle[0]])} is a circle: dvc repro refuses to run any of it.",
        "stages in an order",
        "each of them depends on the others",
        _way_out(repository, snapshot, [by_name[name] for name in circle]),
        tuple(stage_evidence(snapshot, by_name[name], "deps:") for name in circle),
    )


def _circle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """The names of one circle; empty where there is none."""
    below: dict[str, list[str]] = {}
    for maker, user in edges:
        below.setdefault(maker, []).append(user)
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        done.add(name)
        circles = (walk(user, [*path, name]) for user in below.get(name, []))
        return next((circle for circle in circles if circle), [])

    return next((circle for name in below if (circle := walk(name, []))), [])


def _way_out(repository: Repository, snapshot: Snapshot, circle: list[Stage]) -> tuple[Step, ...]:
    """An out that a stage does not write is taken out; else a dep, one against the lessons' order.

    Any other dep in such a circle may be right.
    """
    lessons = [(spec, stage) for spec in STAGES if (stage := snapshot.stage(spec)) in circle]
    rights = [RightStage.of(repository, snapshot, stage, spec) for spec, stage in lessons if stage]
    wrong = [right for right in rights if right.outs.wrong]
    wrong += [right for right in rights if right.own_outs_among_deps]
    if wrong:
        return mend_stage(repository, snapshot, wrong[0].stage, wrong[0].spec)
    order = [*lesson_stages(snapshot)]
    steps = list(zip(circle, [*circle[1:], circle[0]], strict=True))
    backward = [
        (maker, user)
        for maker, user in steps
        if {maker.name, user.name} <= set(order)
        and order.index(user.name) <= order.index(maker.name)
    ]
    maker, user = (backward or steps)[0]
    deps = tuple(
        dep.path
        for dep in user.deps
        if any(paths_overlap(out.path, dep.path) for out in maker.outs)
    )
    return edit_and_run(repository, snapshot, user, Change(remove={"deps": deps}))


def _own_out(snapshot: Snapshot) -> list[str]:
    """A stage that depends on its own out."""
    for stage in snapshot.project.stages:
        if any(paths_overlap(out.path, dep.path) for dep in stage.deps for out in stage.outs):
            return [stage.name]
    return []
