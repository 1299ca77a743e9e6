"""What is recorded in dvc.lock is not what is there."""

from pathlib import Path
from typing import Any

import yaml

from tests.grader import finished
from tests.grader.gallery.changes import append, edit, edit_stages, forget, read_text, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run
from tests.service import onnx_models


@mistake("lock-stale")
def code_changed_after_the_run(repo: Path) -> None:
    append(repo, "pipeline/train/training.py", "# A change.\n")
    save(repo)


@mistake("lock-stale")
def code_changed_in_the_folder_alone(repo: Path) -> None:
    append(repo, "pipeline/evaluate/evaluation.py", "# A change.\n")


@mistake("lock-stale")
def code_that_ran_is_not_committed(repo: Path) -> None:
    append(repo, "pipeline/train/training.py", "# A change.\n")
    finished.record(repo)
    run(repo, "git", "commit", "--quiet", "--message", "Train", "dvc.lock")


@mistake("lock-stale")
def text_beside_the_code_is_in_the_folder_alone(repo: Path) -> None:
    """DVC hashes it with the folder, though no code reads it."""
    finished.write(repo / "pipeline" / "train" / "notes.txt", "mine")
    finished.record(repo)
    run(repo, "git", "commit", "--quiet", "--message", "Train", "dvc.lock")


@mistake("lock-stale")
def param_changed_after_the_run(repo: Path) -> None:
    finished.change_param(repo, "train", "epochs", 3)
    save(repo)


@mistake("lock-stale")
def command_changed_after_the_run(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["plot"]["cmd"] = stages["plot"]["cmd"].replace("python -m", "python  -m")

    edit_stages(repo, change, run_again=False)


@mistake("lock-stale")
def raw_data_changed_after_dvc_add(repo: Path) -> None:
    finished.picture(repo / "data" / "raw" / "Images" / "gp000003.jpg", 99)


@mistake("lock-stale")
def raw_data_changed_and_its_object_is_gone(repo: Path) -> None:
    """Then DVC does not look at it: dvc status says that it is not in the cache, and no more."""
    finished.cache_object(repo, _recorded(repo, "data/raw.dvc")).unlink()
    append(repo, "data/raw/train.csv", "x\n")


@mistake("lock-stale")
def model_was_replaced_and_its_object_is_gone(repo: Path) -> None:
    finished.cache_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx")).unlink()
    finished.write(repo / "models" / "classifier.onnx", onnx_models.model(bias=0.3))


def _recorded(repo: Path, path: str) -> str:
    return str(yaml.safe_load((repo / path).read_text("utf-8"))["outs"][0]["md5"])


@mistake("lock-stale")
def raw_data_was_added_again_and_nothing_ran(repo: Path) -> None:
    finished.picture(repo / "data" / "raw" / "Images" / "gp000003.jpg", 99)
    finished.add(repo, "data/raw")
    save(repo)
    finished.push(repo)


@mistake("lock-stale")
def model_was_replaced_by_hand(repo: Path) -> None:
    finished.write(repo / "models" / "classifier.onnx", onnx_models.model(bias=0.5))


@mistake("lock-stale")
def folder_around_outs_changed_after_the_run(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["plot"]["deps"]
        stages["plot"]["deps"] = [d for d in deps if not d.startswith("results/curves")]
        stages["plot"]["deps"].append("results/curves")

    edit_stages(repo, change)
    finished.table(repo / "results" / "curves" / "genres.csv", ["genre", "ap"], [["Drama", 0.9]])
    _run_alone(repo, "evaluate")


@mistake("lock-stale")
def file_in_an_out_changed_after_the_run(repo: Path) -> None:
    names = ("images", "train.csv", "valid.csv", "test.csv")
    parts = [f"data/preprocess/{name}" for name in names]
    edit_stages(repo, lambda stages: stages["plot"]["deps"].extend(parts))
    table = (repo / "data" / "preprocess" / "test.csv").read_text("utf-8")
    finished.write(repo / "data" / "preprocess" / "test.csv", table.replace(",0,1\n", ",1,0\n", 1))
    finished.record(repo)
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    deps = document["stages"]["plot"]["deps"]
    next(dep for dep in deps if dep["path"].endswith("test.csv"))["md5"] = "0" * 32
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)
    finished.push(repo)


def _run_alone(repo: Path, stage: str) -> None:
    """As ``dvc repro --single-item``, committed and pushed."""
    finished.record(repo, stage)
    save(repo)
    finished.push(repo)


@mistake("lock-stale", "dep-too-wide")
def dep_was_added_and_nothing_ran(repo: Path) -> None:
    edit_stages(repo, lambda s: s["train"]["deps"].append("params.yaml"), run_again=False)


@mistake("lock-stale")
def helper_module_is_in_the_folder_alone(repo: Path) -> None:
    forget(repo, "pipeline/shared/network.py")


@mistake("lock-stale")
def own_module_is_ignored_by_git(repo: Path) -> None:
    append(repo, ".gitignore", "training.py\n")
    forget(repo, "pipeline/train/training.py")


@mistake("dep-too-wide")
def whole_package_is_a_dep_of_every_stage(repo: Path) -> None:
    def change(stages: Any) -> None:
        for stage in stages.values():
            data = [dep for dep in stage["deps"] if not dep.startswith("pipeline/")]
            stage["deps"] = [*data, "pipeline"]

    edit_stages(repo, change)


@mistake("dep-too-wide")
def whole_package_is_a_dep_beside_the_folders(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"]["deps"].append("pipeline"))


@mistake("dep-too-wide")
def params_file_is_a_dep(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"]["deps"].append("params.yaml"))


@mistake("dep-too-wide")
def params_file_is_a_dep_in_place_of_its_keys(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["deps"].append("params.yaml")
        del stages["train"]["params"]

    edit_stages(repo, change)


@mistake("dep-too-wide")
def params_file_is_declared_as_a_whole(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(params=[{"params.yaml": None}]))


@mistake("dep-too-wide")
def params_file_is_declared_by_a_stage_that_reads_none(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["evaluate"].update(params=[{"params.yaml": None}]))


@mistake("dep-too-wide")
def folder_of_all_models_is_a_dep(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["evaluate"]["deps"]
        deps[deps.index("models/classifier.onnx")] = "models"

    edit_stages(repo, change)


@mistake("dep-too-wide")
def folder_of_all_data_is_a_dep(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["train"]["deps"]
        deps[deps.index("data/preprocess")] = "data"

    edit_stages(repo, change)


@mistake("lock-stale", "dep-too-wide")
def module_in_a_folder_dep_is_in_the_folder_alone(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["train"]["deps"]
        stages["train"]["deps"] = [d for d in deps if not d.startswith("pipeline/")] + ["pipeline"]

    edit_stages(repo, change)
    forget(repo, "pipeline/shared/backend.py")


@mistake("lock-stale")
def notes_that_git_ignores_on_purpose_are_a_dep(repo: Path) -> None:
    """Advice: the lesson's stage does not read them."""
    finished.write(repo / "notes.txt", "notes")
    append(repo, ".gitignore", "/notes.txt\n")
    edit_stages(repo, lambda stages: stages["plot"]["deps"].append("notes.txt"))


@mistake("lock-stale")
def folder_that_neither_git_nor_dvc_has_is_a_dep(repo: Path) -> None:
    finished.write(repo / "fonts" / "plain.ttf", b"font")
    append(repo, ".gitignore", "/fonts\n")
    edit_stages(repo, lambda stages: stages["plot"]["deps"].append("fonts"))


@mistake("lock-inconsistent")
def consumer_read_another_out(repo: Path) -> None:
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    deps = document["stages"]["evaluate"]["deps"]
    next(dep for dep in deps if dep["path"].endswith(".onnx"))["md5"] = "0" * 32
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)


@mistake("lock-inconsistent")
def out_was_edited_in_the_lock(repo: Path) -> None:
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    document["stages"]["export"]["outs"][1]["md5"] = "0" * 32  # what evaluate reads
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)


@mistake("lock-inconsistent")
def lock_has_merge_markers(repo: Path) -> None:
    edit(repo, "dvc.lock", "stages:\n", "stages:\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n")
    save(repo)


@mistake("lock-inconsistent")
def merge_stopped_at_the_lock(repo: Path) -> None:
    """Git merges the code, changed at its two ends, and not the records of its runs."""
    run(repo, "git", "branch", "other")
    plots = "pipeline/plot/plots.py"
    finished.write(repo / plots, f"# Mine.\n{read_text(repo, plots)}")
    _run_alone(repo, "plot")
    run(repo, "git", "checkout", "--quiet", "other")
    append(repo, plots, "# Theirs.\n")
    _run_alone(repo, "plot")
    run(repo, "git", "checkout", "--quiet", "main")
    run(repo, "git", "merge", "--quiet", "other", exit_codes=(1,))
