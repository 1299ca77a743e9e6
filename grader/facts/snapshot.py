"""A snapshot of a repository: what is committed (HEAD), or what is in the worktree."""

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, TypeVar

from dvcstate import Project, ProjectError, Stage
from dvcstate.config.dvc_config import Sections, sections_of
from grader.code.command import Call, calls, script, unread_programs
from grader.code.stage_code import StageCode
from grader.facts.files import Files
from workshop.stages import STAGES, StageSpec

Revision = Literal["HEAD", "worktree"]
_Answer = TypeVar("_Answer")

_METADATA_ENDS = (
    ".dvc", ".yaml", ".yml", ".toml", ".json", ".py",
    "/.dvc/config", "/.dvcignore", "/.gitignore", "/.gitattributes", "/dvc.lock",
)  # fmt: skip


_PROGRAMS = (".py", ".ipynb", ".sh", ".ps1", ".R")
_SETTINGS = ("params.yaml", "dvc.yaml", "dvc.lock", "workshop.toml", ".dvcignore", ".gitattributes")


def is_code_file(path: str) -> bool:
    """Whether ``path`` is a program, or a file of DVC's or of params, which no run writes."""
    return path.endswith(_PROGRAMS) or path.rpartition("/")[2] in _SETTINGS


def is_metadata_file(path: str) -> bool:
    """Whether ``path`` may be a file of DVC's, of params or of settings, or code of a stage."""
    return f"/{path}".endswith(_METADATA_ENDS)


def is_dvc_file(path: str) -> bool:
    """Whether ``path`` is a file of DVC's own, or of params."""
    return path.endswith((".dvc", "dvc.yaml", "dvc.lock", "params.yaml")) or ".dvc" in path


def remotes_in(sections: Sections) -> Mapping[str, Mapping[str, str]]:
    """The options of each remote in a config file, by name; a section is 'remote "workshop"'."""
    return {
        section.partition('"')[2].rstrip('"'): options
        for section, options in sections.items()
        if section.startswith("remote ")
    }


class Snapshot:
    """The files of one revision, by path from the root of the DVC repository, and what they say.

    ``files`` are those of the repository itself, or of an export of HEAD.
    ``read_project`` is called at most once, when a check first asks for the stages. ``is_foreign``:
    `grader start` did not make the repository, and no stage of it is a lesson's.
    """

    def __init__(
        self,
        revision: Revision,
        files: Files,
        read_project: Callable[[], Project],
        is_foreign: Callable[[], bool] = lambda: False,
    ) -> None:
        self.revision: Revision = revision
        self.root = files.root
        self._read_project = read_project
        self._is_foreign = is_foreign
        self._files = files
        self._stages: dict[str, Stage | None] = {}
        self._answers: dict[Hashable, Any] = {}

    def recall(self, find: Callable[[], _Answer], *key: Hashable) -> _Answer:
        """What ``find`` returns, which is asked once a ``key``: a snapshot stays as it is."""
        if key not in self._answers:
            self._answers[key] = find()
        answer: _Answer = self._answers[key]
        return answer

    def content(self, path: str) -> bytes | None:
        """The bytes of the small file ``path``; None where there is none, or no small one."""
        return self._files.content(path)

    def text(self, path: str) -> str | None:
        """The same as text with plain line ends; None where it is none."""
        return self._files.text(path)

    def line(self, path: str, *words: str) -> int | None:
        """The first line of ``path`` that holds the last of ``words`` after those before it."""
        left = list(words)
        for number, line in enumerate((self.text(path) or "").splitlines(), 1):
            if left and left[0] in line:
                left.pop(0)
                if not left:
                    return number
        return None

    def md5(self, path: str) -> str | None:
        """The md5 of a file that git tracks, as DVC records it; None where it is not there."""
        content = self.content(path)
        if content is None:
            return None
        return hashlib.md5(content, usedforsecurity=False).hexdigest()

    def params(self, path: str) -> Any:
        """What the params file ``path`` holds, which nobody changes; a FileError without one."""
        from dvcstate.params import params_file

        return self.recall(lambda: params_file.read(self.root / path, path), "params", path)

    @cached_property
    def project(self) -> Project:
        """The stages; a ProjectError where the files don't say which."""
        return self._read_project()

    @cached_property
    def is_unreadable(self) -> bool:
        """Whether the files do not say which stages there are."""
        try:
            _ = self.project
            return False
        except ProjectError:
            return True

    @cached_property
    def config(self) -> Sections:
        """``.dvc/config`` alone; a ConfigError where it is broken."""
        return sections_of(self.root / ".dvc" / "config", self.root)

    @cached_property
    def remotes(self) -> Mapping[str, Mapping[str, str]]:
        """The options of each remote in ``.dvc/config``, by name."""
        return remotes_in(self.config)

    @property
    def default_remote(self) -> str | None:
        """The name in ``core.remote`` of ``.dvc/config``."""
        return self.config.get("core", {}).get("remote")

    def stage(self, spec: StageSpec) -> Stage | None:
        """The attendee's stage for a lesson: by what it runs, else by its name."""
        if self._is_foreign():
            return None
        if spec.name not in self._stages:
            self._stages[spec.name] = self._find_stage(spec)
        return self._stages[spec.name]

    def _find_stage(self, spec: StageSpec) -> Stage | None:
        stages = [stage for stage in self.project.stages if stage.cmd]
        by_code = [stage for stage in stages if self._is_owned_by(stage, spec)]
        by_name = [stage for stage in stages if stage.name.rpartition(":")[2] == spec.name]
        by_both = [stage for stage in by_code if stage in by_name]
        if found := by_both or by_code or by_name:
            return found[0]
        # A script or a notebook is not read: what it makes says which lesson's it is.
        made = {out.path for out in spec.outs}
        scripts = [stage for stage in stages if unread_programs(stage.cmd)]
        by_outs = (s for s in scripts if made.intersection(out.path for out in s.outs))
        return next(by_outs, None)

    def _is_owned_by(self, stage: Stage, spec: StageSpec) -> bool:
        """Whether the stage runs the lesson's module: of several that of its name, or the first."""
        # By the command alone: where its code lies follows from which stage it is.
        if not self._files.code(spec).is_run_by(stage.cmd):
            return False
        specs = [other for other in STAGES if self._files.code(other).is_run_by(stage.cmd)]
        named = [other for other in specs if other.name == stage.name.rpartition(":")[2]]
        return spec in (named or specs)[:1]

    def code(self, spec: StageSpec) -> StageCode:
        """The code of a lesson's stage, where its command has it; it is read and never run."""
        try:
            stage = self.stage(spec)
        except ProjectError:  # which init.readable reports
            stage = None
        return self._files.code(spec, stage)

    def codes_of(self, stage: Stage) -> Iterator[tuple[Call, StageCode]]:
        """Each call of Python in the command of any stage, and the code that it runs."""
        for call in calls(stage.cmd):
            run = script(call.words)
            if run:
                path = run.name.replace("/", ".").removesuffix(".__main__.py").removesuffix(".py")
                spec = StageSpec(path.rpartition(".")[2], deps=(), outs=())
                yield call, self._files.code(spec, stage)

    @cached_property
    def script_users(self) -> Mapping[str, int]:
        """How many stages run each script."""
        commands = [stage for stage in self.project.stages if stage.cmd]
        return Counter(
            entry
            for stage in commands
            for entry in {code.entry for _, code in self.codes_of(stage)}
        )

    def modules_of(self, stage: Stage) -> list[str]:
        """The repository's own modules that the command of any stage runs, as paths."""
        codes = (code for _, code in self.codes_of(stage))
        return list(dict.fromkeys(path for code in codes for path in code.imported()))

    @cached_property
    def lock(self) -> Mapping[str, Any]:
        """What ``dvc.lock`` says of each stage, by name; empty where there is none."""
        from dvcstate.documents import reader, schema

        if self.content("dvc.lock") is None:
            return {}
        lock = reader.read(self.root / "dvc.lock", "dvc.lock", schema.lock_file)
        stages: Mapping[str, Any] = lock.get("stages", {})
        return stages
