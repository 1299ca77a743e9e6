"""One side of a repository: what is committed (HEAD), or what lies in the worktree."""

import fnmatch
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from grader.facts.stage_code import StageCode
from grader.lessons import LessonStage
from workshop.project import Project, Stage, read, regular_file
from workshop.project.config import Sections, sections_of

if TYPE_CHECKING:
    from grader.facts.repository import Facts

Side = Literal["HEAD", "worktree"]

TEXTS = ("*.dvc", "*.yaml", "*.yml", "*.toml", "*.json", "*.py", "*/.dvc/config")
TEXT_NAMES = frozenset((".dvcignore", ".gitignore", "dvc.lock", ".dvc/config"))
MAX_TEXT_BYTES = 8 * 2**20


def is_told(path: str) -> bool:
    """Whether ``path`` may be a file that says something about the project, or the stages' code."""
    name = path.rpartition("/")[2]
    return (
        path in TEXT_NAMES
        or name in TEXT_NAMES
        or any(fnmatch.fnmatchcase(path, pattern) for pattern in TEXTS)
    )


def is_dvc(path: str) -> bool:
    """Whether ``path`` is a file of DVC's own, or of params."""
    return path.endswith((".dvc", "dvc.yaml", "dvc.lock", "params.yaml")) or ".dvc" in path


class View:
    """The files of one side, by path from the root of the DVC repository, and what they say.

    ``root`` is a folder that holds them: the repository itself, or an export of HEAD.
    """

    def __init__(self, source: Side, root: Path, facts: "Facts") -> None:
        self.source: Side = source
        self.root = root
        self.facts = facts
        self._stages: dict[str, Stage | None] = {}
        self._contents: dict[str, bytes | None] = {}

    def content(self, path: str) -> bytes | None:
        """The bytes of the small file ``path``; None where there is none, or no small one."""
        if path not in self._contents:
            self._contents[path] = self._read(path)
        return self._contents[path]

    def _read(self, path: str) -> bytes | None:
        file = self.root / path
        try:
            if file.is_symlink() or not file.is_file() or file.stat().st_size > MAX_TEXT_BYTES:
                return None
            return regular_file.read(file, MAX_TEXT_BYTES)
        except OSError:
            return None

    def text(self, path: str) -> str | None:
        """The same as text with plain line ends; None where it is none."""
        content = self.content(path)
        try:
            return content.decode("utf-8").replace("\r\n", "\n") if content is not None else None
        except UnicodeDecodeError:
            return None

    def line(self, path: str, *words: str) -> int | None:
        """The first line of ``path`` that holds the last of ``words`` after those before it."""
        wanted = list(words)
        for number, line in enumerate((self.text(path) or "").splitlines(), 1):
            if wanted and wanted[0] in line:
                wanted.pop(0)
                if not wanted:
                    return number
        return None

    def md5(self, path: str) -> str | None:
        """The md5 of a file that git tracks, as DVC records it; None where it is not there."""
        content = self.content(path)
        if content is None:
            return None
        return hashlib.md5(content, usedforsecurity=False).hexdigest()

    @cached_property
    def project(self) -> Project:
        """The stages; a ProjectError where the files don't say which."""
        if self.source == "worktree":
            return self.facts.workspace.project()
        return self.facts.project_alike or read(self.root)

    @cached_property
    def config(self) -> Sections:
        """``.dvc/config`` alone; a ConfigError where it is broken."""
        return sections_of(self.root / ".dvc" / "config", self.root)

    @cached_property
    def remotes(self) -> Mapping[str, Mapping[str, str]]:
        """The options of each remote in ``.dvc/config``, by name."""
        return {
            section.partition('"')[2].rstrip('"'): options
            for section, options in self.config.items()
            if section.startswith("remote ")
        }

    @property
    def default_remote(self) -> str | None:
        """The name in ``core.remote`` of ``.dvc/config``."""
        return self.config.get("core", {}).get("remote")

    def stage(self, wanted: LessonStage) -> Stage | None:
        """The attendee's stage for a lesson: by what it runs, else by its name."""
        if wanted.name not in self._stages:
            self._stages[wanted.name] = self._found_stage(wanted)
        return self._stages[wanted.name]

    def _found_stage(self, wanted: LessonStage) -> Stage | None:
        stages = [stage for stage in self.project.stages if stage.cmd]
        running = [one for one in stages if self.code(wanted).is_run_by(one.cmd)]
        named = [one for one in stages if one.name.rpartition(":")[2] == wanted.name]
        both = [one for one in running if one in named]
        return next(iter(both or running or named), None)

    def code(self, wanted: LessonStage) -> StageCode:
        """The code of a lesson's stage, which is read and never run."""
        return StageCode(self.text, wanted)

    @cached_property
    def lock(self) -> Mapping[str, Any]:
        """What ``dvc.lock`` says of each stage, by name; empty where there is none."""
        from workshop.project import document, schema

        if self.content("dvc.lock") is None:
            return {}
        found: Mapping[str, Any] = document.read(
            self.root / "dvc.lock", "dvc.lock", schema.lock_file
        ).get("stages", {})
        return found
