"""What a clone has otherwise, or not at all: .gitattributes and sub-modules."""

import shutil
from pathlib import Path

from tests.grader import finished
from tests.grader.gallery.changes import append, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("line-endings")
def code_gets_the_line_ends_of_windows_in_a_clone(repo: Path) -> None:
    append(repo, ".gitattributes", "*.py text eol=crlf diff=python\n")
    save(repo)


@mistake("line-endings")
def code_gets_the_number_of_its_object_in_a_clone(repo: Path) -> None:
    append(repo, ".gitattributes", "pipeline/**/*.py ident\n")
    append(repo, "pipeline/plot/plots.py", "# $Id$\n")
    finished.record(repo)
    save(repo)
    finished.push(repo)


@mistake("line-endings")
def lock_is_in_utf16_in_a_clone(repo: Path) -> None:
    append(repo, ".gitattributes", "dvc.lock working-tree-encoding=UTF-16LE\n")
    _commit_attributes(repo)


@mistake("line-endings")
def code_is_cleaned_by_a_filter_of_this_laptop(repo: Path) -> None:
    """A filter is in git's config, which nobody clones."""
    run(repo, "git", "config", "filter.strip.clean", "sed s/^#.*//")
    finished.write(repo / "pipeline" / ".gitattributes", "*.py filter=strip\n")
    run(repo, "git", "add", "--renormalize", "pipeline")
    save(repo)


@mistake("nested-repository")
def code_is_in_a_sub_module_of_this_laptop(repo: Path) -> None:
    other = repo.parent / "code"
    shutil.copytree(repo / "pipeline", other)
    run(other, "git", "init", "--quiet")
    run(other, "git", "add", ".")
    run(other, "git", "commit", "--quiet", "--message", "Share the code")
    run(repo, "git", "rm", "-r", "--quiet", "pipeline")
    shutil.rmtree(repo / "pipeline", ignore_errors=True)
    allowed = ("-c", "protocol.file.allow=always")
    run(repo, "git", *allowed, "submodule", "--quiet", "add", str(other), "pipeline")
    save(repo)


def _commit_attributes(repo: Path) -> None:
    """These alone: git would have to read other files by them."""
    run(repo, "git", "add", ".gitattributes")
    run(repo, "git", "commit", "--quiet", "--message", "Say how git is to write files")
