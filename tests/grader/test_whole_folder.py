"""A stage that depends on the whole repository: what it reads is named in its place."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.engine.check_result import CheckResult
from grader.grading import grade
from grader.output.steps import step_lines
from grader.step import Command, Edit, Note
from tests.grader.exercise_room import edit
from tests.repositories import commit, environment, run
from workshop.exercises.dvc_process import DvcProcess

CODE = """\
from pathlib import Path
import helper
Path("model.txt").write_text(Path("data.csv").read_text())
"""
STAGES = """\
stages:
  fit:{comment}
    cmd: python fit.py
    deps:
    - {dep}
    outs:
    - model.txt
"""


@pytest.fixture(scope="module")
def dvc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DvcProcess]:
    with DvcProcess(environment(tmp_path_factory.mktemp("home"))) as process:
        yield process


def project(folder: Path, dvc: DvcProcess, dep: str, comment: str = "") -> Path:
    repo = folder / "repo"
    repo.mkdir()
    run(repo, "git", "init", "--quiet")
    dvc.run(repo, "init", "--quiet")
    stages = STAGES.format(dep=dep.replace("ROOT", repo.as_posix()), comment=comment)
    texts = {"fit.py": CODE, "helper.py": "x = 1\n", "data.csv": "1,2\n", "dvc.yaml": stages}
    for name, text in texts.items():
        (repo / name).write_text(text, "utf-8", newline="\n")
    commit(repo, "Fit")
    return repo


def stops(repo: Path) -> CheckResult:
    report = grade(repo, offline=True, as_foreign=True)
    portable = [result for result in report.checks if result.id == "pipeline.portable"]
    assert [result.status for result in portable] == ["pass"]
    assert report.next
    return report.next.result


@pytest.mark.parametrize("dep", [".", "./", "..", "ROOT"])
@pytest.mark.parametrize("comment", ["", " # mine"], ids=["plain", "comment"])
def test_what_the_code_reads_is_named_in_place_of_the_whole_folder(
    dep: str, comment: str, dvc: DvcProcess, tmp_path: Path
) -> None:
    repo = project(tmp_path, dvc, dep, comment)
    result = stops(repo)
    assert result.code == "dvc-stops"
    assert "depends on the whole folder of the repository" in (result.rationale or "")
    assert str(tmp_path) not in "".join(line for step in result.steps for line in step_lines(step))
    for step in result.steps:
        if isinstance(step, Command):
            program, *words = shlex.split(step_lines(step)[0])
            dvc.run(repo, *words) if program == "dvc" else run(repo, program, *words)
        elif isinstance(step, Edit):
            edit(repo / step.file, step)
    text = (repo / "dvc.yaml").read_text("utf-8")
    deps = text.partition("deps:\n")[2].partition("    outs:")[0].split()[1::2]
    assert sorted(deps) == ["data.csv", "fit.py", "helper.py"]
    assert comment in text
    report = grade(repo, offline=True, as_foreign=True)
    assert "data.readable" not in [r.id for r in report.checks if r.status != "pass"]


def test_of_what_another_program_reads_the_place_is_told(dvc: DvcProcess, tmp_path: Path) -> None:
    repo = project(tmp_path, dvc, ".")
    text = (repo / "dvc.yaml").read_text("utf-8").replace("python fit.py", "make model.txt")
    (repo / "dvc.yaml").write_text(text, "utf-8", newline="\n")
    commit(repo, "Make")
    first = stops(repo).steps[0]
    assert not isinstance(first, Note)
    assert step_lines(first) == [
        "# dvc.yaml, stage fit: in place of the whole folder, name among the deps of fit what it"
        " reads"
    ]
