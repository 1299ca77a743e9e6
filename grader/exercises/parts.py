"""The stages of an exercise's project: that each is there, and runs when it has to."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dvcstate import Stage
from grader import fixes
from grader.exercises import whole_stage
from grader.exercises.reactions import inputs_of, right_inputs
from grader.exercises.whole_stage import PIPELINE
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Evidence, Finding
from grader.stages.lookup import stage_evidence
from grader.step import Step
from workshop.exercises import whole_project
from workshop.exercises.whole_project import ProjectStage


class _Part(NamedTuple):
    """A stage of the whole project, and what there is of it in ``snapshot``."""

    repository: Repository
    snapshot: Snapshot
    right: ProjectStage
    stage: Stage | None

    def finding(
        self,
        code: str,
        rationale: str,
        expected: str,
        actual: str,
        steps: tuple[Step, ...] = (),
    ) -> Finding:
        """A finding on what is not as it should be; without ``steps``, all of it is made anew."""
        evidence = Evidence(self.snapshot.revision, PIPELINE)
        if self.stage:
            evidence = stage_evidence(self.snapshot, self.stage)
        steps = steps or whole_stage.mend_stage(self.repository, self.right)
        return Finding(code, rationale, expected, actual, steps, (evidence,))


def lost_part_finding(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """The finding on a stage that is gone, or that lost its command or an out."""
    return next(_lost_parts(repository, snapshot), None)


def _parts(repository: Repository, snapshot: Snapshot) -> Iterator[_Part]:
    stages = {stage.name: stage for stage in snapshot.project.stages}
    for right in whole_project.project_stages():
        yield _Part(repository, snapshot, right, stages.get(right.name))


def _lost_parts(repository: Repository, snapshot: Snapshot) -> Iterator[Finding]:
    for part in _parts(repository, snapshot):
        right, stage = part.right, part.stage
        if stage is None:
            yield _missing_stage_finding(part)
            continue
        if not _runs_alone(right.script, stage):
            yield part.finding(
                "stage-wrong-command",
                f"{right.name} no longer runs {right.script}, or not that alone.",
                f"python {right.script}",
                str(stage.cmd),
            )
        yield from _lost_outs(part, stage)


def _missing_stage_finding(part: _Part) -> Finding:
    """The finding on a stage that is gone, or that has another name."""
    right = part.right
    written = (*right.outs, *right.metrics)
    makers = [
        stage
        for stage in part.snapshot.project.stages
        if stage.cmd and {*written} & {out.path for out in stage.outs}
    ]
    renamed = next((stage for stage in makers if _runs_alone(right.script, stage)), None)
    if renamed:
        rationale = (
            f"The stage {right.name} is called {renamed.name} now. Its name stays: others type it,"
            " and their scripts do."
        )
    else:
        rationale = (
            f"The stage {right.name} is gone from {PIPELINE}: nobody makes {fixes.join(written)}"
            " any more."
        )
    return part._replace(stage=renamed).finding(
        "stage-missing",
        rationale,
        f"a stage {right.name} that runs {right.script}",
        f"{renamed.name} runs it" if renamed else f"no stage {right.name}",
        whole_stage.mend_stage(part.repository, right, makers),
    )


def _lost_outs(part: _Part, stage: Stage) -> Iterator[Finding]:
    right, kept = part.right, {out.path: out for out in stage.outs}
    for path in (*right.outs, *right.metrics):
        if path not in kept:
            yield part.finding(
                "out-undeclared",
                f"{right.name} writes {path}, and it is no longer one of its outs: DVC does not"
                " know who makes it.",
                f"{path} among the outs of {right.name}",
                f"outs: {fixes.join(kept) or 'none'}",
            )
        elif path in right.outs and not kept[path].cache:
            yield part.finding(
                "out-not-cached",
                f"DVC no longer keeps {path} (cache: false): no push shares it, and no checkout"
                " brings it back.",
                f"{path} in DVC's cache",
                "cache: false",
            )


def _runs_alone(script: str, stage: Stage) -> bool:
    """Whether its command is the script alone: ``|| true`` behind it would hide a failure."""
    words = str(stage.cmd).split()
    is_plain = all(word.isidentifier() or word.startswith("-") for word in words[1:-1])
    return words[-1:] == [script] and is_plain


def stages_run_when_they_have_to(repository: Repository, snapshot: Snapshot) -> Finding | None:
    """Each stage runs when what it reads changes, and at nothing else.

    A stage that runs at every dvc repro, or that never runs, hides a symptom and mends nothing.
    """
    inputs = inputs_of(snapshot)
    for part in _parts(repository, snapshot):
        if part.stage is None:
            continue
        finding = _wrong_run(part, part.stage, inputs[part.right.name]) or _lost_metric(part)
        if finding:
            return finding
    return None


def _wrong_run(part: _Part, stage: Stage, inputs: Iterable[str]) -> Finding | None:
    right, needed = part.right, right_inputs(part.right)
    if stage.runs_always:
        return part.finding(
            "runs-always",
            f"{stage.name} runs at every dvc repro, whether anything changed or not: nobody sees"
            " what changed, and everything below runs with it.",
            f"{stage.name} runs when what it reads changes",
            "always_changed: true" if stage.always_changed else "it has neither deps nor outs",
        )
    if stage.frozen:
        return part.finding(
            "stage-frozen",
            f"{stage.name} is frozen: it does not run, whatever changes.",
            f"{stage.name} runs when what it reads changes",
            "frozen: true",
            whole_stage.thaw_stage(part.repository, right),
        )
    if unseen := sorted(needed.difference(inputs)):
        return part.finding(
            "param-undeclared" if unseen[0] in right.params else "dep-undeclared",
            f"{stage.name} reads {fixes.join(unseen)}: a change there does not make it run.",
            f"{stage.name} runs when {fixes.join(unseen)} changes",
            _declared(stage),
        )
    if needless := sorted({*inputs} - needed):
        return part.finding(
            "dep-too-wide",
            f"{stage.name} does not read {fixes.join(needless)}, and runs when it changes.",
            f"{stage.name} runs when what it reads changes, and at nothing else",
            f"a change of {fixes.join(needless)} makes it run",
        )
    return None


def _declared(stage: Stage) -> str:
    """What the stage declares of what it reads, as in dvc.yaml."""
    keys = [key for file in stage.params for key in file.keys or [file.path]]
    deps = fixes.join((dep.path for dep in stage.deps), 9) or "none"
    return f"deps: {deps}; params: {fixes.join(keys, 9) or 'none'}"


def _lost_metric(part: _Part) -> Finding | None:
    absent = [path for path in part.right.metrics if path not in part.snapshot.project.metrics]
    if not absent:
        return None
    return part.finding(
        "metrics-as-outs",
        f"{fixes.join(absent)} is no metric: dvc metrics show does not print it.",
        f"{fixes.join(absent)} among the metrics of {part.right.name}",
        "no metric of that name",
    )
