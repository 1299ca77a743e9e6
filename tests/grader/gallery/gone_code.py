"""Code that was renamed or deleted, and is in git's history."""

import shutil
from pathlib import Path
from typing import Any

from tests.grader import finished
from tests.grader.gallery.changes import append, edit_stages, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("stage-wrong-command")
def folder_of_a_module_was_renamed(repo: Path) -> None:
    run(repo, "git", "mv", "pipeline/train", "pipeline/training")
    save(repo)


@mistake("stage-wrong-command")
def folder_of_a_module_was_renamed_with_the_stage(repo: Path) -> None:
    def follow(stages: Any) -> None:
        stage = stages["train"]
        stage["cmd"] = stage["cmd"].replace("pipeline.train", "pipeline.training")
        stage["deps"] = [
            dep.replace("pipeline/train", "pipeline/training") for dep in stage["deps"]
        ]

    run(repo, "git", "mv", "pipeline/train", "pipeline/training")
    edit_stages(repo, follow)


@mistake("stage-wrong-command", "lock-stale")
def folder_of_a_module_was_renamed_and_left_its_bytecode(repo: Path) -> None:
    run(repo, "git", "mv", "pipeline/train", "pipeline/training")
    save(repo)
    finished.write(repo / "pipeline" / "train" / "__pycache__" / "old.pyc", b"bytecode")


@mistake("stage-wrong-command", "lock-stale")
def folder_of_a_module_was_renamed_in_a_file_manager(repo: Path) -> None:
    (repo / "pipeline" / "train").rename(repo / "pipeline" / "training")


@mistake("stage-wrong-command", "lock-stale")
def entry_of_a_module_was_renamed(repo: Path) -> None:
    run(repo, "git", "mv", "pipeline/train/__main__.py", "pipeline/train/main.py")
    save(repo)


@mistake("stage-wrong-command")
def folder_of_a_module_was_deleted_and_that_is_committed(repo: Path) -> None:
    run(repo, "git", "rm", "-r", "--quiet", "pipeline/train")
    save(repo)


@mistake("stage-wrong-command")
def all_code_was_deleted_and_that_is_committed(repo: Path) -> None:
    run(repo, "git", "rm", "-r", "--quiet", "pipeline")
    save(repo)


@mistake("stage-wrong-command", "lock-stale")
def all_code_was_deleted(repo: Path) -> None:
    shutil.rmtree(repo / "pipeline")


@mistake("stage-wrong-command")
def folder_of_all_code_was_renamed(repo: Path) -> None:
    run(repo, "git", "mv", "pipeline", "src")
    save(repo)


@mistake("dep-absent")
def shared_code_was_deleted_and_that_is_committed(repo: Path) -> None:
    run(repo, "git", "rm", "-r", "--quiet", "pipeline/shared")
    save(repo)


@mistake("dep-absent")
def folder_of_shared_code_was_renamed(repo: Path) -> None:
    run(repo, "git", "mv", "pipeline/shared", "pipeline/common")
    save(repo)


@mistake("lock-stale")
def all_code_is_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "-r", "--quiet", "--cached", "pipeline")
    append(repo, ".gitignore", "pipeline/\n")
    save(repo)
