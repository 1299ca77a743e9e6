"""Stages that are missing, never ran, or run something else."""

from pathlib import Path
from typing import Any

import yaml

from tests.grader import finished
from tests.grader.gallery.changes import edit, edit_command, edit_stages, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("stage-missing")
def last_stage_is_not_there_yet(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages.pop("plot"))


@mistake("stage-missing", "stage-never-run")
def stage_has_a_misspelt_name_and_another_command(repo: Path) -> None:
    def rename(stages: Any) -> None:
        stages["plto"] = stages.pop("plot") | {"cmd": "python -m pipeline.plto"}

    edit_stages(repo, rename, run_again=False)


@mistake("stage-missing", "gitignore-lost")
def stage_was_removed_and_not_yet_committed(repo: Path) -> None:
    run(repo, "dvc", "remove", "train")


@mistake("stage-missing")
def pipeline_has_merge_markers(repo: Path) -> None:
    edit(repo, "dvc.yaml", "stages:\n", "stages:\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n")
    save(repo)


@mistake("stage-missing")
def pipeline_is_no_yaml(repo: Path) -> None:
    edit(repo, "dvc.yaml", "    deps:\n", "    deps: [\n")
    save(repo)


@mistake("stage-missing")
def stages_are_under_another_file(repo: Path) -> None:
    edit(repo, "dvc.yaml", "stages:\n", "stagse:\n")
    save(repo)


@mistake("stage-never-run")
def last_stage_never_ran(repo: Path) -> None:
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    del document["stages"]["plot"]
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)


@mistake("stage-never-run")
def no_stage_ever_ran(repo: Path) -> None:
    (repo / "dvc.lock").unlink()
    save(repo)


@mistake("stage-wrong-command")
def command_runs_another_module(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["export"]["cmd"] = stages["export"]["cmd"].replace("pipeline.export", "json.tool")

    edit_stages(repo, change)


@mistake("stage-wrong-command")
def command_lacks_an_option(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["cmd"] = stages["train"]["cmd"].replace("--params params.yaml", "")

    edit_stages(repo, change)


@mistake("stage-wrong-command")
def command_shows_what_it_would_run(repo: Path) -> None:
    edit_command(repo, "train", "python -m", "echo python -m")


@mistake("stage-wrong-command")
def command_runs_only_where_true_fails(repo: Path) -> None:
    edit_command(repo, "train", "python -m", "true || python -m")


@mistake("stage-wrong-command", "lock-stale")
def command_reads_a_path_that_is_nowhere(repo: Path) -> None:
    edit(
        repo,
        "dvc.yaml",
        "--curves results/curves\n      --out",
        "--curves results/cruves\n      --out",
    )
    save(repo)


@mistake("stage-wrong-command", "lock-stale", "dvc-file-uncommitted")
def command_reads_params_that_are_nowhere_and_is_not_committed(repo: Path) -> None:
    edit(repo, "dvc.yaml", "--params params.yaml", "--params parms.yaml")


@mistake("stage-wrong-command")
def command_prints_the_code(repo: Path) -> None:
    edit_command(repo, "plot", "python -m pipeline.plot", "cat pipeline/plot/__main__.py")


@mistake("stage-wrong-command")
def option_has_no_value(repo: Path) -> None:
    edit_command(repo, "export", "--data data/preprocess", "--data")


@mistake("stage-wrong-command")
def command_runs_the_module_as_a_file(repo: Path) -> None:
    edit_command(repo, "plot", "python -m pipeline.plot", "python pipeline/plot/__main__.py")
