"""Exercises, each made once and put back as it was for each test."""

import shlex
import shutil
from pathlib import Path

from grader.engine.report import Report
from grader.grading import grade
from grader.output.steps import step_lines
from grader.step import Edit as EditStep
from grader.step import Note
from tests.grader.wrong_ways import Edit, Line
from tests.repositories import copy_folder, run
from workshop.course.exercises import Exercise
from workshop.exercises.builder import make_exercise
from workshop.exercises.dvc_process import DvcProcess
from workshop.start.programs import ProgramError

MOST_ROUNDS = 6
"""Of grading and typing: more would be a circle."""


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

    def follow(self, repo: Path) -> list[str]:
        """Type what `grader check` says comes next, until nothing is left; what was typed.

        It ends too where the exercise has to be made anew.
        """
        typed: list[str] = []
        for _ in range(MOST_ROUNDS):
            action = grade(repo).next
            if action is None or (typed and typed[-1].startswith("grader start")):
                return typed
            steps = [step for step in action.result.steps if not isinstance(step, Note)]
            assert steps, action
            for step in steps:
                typed += step_lines(step)
                if isinstance(step, EditStep):
                    edit(repo / step.file, step)
                elif step.words[0] != "grader":
                    self._type(repo, *step_lines(step))
        raise AssertionError(typed)

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


def edit(path: Path, step: EditStep) -> None:
    """Delete or add lines as ``step`` says."""
    assert step.action != "change", step
    lines = path.read_text("utf-8").splitlines()
    at = step.line or 0
    if step.action == "delete":
        del lines[at - 1 : step.last_line]
    else:
        lines[at:at] = step.lines
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")


def failures(report: Report) -> dict[str, str]:
    """The code of each check that fails, by its id; what is blocked waits for one of them."""
    return {result.id: result.code or "" for result in report.checks if result.kind == "fail"}


def is_full(repo: Path) -> bool:
    """Whether every check passes, the remote's too, without any advice."""
    report = grade(repo)
    return report.score == report.max_score and {r.kind for r in report.checks} == {"pass"}
