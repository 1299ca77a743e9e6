"""Exercises, each made once and put back as it was for each test."""

import shlex
import shutil
from pathlib import Path

from grader.engine.report import Report
from grader.grading import grade
from tests.grader.wrong_ways import Edit, Line
from tests.repositories import copy_folder, run
from workshop.course.exercises import Exercise
from workshop.exercises.builder import make_exercise
from workshop.exercises.dvc_process import DvcProcess
from workshop.start.programs import ProgramError


class Room:
    """A folder with exercises, each at the path that the address of its remote names."""

    def __init__(self, folder: Path, dvc: DvcProcess) -> None:
        self._folder = folder
        self._dvc = dvc

    def repo(self, exercise: Exercise) -> Path:
        """The repository of ``exercise`` as `grader start` makes it."""
        working, kept = self._folder / "working", self._folder / "kept"
        repo = working / exercise.folder_name
        names = (repo.name, f"{repo.name}-remote")
        source, target = (kept, working) if (kept / repo.name).exists() else (working, kept)
        if source == working:
            make_exercise(repo, exercise, self._dvc, "ada")
        for clone in (self._folder / "working").glob("clone-*"):
            shutil.rmtree(clone)
        for name in names:
            shutil.rmtree(target / name, ignore_errors=True)
            if (source / name).exists():
                copy_folder(source / name, target / name)
        run(repo, "git", "status")  # the times of the copies are news to git's index
        return repo

    def type(self, repo: Path, *lines: Line) -> None:
        """Type ``lines``, none of which fails; DVC has no start-up."""
        for line in lines:
            if isinstance(line, Edit):
                line.apply(repo)
            else:
                self._type(repo, line)

    def print(self, repo: Path, line: str) -> str:
        """What ``line`` prints, whether it fails or not."""
        try:
            return self._type(repo, line)
        except ProgramError as error:
            return error.problem

    def _type(self, repo: Path, line: str) -> str:
        program, *words = shlex.split(line)
        if program == "dvc":
            return self._dvc.run(repo, *words)
        return run(repo, program, *words)


def failures(report: Report) -> dict[str, str]:
    """The code of each check that fails, by its id; what is blocked waits for one of them."""
    return {result.id: result.code or "" for result in report.checks if result.kind == "fail"}


def is_full(repo: Path) -> bool:
    """Whether every check passes, the remote's too, without any advice."""
    report = grade(repo)
    return report.score == report.max_score and {r.kind for r in report.checks} == {"pass"}
