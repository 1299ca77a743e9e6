"""Outs, and how stages depend on each other."""

from pathlib import Path
from typing import Any

from tests.grader import finished
from tests.grader.gallery.changes import append, edit, edit_stages, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("out-undeclared", "dep-too-wide")
def model_is_no_out(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["plots"].pop()
        stages["plot"]["deps"].remove("models/fine_tuning_history.csv")
        stages["plot"]["deps"].append("models")

    edit_stages(repo, change)


@mistake("out-undeclared")
def curves_are_no_outs(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["evaluate"].update(outs=[]))


@mistake("stage-disconnected")
def consumer_does_not_depend_on_the_model(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["evaluate"]["deps"].remove("models/classifier.onnx"))


@mistake("stage-disconnected")
def training_does_not_depend_on_preprocessing(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["deps"].remove("data/preprocess"))


@mistake("stage-disconnected")
def export_does_not_depend_on_training(repo: Path) -> None:
    edit_stages(repo, lambda s: s["export"]["deps"].remove("models/classifier.weights.h5"))


@mistake("cycle")
def first_stage_depends_on_the_last(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["preprocess"]["deps"].append("results/plots"))


@mistake("cycle")
def stage_depends_on_its_own_out(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["export"]["deps"].append("models/classifier.onnx"))


@mistake("stage-frozen")
def stage_is_frozen_and_hides_a_change(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"].update(frozen=True))
    append(repo, "pipeline/train/training.py", "# A change.\n")
    save(repo)


@mistake("stage-frozen")
def stage_is_frozen_and_hides_nothing(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(frozen=True))


@mistake("metrics-as-outs")
def metrics_are_plain_outs(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["evaluate"]["outs"] += [{"results/metrics/test.json": {"cache": False}}]
        del stages["evaluate"]["metrics"]

    edit_stages(repo, change)


@mistake("metrics-as-outs")
def histories_are_plain_outs(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["outs"] += ["models/history.csv", "models/fine_tuning_history.csv"]
        del stages["train"]["plots"]

    edit_stages(repo, change)


@mistake("uncached-out-uncommitted")
def metrics_are_not_committed(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "results/metrics/test.json")
    run(repo, "git", "commit", "--quiet", "--message", "Forget them")


@mistake("uncached-out-uncommitted")
def model_is_neither_cached_nor_committed(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["export"]["outs"][1] = {"models/classifier.onnx": {"cache": False}}

    edit_stages(repo, change)


@mistake("uncached-out-uncommitted")
def folder_of_data_is_neither_cached_nor_committed(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["preprocess"]["outs"] = [{"data/preprocess": {"cache": False}}]

    edit_stages(repo, change)


@mistake("uncached-out-uncommitted")
def metrics_of_an_earlier_run_are_committed(repo: Path) -> None:
    edit(repo, "results/metrics/test.json", '"map": 0.5', '"map": 0.6')
    _record_alone(repo, "evaluate")


@mistake("uncached-out-uncommitted")
def folder_without_cache_is_committed_in_part(repo: Path) -> None:
    edit(repo, "results/.gitignore", "/plots\n", "")

    def change(stages: Any) -> None:
        stages["plot"]["plots"] = [{"results/plots": {"cache": False}}]

    edit_stages(repo, change)
    finished.picture(repo / "results" / "plots" / "history.png", 3)
    _record_alone(repo, "plot")


def _record_alone(repo: Path, stage: str) -> None:
    """Run a stage and commit the lock, and nothing else that came of it."""
    finished.record(repo, stage)
    run(repo, "git", "commit", "--quiet", "--message", "Run", "dvc.lock")
    finished.push(repo)
