"""The faults that lessons plant: `grader check` says that there is one, a hint alone solves it."""

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader import commands
from grader.engine.registry import CHECKS
from grader.engine.report import Report
from grader.grading import grade
from grader.output import human
from grader.output.steps import fix_text
from grader.watch import view
from tests.grader import finished
from tests.grader.gallery import append, edit_stages
from tests.repositories import run
from tests.service import onnx_models
from workshop import supplied_stages
from workshop.course.manifest import course
from workshop.stages import STAGES
from workshop.start.reference import reference_path
from workshop.terminal import Style

FAULTS = [(lesson, fault) for lesson in course().lessons for fault in lesson.planted]
NAMES = [stage.name for stage in STAGES]


def plant(stages: dict[str, Any], check: str) -> None:
    """Do what the lesson's block does, or what the lesson has the attendee type."""
    evaluate = stages.get("evaluate", {})
    if check == "train.params":
        stages["train"]["params"].remove("train.learning_rate")
    elif check == "export.deps":
        code = ["pipeline/export", "pipeline/shared"]
        deps = [dep for dep in stages["export"]["deps"] if dep not in code]
        stages["export"]["deps"] = [*deps, "pipeline"]
    elif check == "evaluate.metrics":
        evaluate["outs"] = [*evaluate["outs"], *evaluate.pop("metrics")]
    elif check == "evaluate.connected":
        evaluate["deps"].remove("models/classifier.onnx")
    else:
        evaluate["frozen"] = True


def leave_stages(repo: Path, last: str) -> None:
    """The stages as far as ``last`` alone."""
    later = NAMES[NAMES.index(last) + 1 :]
    for file in ("dvc.yaml", "dvc.lock"):
        document = yaml.safe_load((repo / file).read_text("utf-8"))
        stages = {name: s for name, s in document["stages"].items() if name not in later}
        text = yaml.safe_dump({**document, "stages": stages}, sort_keys=False, width=1000)
        finished.write(repo / file, text)


def in_lesson(repo: Path, lesson: str, check: str) -> None:
    """Lesson ``lesson``, committed one step too early: its fault is still there."""
    leave_stages(repo, lesson if lesson in NAMES else NAMES[-1])
    edit_stages(repo, lambda stages: plant(stages, check))
    if check == "evaluate.thawed":  # and that it hides something
        append(repo, "pipeline/evaluate/evaluation.py", "# A change.\n")
    run(repo, "git", "commit", "--quiet", "--all", "--allow-empty", "--message", "Too early")


def told(report: Report, *, show_all: bool = False) -> str:
    return human.render(report, Style(), show_all=show_all)


def hints(repo: Path, check: str) -> list[str]:
    texts = []
    for step in ("1", "2", "3"):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            commands.main(["hint", check, "--step", step, "--repo", str(repo)])
        texts.append(printed.getvalue())
    return texts


@pytest.mark.parametrize(("lesson", "fault"), FAULTS, ids=lambda item: getattr(item, "check", ""))
def test_the_lesson_in_progress_is_named_and_only_the_third_hint_solves_it(
    repo: Path, lesson: Any, fault: Any
) -> None:
    in_lesson(repo, lesson.id, fault.check)
    report = grade(repo, offline=True)
    (result,) = [result for result in report.checks if result.id == fault.check]
    assert result.code
    text, fix = told(report), fix_text(result.steps)
    assert f'how: "{fault.section}" in lessons/{lesson.id}.md says' in " ".join(text.split())
    assert f"a hint: grader hint {fault.check}\n" in text
    assert fix
    assert fix.splitlines()[0] not in text
    first, second, third = hints(repo, fault.check)
    assert "?" in first
    assert "Look at dvc.yaml, line " in second
    assert fix.splitlines()[0] in third
    assert fix.splitlines()[0] in told(report, show_all=True)
    if lesson.has_stage:
        left_out = [name for name in fault.names if name not in str(result.actual)]
        assert not [n for n in left_out if n in text or n in first or n in second]


@pytest.mark.parametrize(("lesson", "fault"), FAULTS, ids=lambda item: getattr(item, "check", ""))
def test_once_its_lesson_is_over_the_mend_is_told(repo: Path, lesson: Any, fault: Any) -> None:
    settings = repo / "workshop.toml"
    settings.write_text(f'{settings.read_text("utf-8")}supplied = ["{lesson.id}"]\n', "utf-8")
    in_lesson(repo, lesson.id, fault.check)
    report = grade(repo, offline=True)
    (result,) = [result for result in report.checks if result.id == fault.check]
    fix = fix_text(result.steps)
    assert fix
    assert fix.splitlines()[0] in told(report)


def test_a_later_stage_or_a_place_to_push_to_ends_a_lesson(repo: Path) -> None:
    edit_stages(repo, lambda stages: plant(stages, "train.params"))
    assert "- train.learning_rate" in told(grade(repo, offline=True))
    edit_stages(repo, lambda stages: stages["train"]["params"].append("train.learning_rate"))
    edit_stages(repo, lambda stages: plant(stages, "evaluate.thawed"))
    assert "dvc unfreeze evaluate" not in told(grade(repo, offline=True))
    run(repo, "git", "remote", "add", "origin", "../shared.git")
    assert "dvc unfreeze evaluate" in told(grade(repo, offline=True))


def test_a_mistake_that_nobody_planted_is_mended_without_what_was(repo: Path) -> None:
    in_lesson(repo, "train", "train.params")

    def change(stages: dict[str, Any]) -> None:
        stages["train"]["params"].remove("train.dropout")
        stages["train"]["deps"].remove("pipeline/shared")

    edit_stages(repo, change)
    report = grade(repo, offline=True)
    text = told(report)
    assert "- train.dropout" in text
    assert "- pipeline/shared" in text
    assert "learning_rate" not in text.replace("fine_tuning_learning_rate", "")
    edit_stages(repo, lambda stages: stages["train"]["params"].append("train.dropout"))
    edit_stages(repo, lambda stages: stages["train"]["deps"].append("pipeline/shared"))
    text = told(grade(repo, offline=True))
    assert '"A param too few" in lessons/train.md' in text


def test_what_is_planted_is_mended_before_the_commit_that_waits(repo: Path) -> None:
    finished.change_pipeline(repo, lambda stages: stages["evaluate"].update(frozen=True))
    finished.write(repo / "models" / "classifier.onnx", onnx_models.model(bias=0.3))
    finished.record(repo, "export")
    report = grade(repo, offline=True)
    assert report.next
    assert report.next.check == "evaluate.thawed"
    assert 'next: do what "A value that has been there before" in lessons/change.md' in told(report)


def test_another_stage_that_is_frozen_keeps_its_mend(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(frozen=True))
    assert "dvc unfreeze plot" in told(grade(repo, offline=True))


def test_what_a_lesson_supplies_before_its_run_tells_nothing_of_it(repo: Path) -> None:
    """The stage is declared and committed, and never ran: its fix is the run, not the solution."""
    in_lesson(repo, "train", "train.params")
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    document["stages"].pop("train")
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Before the run")
    text = told(grade(repo, offline=True))
    assert "dvc repro train" in text
    assert "train.learning_rate" not in text


def test_watch_names_the_lesson_too(repo: Path) -> None:
    in_lesson(repo, "train", "train.params")
    report = grade(repo, offline=True)
    assert report.next
    assert report.next.lesson == "train"
    lines, reason = view._action_lines(report, 100, Style(), has_keyboard=False)
    assert lines[0].text == 'next: do what "A param too few" in lessons/train.md says'
    assert "train.learning_rate" not in " ".join(line.text for line in reason)


@pytest.mark.parametrize(("lesson", "fault"), FAULTS, ids=lambda item: getattr(item, "check", ""))
def test_each_fault_is_in_the_course_as_the_manifest_says(lesson: Any, fault: Any) -> None:
    assert fault.check in CHECKS
    text = lesson.path.read_text("utf-8")
    assert f"\n## {fault.section}\n" in text
    stage = fault.check.partition(".")[0]
    if not lesson.has_stage:
        assert f"dvc freeze {stage}" in text
        return
    supplied = (supplied_stages.STAGES_DIR / f"{stage}.yaml").read_text("utf-8")
    reference = yaml.safe_load(reference_path("dvc.yaml").read_text("utf-8"))["stages"][stage]
    block = yaml.safe_load(supplied)[stage]
    for name in fault.names:
        sections = ("deps", "params", "outs", "metrics")
        here = {s for s in sections if name in [_path(e) for e in block.get(s, [])]}
        right = {s for s in sections if name in [_path(e) for e in reference.get(s, [])]}
        assert here != right


def _path(entry: Any) -> str:
    return str(next(iter(entry)) if isinstance(entry, dict) else entry)
