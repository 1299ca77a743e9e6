"""The raw data, its .dvc file, and its remote are not what they look like."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.grader import finished
from tests.grader.gallery.changes import append, edit, edit_stages, read_text, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


def _record(repo: Path) -> None:
    """As ``dvc commit --force`` does: no stage runs."""
    finished.add(repo, "data/raw")
    finished.record(repo)
    save(repo)
    finished.push(repo)


def _delete_images(repo: Path, count: int) -> None:
    for path in sorted((repo / "data" / "raw" / "Images").iterdir())[:count]:
        path.unlink()


@mistake("out-wrong")
def raw_data_was_emptied_and_recorded(repo: Path) -> None:
    _delete_images(repo, 10)
    header = read_text(repo, "data/raw/train.csv").splitlines()[0]
    finished.write(repo / "data" / "raw" / "train.csv", f"{header}\n")
    _record(repo)


@mistake("out-wrong")
def half_of_the_raw_data_was_deleted_and_recorded(repo: Path) -> None:
    _delete_images(repo, 5)
    _record(repo)


@mistake("out-wrong")
def images_of_the_raw_data_were_deleted_and_recorded(repo: Path) -> None:
    shutil.rmtree(repo / "data" / "raw" / "Images")
    _record(repo)


@mistake("out-wrong")
def raw_data_was_replaced_by_a_file_and_recorded(repo: Path) -> None:
    shutil.rmtree(repo / "data" / "raw")
    finished.write(repo / "data" / "raw", "nothing\n")
    _record(repo)


@mistake("lock-stale")
def half_of_the_raw_data_was_deleted(repo: Path) -> None:
    _delete_images(repo, 5)


@mistake("out-wrong", "dvc-file-uncommitted", "lock-stale")
def half_of_the_raw_data_was_deleted_and_added(repo: Path) -> None:
    _delete_images(repo, 5)
    finished.add(repo, "data/raw")


@mistake("out-missing")
def path_of_the_raw_data_is_written_from_the_root(repo: Path) -> None:
    edit(repo, "data/raw.dvc", "path: raw", "path: data/raw")
    save(repo)


@mistake("out-missing")
def path_is_written_from_the_root_and_the_data_is_there_too(repo: Path) -> None:
    """As ``dvc checkout`` leaves it."""
    edit(repo, "data/raw.dvc", "path: raw", "path: data/raw")
    shutil.copytree(repo / "data" / "raw", repo / "data" / "data" / "raw")
    finished.write(repo / "data" / "data" / ".gitignore", "/raw\n")
    save(repo)


@mistake("lock-stale", "out-lost")
def hash_of_the_raw_data_is_of_nothing(repo: Path) -> None:
    _edit_out(repo, lambda out: out.update(md5=f"{1:032x}.dir"))


def _edit_out(repo: Path, change: Callable[[Any], None]) -> None:
    document = yaml.safe_load(read_text(repo, "data/raw.dvc"))
    change(document["outs"][0])
    finished.write(repo / "data" / "raw.dvc", yaml.safe_dump(document))
    save(repo)


@mistake("lock-stale")
def dvc_file_has_no_hash(repo: Path) -> None:
    _edit_out(repo, lambda out: out.pop("md5"))


@mistake("uncached-out-uncommitted")
def raw_data_is_not_to_be_cached(repo: Path) -> None:
    _edit_out(repo, lambda out: out.update(cache=False))


@mistake("out-not-pushed")
def raw_data_is_not_to_be_pushed(repo: Path) -> None:
    _edit_out(repo, lambda out: out.update(push=False))


@mistake("out-overlap")
def dvc_file_was_copied_in_a_file_manager(repo: Path) -> None:
    shutil.copy(repo / "data" / "raw.dvc", repo / "data" / "raw - Copy.dvc")
    save(repo)


@mistake("out-overlap")
def dvc_file_has_a_copy_whose_name_comes_later(repo: Path) -> None:
    shutil.copy(repo / "data" / "raw.dvc", repo / "data" / "raw2.dvc")
    save(repo)


@mistake("out-overlap")
def dvc_file_was_copied_into_the_root_as_it_is(repo: Path) -> None:
    shutil.copy(repo / "data" / "raw.dvc", repo / "raw.dvc")
    save(repo)


@mistake("out-overlap", "dvc-file-uncommitted")
def dvc_file_has_a_copy_in_the_root_that_is_staged(repo: Path) -> None:
    shutil.copy(repo / "data" / "raw.dvc", repo / "raw.dvc")
    edit(repo, "raw.dvc", "path: raw", "path: data/raw")
    run(repo, "git", "add", "raw.dvc")


def _name_remote(repo: Path, name: str) -> None:
    edit(repo, "data/raw.dvc", "outs:\n-", f"outs:\n- remote: {name}\n ")
    shutil.copytree(repo.parent / "remote", repo.parent / "mine")
    save(repo)


@mistake("remote-only-local")
def remote_of_the_raw_data_is_known_here_alone(repo: Path) -> None:
    url = repo.parent / "mine"
    finished.write(repo / ".dvc" / "config.local", f"['remote \"mine\"']\n    url = {url}\n")
    _name_remote(repo, "mine")


@mistake("default-remote-unknown")
def remote_of_the_raw_data_is_known_nowhere(repo: Path) -> None:
    _name_remote(repo, "nosuch")


@mistake("default-remote-unknown")
def remote_of_the_model_is_misspelt(repo: Path) -> None:
    def misspell(stages: Any) -> None:
        stages["train"]["outs"][0] = {"models/classifier.weights.h5": {"remote": "workshp"}}

    edit_stages(repo, misspell)


@mistake("remote-relative-path")
def remote_of_the_raw_data_is_a_relative_path(repo: Path) -> None:
    run(repo, "dvc", "remote", "add", "mine", "../mine")
    _name_remote(repo, "mine")


@mistake("data-copied-into-git")
def raw_data_is_in_git_as_a_zip(repo: Path) -> None:
    shutil.make_archive(str(repo / "data" / "raw"), "zip", repo / "data" / "raw")
    save(repo)


@mistake("data-copied-into-git")
def raw_data_is_staged_as_a_tar(repo: Path) -> None:
    shutil.make_archive(str(repo / "posters"), "gztar", repo / "data" / "raw")
    run(repo, "git", "add", "posters.tar.gz")


@mistake("gitignore-lost")
def gitignore_of_the_folder_of_dvc_was_deleted(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", ".dvc/.gitignore")
    run(repo, "git", "commit", "--quiet", "--message", "Tidy up")


@mistake("gitignore-lost")
def gitignore_of_the_folder_of_dvc_lost_a_line(repo: Path) -> None:
    edit(repo, ".dvc/.gitignore", "/tmp\n", "")


@mistake("cache-in-git")
def what_dvc_keeps_for_itself_was_added_to_git(repo: Path) -> None:
    (repo / ".dvc" / ".gitignore").unlink()
    finished.write(repo / ".dvc" / "config.local", "[core]\n    analytics = false\n")
    finished.write(repo / ".dvc" / "tmp" / "notes.txt", "notes\n")
    save(repo)


@mistake("cache-in-git")
def local_config_was_added_by_force(repo: Path) -> None:
    finished.write(repo / ".dvc" / "config.local", "[core]\n    analytics = false\n")
    run(repo, "git", "add", "--force", ".dvc/config.local")
    save(repo)


@mistake("lock-stale")
def stage_is_to_run_always(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"].update(always_changed=True))


@mistake("dvc-file-uncommitted")
def git_is_told_not_to_look_at_the_params(repo: Path) -> None:
    run(repo, "git", "update-index", "--assume-unchanged", "params.yaml")
    finished.change_param(repo, "train", "epochs", 7)
    finished.record(repo)
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Run it")
    finished.push(repo)


@mistake("dvc-file-uncommitted")
def git_is_told_to_skip_the_pipeline(repo: Path) -> None:
    run(repo, "git", "update-index", "--skip-worktree", "dvc.yaml")
    append(repo, "dvc.yaml", "# a note\n")


@mistake("dvc-file-uncommitted", "out-missing", "lock-stale", "gitignore-lost")
def folder_of_all_data_was_renamed(repo: Path) -> None:
    (repo / "data").rename(repo / "dataset")


@mistake("out-missing", "lock-stale", "gitignore-lost")
def folder_of_all_data_was_renamed_and_that_is_committed(repo: Path) -> None:
    folder_of_all_data_was_renamed(repo)
    save(repo)
