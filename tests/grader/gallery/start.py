"""Git and DVC are not started, or not as they have to be."""

import shutil
from pathlib import Path

from tests.grader import finished
from tests.grader.gallery.changes import append, edit, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("not-a-repository")
def git_was_never_started(repo: Path) -> None:
    shutil.rmtree(repo / ".git")


@mistake("not-a-repository")
def dvc_is_started_and_not_committed(repo: Path) -> None:
    run(repo, "git", "rm", "-r", "--quiet", "--cached", ".dvc")
    run(repo, "git", "commit", "--quiet", "--message", "Leave DVC out")


@mistake("not-a-repository")
def folder_of_dvc_was_deleted(repo: Path) -> None:
    shutil.rmtree(repo / ".dvc")


@mistake("not-a-repository")
def config_was_deleted_in_the_folder_alone(repo: Path) -> None:
    (repo / ".dvc" / "config").unlink()


@mistake("not-a-repository")
def config_has_a_line_that_is_none(repo: Path) -> None:
    append(repo, ".dvc/config", "<<<<<<< HEAD\n")
    save(repo)


@mistake("not-a-repository")
def config_has_a_key_that_dvc_does_not_know(repo: Path) -> None:
    edit(repo, ".dvc/config", "    remote = workshop", "    remote = workshop\n    defualt = x")
    save(repo)


@mistake("not-a-repository")
def nothing_was_committed(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    run(repo, "git", "init", "--quiet")


@mistake("nested-repository")
def git_was_started_in_the_folder_of_the_code(repo: Path) -> None:
    run(repo, "git", "rm", "-r", "--quiet", "--cached", "pipeline")
    _start_git_in(repo / "pipeline")
    save(repo)


@mistake("nested-repository")
def git_was_started_in_a_folder_of_notes(repo: Path) -> None:
    finished.write(repo / "notes" / "ideas.md", "# Ideas\n")
    _start_git_in(repo / "notes")
    save(repo)


@mistake("nested-repository")
def folder_with_git_in_it_is_staged(repo: Path) -> None:
    finished.write(repo / "notes" / "ideas.md", "# Ideas\n")
    _start_git_in(repo / "notes")
    run(repo, "git", "add", "notes")


@mistake("nested-repository")
def repository_with_dvc_was_made_in_the_repository(repo: Path) -> None:
    shutil.copytree(repo, repo / "mine", ignore=shutil.ignore_patterns("cache", ".git"))
    _start_git_in(repo / "mine")
    save(repo)


def _start_git_in(folder: Path) -> None:
    run(folder, "git", "init", "--quiet")
    save(folder)


@mistake("no-scm")
def dvc_is_told_that_there_is_no_git(repo: Path) -> None:
    edit(repo, ".dvc/config", "[core]\n", "[core]\n    no_scm = true\n")
    save(repo)


@mistake("no-scm")
def dvc_was_started_without_git(repo: Path) -> None:
    """As ``dvc init --no-scm`` leaves it."""
    edit(repo, ".dvc/config", "[core]\n", "[core]\n    no_scm = True\n")
    (repo / ".dvc" / ".gitignore").unlink()
    append(repo, ".gitignore", ".dvc/cache\n.dvc/tmp\n")
    save(repo)


@mistake("no-scm")
def dvc_is_told_so_on_this_machine(repo: Path) -> None:
    finished.write(repo / ".dvc" / "config.local", "[core]\n    no_scm = true\n")
