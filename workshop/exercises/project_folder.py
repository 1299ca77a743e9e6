"""A small DVC project in a folder, as a colleague makes it, commit by commit."""

import contextlib
import shutil
from pathlib import Path

from workshop.exercises.dvc_process import DvcProcess
from workshop.start.programs import ProgramError, Programs

PROJECT_DIR = Path(__file__).parent / "project"
"""The project as it should be: what every exercise ends with."""
STAGES_FILE = "stages.yaml"
"""Its dvc.yaml: under that name DVC would take it for one of the workshop's own repository."""
REMOTE = "storage"
START = "start"
"""The tag of the commit that an exercise begins with."""
_COLLEAGUE = ("-c", "user.name=Kim", "-c", "user.email=kim@example.invalid")


class ProjectFolder:
    """The project in ``folder``, with its remote in the folder ``remote``."""

    def __init__(self, folder: Path, remote: str, dvc: DvcProcess, programs: Programs) -> None:
        self.folder = folder
        self.remote = remote
        self._dvc = dvc
        self._programs = programs

    def dvc(self, *words: str) -> None:
        """Run DVC."""
        self._dvc.run(self.folder, *words)

    def git(self, *words: str) -> None:
        """Run git; commits are by the colleague."""
        self._programs.git(*_COLLEAGUE, *words)

    def commit(self, message: str) -> None:
        """Commit all that git does not ignore."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def write(self, path: str, text: str) -> None:
        """Write a file anew."""
        (self.folder / path).write_text(text, "utf-8", newline="\n")

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that is in the file ``path``."""
        text = (self.folder / path).read_text("utf-8")
        if old not in text:
            raise ValueError(f"{path} has no {old!r}")
        self.write(path, text.replace(old, new))

    def append(self, path: str, text: str) -> None:
        """Write ``text`` to the end of a file."""
        with (self.folder / path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)

    def remove(self, path: str) -> None:
        """Remove a file."""
        (self.folder / path).unlink()

    def restore(self, path: str) -> None:
        """Make the file ``path`` as it should be."""
        self.write(path, (PROJECT_DIR / path).read_text("utf-8"))

    def lay(self) -> None:
        """The files of the project, in which nothing is of git or of DVC yet."""
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(PROJECT_DIR, self.folder, ignore=ignored, dirs_exist_ok=True)
        (self.folder / STAGES_FILE).rename(self.folder / "dvc.yaml")

    def begin(self) -> None:
        """The first commit: git, DVC and the code."""
        self._programs.git("init", "--quiet", "--initial-branch", "main")
        self.dvc("init")
        self.dvc("add", "films")
        self.commit("Rate films by their genre")

    def run(self, message: str = "Run the pipeline") -> None:
        """Run the pipeline, and commit that."""
        self.dvc("repro")
        self.commit(message)

    def share(self) -> None:
        """Set the remote, commit that and push."""
        self.add_remote()
        self.commit("Share the data")
        self.dvc("push")

    def add_remote(self, *options: str) -> None:
        """Set the default remote."""
        self.dvc("remote", "add", *options, "-d", REMOTE, self.remote)

    def begin_merge(self, branch: str) -> None:
        """Merge ``branch``, at whose conflict git stops; the state before it is the start."""
        self.git("tag", START)
        with contextlib.suppress(ProgramError):
            self.git("merge", "--quiet", branch)
