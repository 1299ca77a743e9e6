"""A snapshot of a repository: what is committed (HEAD), or what is in the worktree."""

import fnmatch
import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal

from dvcstate import Project, Stage
from dvcstate.config.dvc_config import Sections, sections_of
from grader.code.stage_code import StageCode
from grader.facts.files import Files
from workshop.stages import StageSpec

Revision = Literal["HEAD", "worktree"]

TEXTS = ("*.dvc", "*.yaml", "*.yml", "*.toml", "*.json", "*.py", "*/.dvc/config")
TEXT_NAMES = frozenset((".dvcignore", ".gitignore", "dvc.lock", ".dvc/config"))


def is_metadata_file(path: str) -> bool:
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


class Snapshot:
    """The files of one revision, by path from the root of the DVC repository, and what they say.

    ``files`` are those of the repository itself, or of an export of HEAD.
    ``read_project`` is called at most once, when a check first asks for the stages.
    """

    def __init__(self, source: Revision, files: Files, read_project: Callable[[], Project]) -> None:
        self.source: Revision = source
        self.root = files.root
        self._read_project = read_project
        self._files = files
        self._stages: dict[str, Stage | None] = {}

    def content(self, path: str) -> bytes | None:
        """The bytes of the small file ``path``; None where there is none, or no small one."""
        return self._files.content(path)

    def text(self, path: str) -> str | None:
        """The same as text with plain line ends; None where it is none."""
        return self._files.text(path)

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
        return self._read_project()

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

    def stage(self, spec: StageSpec) -> Stage | None:
        """The attendee's stage for a lesson: by what it runs, else by its name."""
        if spec.name not in self._stages:
            self._stages[spec.name] = self._find_stage(spec)
        return self._stages[spec.name]

    def _find_stage(self, spec: StageSpec) -> Stage | None:
        stages = [stage for stage in self.project.stages if stage.cmd]
        running = [one for one in stages if self.code(spec).is_run_by(one.cmd)]
        named = [one for one in stages if one.name.rpartition(":")[2] == spec.name]
        both = [one for one in running if one in named]
        return next(iter(both or running or named), None)

    def code(self, spec: StageSpec) -> StageCode:
        """The code of a lesson's stage, which is read and never run."""
        return self._files.code(spec)

    @cached_property
    def lock(self) -> Mapping[str, Any]:
        """What ``dvc.lock`` says of each stage, by name; empty where there is none."""
        from dvcstate.documents import reader, schema

        if self.content("dvc.lock") is None:
            return {}
        found: Mapping[str, Any] = reader.read(
            self.root / "dvc.lock", "dvc.lock", schema.lock_file
        ).get("stages", {})
        return found
