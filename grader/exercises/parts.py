"""The stages of an exercise's project: that each is there, and runs when it has to."""

from collections.abc import Iterator

from dvcstate import Stage
from grader import fixes
from grader.exercises.reactions import inputs_of, right_inputs
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages.lookup import stage_evidence
from workshop.exercises import whole_project
from workshop.exercises.project_folder import START
from workshop.exercises.whole_project import ProjectStage

_PIPELINE = "dvc.yaml"


def lost_part_finding(snapshot: Snapshot) -> Finding | None:
    """The finding on a stage that is gone, or that lost its command or an out."""
    return next(_lost_parts(snapshot), None)


def _lost_parts(snapshot: Snapshot) -> Iterator[Finding]:
    """The findings on stages that are gone, run something else, or no longer have their outs."""
    for right in whole_project.project_stages():
        stages = _stages(snapshot, right.name)
        if not stages:
            yield _stage_finding(
                snapshot,
                "stage-missing",
                f"The stage {right.name} is gone from {_PIPELINE}: nobody makes"
                f" {fixes.join((*right.outs, *right.metrics))} any more.",
                f"a stage {right.name} that runs {right.script}",
                f"no stage {right.name}",
            )
            continue
        stage = stages[0]
        if not _runs_alone(right.script, stage):
            yield _stage_finding(
                snapshot,
                "stage-wrong-command",
                f"{right.name} no longer runs {right.script}, or not that alone.",
                f"python {right.script}",
                str(stage.cmd),
                stage,
            )
        kept = {out.path: out for out in stage.outs}
        for path in (*right.outs, *right.metrics):
            if path not in kept:
                yield _stage_finding(
                    snapshot,
                    "out-undeclared",
                    f"{right.name} writes {path}, and it is no longer one of its outs: DVC does not"
                    " know who makes it.",
                    f"{path} among the outs of {right.name}",
                    f"outs: {fixes.join(kept) or 'none'}",
                    stage,
                )
            elif path in right.outs and not kept[path].cache:
                yield _stage_finding(
                    snapshot,
                    "out-not-cached",
                    f"DVC no longer keeps {path} (cache: false): no push shares it, and no checkout"
                    " brings it back.",
                    f"{path} in DVC's cache",
                    "cache: false",
                    stage,
                )


def _runs_alone(script: str, stage: Stage) -> bool:
    """Whether its command is the script alone: ``|| true`` behind it would hide a failure."""
    words = str(stage.cmd).split()
    is_plain = all(word.isidentifier() or word.startswith("-") for word in words[1:-1])
    return words[-1:] == [script] and is_plain


def _stage_finding(
    snapshot: Snapshot,
    code: str,
    rationale: str,
    expected: str,
    actual: str,
    stage: Stage | None = None,
) -> Finding:
    """A finding on what was right in dvc.yaml at the start, and is not now."""
    evidence = stage_evidence(snapshot, stage) if stage else Evidence(snapshot.revision, _PIPELINE)
    return Finding(
        code,
        rationale,
        expected,
        actual,
        (
            fixes.command("git", "diff", START, "--", _PIPELINE),
            fixes.change(_PIPELINE, f"give it back: {expected}"),
        ),
        (evidence,),
    )


def stages_run_when_they_have_to(_repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Each stage runs when what it reads changes, and at nothing else.

    A stage that runs at every dvc repro, or that never runs, hides a symptom and mends nothing.
    """
    inputs = inputs_of(snapshot)
    for right in whole_project.project_stages():
        for stage in _stages(snapshot, right.name):
            finding = _wrong_run(snapshot, stage, right, inputs[stage.name])
            if finding:
                return finding
            if absent := [path for path in right.metrics if path not in snapshot.project.metrics]:
                return _stage_finding(
                    snapshot,
                    "metrics-as-outs",
                    f"{fixes.join(absent)} is no metric: dvc metrics show does not print it.",
                    f"{fixes.join(absent)} among the metrics of {right.name}",
                    "no metric of that name",
                    stage,
                )
    return None


def _wrong_run(
    snapshot: Snapshot, stage: Stage, right: ProjectStage, inputs: frozenset[str]
) -> Finding | None:
    needed = right_inputs(right)
    if stage.runs_always:
        return _stage_finding(
            snapshot,
            "runs-always",
            f"{stage.name} runs at every dvc repro, whether anything changed or not: nobody sees"
            " what changed, and everything below runs with it.",
            f"{stage.name} runs when what it reads changes",
            "always_changed: true" if stage.always_changed else "it has neither deps nor outs",
            stage,
        )
    if stage.frozen:
        return _stage_finding(
            snapshot,
            "stage-frozen",
            f"{stage.name} is frozen: it does not run, whatever changes.",
            f"{stage.name} runs when what it reads changes",
            "frozen: true",
            stage,
        )
    if unseen := sorted(needed - inputs):
        is_param = unseen[0] in right.params
        return _stage_finding(
            snapshot,
            "param-undeclared" if is_param else "dep-undeclared",
            f"{stage.name} reads {fixes.join(unseen)}: a change there does not make it run.",
            f"{stage.name} runs when {fixes.join(unseen)} changes",
            f"it runs when one of these changes: {fixes.join(sorted(inputs), 9) or 'none'}",
            stage,
        )
    if needless := sorted(inputs - needed):
        return _stage_finding(
            snapshot,
            "dep-too-wide",
            f"{stage.name} does not read {fixes.join(needless)}, and runs when it changes.",
            f"{stage.name} runs when what it reads changes, and at nothing else",
            f"a change of {fixes.join(needless)} makes it run",
            stage,
        )
    return None


def _stages(snapshot: Snapshot, name: str) -> list[Stage]:
    return [stage for stage in snapshot.project.stages if stage.name == name]
