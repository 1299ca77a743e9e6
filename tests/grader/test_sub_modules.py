"""A sub-module with code or data of a stage: a clone has its files only where it is told so."""

import shutil
from pathlib import Path

import pytest

from grader.engine.check_result import CheckResult
from grader.facts.sub_modules import SubModule, read_sub_modules
from grader.grading import grade
from grader.step import Note
from tests.grader import gallery
from tests.grader.results import fix_of
from tests.repositories import commit, run


def found(repo: Path) -> CheckResult:
    """What is said of the sub-module."""
    return next(one for one in grade(repo, offline=True).checks if one.id == "init.one_repository")


def test_gitmodules_are_read_as_git_reads_them() -> None:
    text = (
        b'[submodule "a b"]\n\tpath = vendor/a b\n\turl = "https://example.com/a.git"\n'
        b'[submodule "c"]\n  path=c\n  branch = main\n'
    )
    assert read_sub_modules(text) == {
        "vendor/a b": SubModule("a b", "https://example.com/a.git"),
        "c": SubModule("c", ""),
    }


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("/home/ada/code", True), ("file:///home/ada/code", True), ("~/code", True),
        (r"C:\code", True), ("", True), ("../code.git", False), ("git@example.com:a/b", False),
        ("https://example.com/a.git", False),
    ],
)  # fmt: skip
def test_only_a_place_on_this_machine_is_out_of_reach(url: str, is_local: bool) -> None:
    assert SubModule("a", url).is_on_this_machine is is_local


def test_code_in_a_sub_module_that_others_can_clone_is_advice(repo: Path) -> None:
    gallery.clones.code_is_in_a_sub_module_of_this_laptop(repo)
    url = "https://example.com/code.git"
    run(repo, "git", "config", "--file", ".gitmodules", "submodule.pipeline.url", url)
    commit(repo, "Share the code")
    result = found(repo)
    assert (result.severity, result.code) == ("advice", "nested-repository")
    assert all(isinstance(step, Note) for step in result.steps)
    assert "git clone --recurse-submodules" in fix_of(result)


def test_a_sub_module_that_was_not_cloned_is_cloned(repo: Path) -> None:
    gallery.clones.code_is_in_a_sub_module_of_this_laptop(repo)
    shutil.rmtree(repo / "pipeline")
    (repo / "pipeline").mkdir()
    assert fix_of(found(repo)) == "git submodule update --init -- pipeline"
