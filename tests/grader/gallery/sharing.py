"""Nobody else can run it, or see from it what one change does."""

import shutil
from pathlib import Path
from typing import Any

from tests.grader import finished
from tests.grader.gallery.changes import append, edit_lock, edit_stages, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("absolute-path")
def dep_is_an_absolute_path(repo: Path) -> None:
    finished.write(repo.parent / "notes.txt", "notes")

    def change(stages: Any) -> None:
        stages["plot"]["deps"].append((repo.parent / "notes.txt").as_posix())

    edit_stages(repo, change)


@mistake("absolute-path")
def command_names_the_home_folder(repo: Path) -> None:
    def change(stages: Any) -> None:
        cmd = stages["plot"]["cmd"]
        stages["plot"]["cmd"] = cmd.replace(
            "--out results/plots", f"--out '{repo.as_posix()}/results/plots'"
        )

    edit_stages(repo, change)


@mistake("absolute-path")
def command_names_an_absolute_path_behind_an_equals_sign(repo: Path) -> None:
    def change(stages: Any) -> None:
        cmd = stages["plot"]["cmd"]
        path = f"{repo.as_posix()}/data/preprocess"
        stages["plot"]["cmd"] = cmd.replace("--data data/preprocess", f"'--data={path}'")

    edit_stages(repo, change)


@mistake("absolute-path")
def command_names_the_home_folder_by_a_variable(repo: Path) -> None:
    def change(stages: Any) -> None:
        cmd = stages["plot"]["cmd"]
        stages["plot"]["cmd"] = cmd.replace("data/preprocess", "$HOME/data/preprocess")

    edit_stages(repo, change)


@mistake("absolute-path")
def cache_of_this_machine_is_in_the_config(repo: Path) -> None:
    append(repo, ".dvc/config", f"[cache]\n    dir = {repo / '.dvc' / 'cache'}\n")
    save(repo)


@mistake("wrong-directory", "stage-never-run")
def pipeline_is_in_a_folder(repo: Path) -> None:
    finished.write(
        repo / "extra" / "dvc.yaml",
        "stages:\n  notes:\n    cmd: echo\n    deps: [../params.yaml]\n",
    )
    save(repo)


@mistake("wrong-directory")
def stage_has_a_wdir(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["notes"] = {"cmd": "echo", "wdir": "data", "deps": ["../params.yaml"]}

    edit_stages(repo, change)
    edit_lock(repo, lambda stages: stages["notes"]["deps"][0].update(path="../params.yaml"))


@mistake("wrong-directory", "dvc-file-uncommitted", "out-missing")
def wdir_of_a_stage_leads_its_paths_nowhere(repo: Path) -> None:
    text = (repo / "dvc.yaml").read_text("utf-8")
    before, name, after = text.partition("  evaluate:\n")
    finished.write(repo / "dvc.yaml", f"{before}{name}    wdir: data\n{after}")


@mistake("change-not-isolated")
def nothing_was_changed(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    run(repo, "git", "init", "--quiet")
    save(repo)


@mistake("change-not-isolated")
def stages_were_run_by_force(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    run(repo, "git", "init", "--quiet")
    save(repo)
    finished.change_param(repo, "plot", "dpi", 90)
    finished.write(repo / "models" / "classifier.weights.h5", b"\x89HDF\r\n\x1a\n others")
    finished.record(repo)
    save(repo)
    finished.push(repo)
