"""A stage that no lesson asks for, beside what its code reads and writes.

Python is read and never run: what a path or a key is made of while the code runs, nobody can tell,
and it is passed over. Every finding on the stage proposes the same ``change``.
"""

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal

from dvcstate import ProjectError, Stage
from dvcstate.model import Out
from dvcstate.params import params_file
from grader.code.command import Call, join, script
from grader.code.data_files import OWN_FOLDER
from grader.code.module import module
from grader.code.stage_code import StageCode, option_values
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot, is_code_file
from grader.stages.declared_params import has_key, undeclared_keys, unknown_keys
from grader.stages.paths import covers, is_around, paths_overlap
from grader.stages.stage_change import Change, NewOut
from grader.stages.stage_outs import section_of
from grader.stages.storage import files_at_head
from grader.stages.unread import find_unread
from workshop.stages import PARAMS_FILE

_METRICS_NAMES = ("metric", "score", "result", "eval")
_METRICS_ENDS = (".json", ".yaml", ".yml", ".toml")
_MOST_METRICS = 200
"""A file of more numbers is data: a vocabulary, weights."""
_TEXTS = (".md", ".rst", ".log")
"""What a script may write for people: it is no result that another stage reads."""


class OwnStage:
    """What ``stage`` lacks, kind by kind, and all of it as a change."""

    def __init__(self, repository: Repository, snapshot: Snapshot, stage: Stage) -> None:
        self.stage = stage
        self._repository, self._snapshot = repository, snapshot

    @cached_property
    def change(self) -> Change:
        """All that the declaration needs; empty where nothing is known to be wrong."""
        moved = tuple(NewOut(out.path, "metrics", cache=False) for out in self.misplaced_metrics)
        remove = {
            "deps": tuple(self._deps_around_all()),
            "params": tuple(self.unknown_params),
            **{
                section: tuple(o.path for o in self.misplaced_metrics if section_of(o) == section)
                for section in ("outs", "plots")
            },
        }
        return Change(
            deps=(*self.undeclared_modules, *self.undeclared_data),
            params=tuple(self.undeclared_params),
            outs=(*moved, *self.undeclared_outs),
            remove={section: entries for section, entries in remove.items() if entries},
        )

    def _deps_around_all(self) -> Iterator[str]:
        """The deps that are the repository itself, or around it, as DVC and dvc.yaml name them."""
        root = self._repository.root
        for dep in self.stage.deps:
            if dep.place and is_around(root, dep.place):
                yield dep.path
                yield Path(os.path.relpath(dep.place, root / self.stage.wdir)).as_posix()

    @cached_property
    def undeclared_modules(self) -> list[str]:
        """The repository's code that the stage runs, and that is in no dep."""
        programs = find_unread(self._repository, self.stage)
        return [
            path
            for path in (*self._snapshot.modules_of(self.stage), *programs)
            if not any(covers(dep.path, path) for dep in self.stage.deps)
            and path not in self._params_files  # params.py, by its keys
        ]

    @cached_property
    def undeclared_data(self) -> list[str]:
        """The data that the stage reads, and that no dep has to do with.

        What a stage or a .dvc file makes, where the command names it or the code opens it; files
        of git where the code opens them.
        """
        named = [path for path in self._words if self._is_made_elsewhere(path)]
        opened = [path for path in self.opened if self._is_made_elsewhere(path)]
        opened += [path for path in self.opened if self._is_data_in_git(path)]
        known = [*self._params_files, *(dep.path for dep in self.stage.deps)]
        known += [out.path for out in self.stage.outs]
        return [
            path
            for path in dict.fromkeys([*named, *opened])
            if not any(paths_overlap(other, path) for other in known)
        ]

    @cached_property
    def undeclared_params(self) -> list[str]:
        """The keys of params.yaml that the stage's own modules read, and that it does not declare.

        Not those of modules that it imports: other stages may use these too.
        """
        folders = {join(self.stage.wdir, call.folder) for call, _ in self._codes}
        if folders != {""}:  # which has a params.yaml of its own
            return []
        read = dict.fromkeys(key for _, code in self._own_codes for key in code.params())
        there = [key for key in read if has_key(self._snapshot, PARAMS_FILE, key)]
        return undeclared_keys(self._snapshot, self.stage, there)

    @cached_property
    def unknown_params(self) -> list[str]:
        """The declared keys of the first params file that lacks some."""
        files = (unknown_keys(self._snapshot, file) for file in self.stage.params)
        return next(filter(None, files), [])

    @cached_property
    def misplaced_metrics(self) -> list[Out]:
        """The files of numbers that are no metrics: ``dvc metrics show`` does not find them."""
        metrics = self._snapshot.project.metrics
        return [
            out
            for out in self.stage.outs
            if section_of(out) != "metrics"
            and not any(paths_overlap(out.path, path) for path in metrics)
            and self._is_metrics(out.path)
        ]

    @cached_property
    def undeclared_outs(self) -> list[NewOut]:
        """What the stage's own modules write, and neither an out nor a .gitignore has."""
        project = self._snapshot.project
        outs = [out.path for stage in project.stages for out in stage.outs]
        outs += [*project.metrics, *project.plots]  # those at the top of dvc.yaml are git's
        return [
            NewOut(path, "metrics", cache=False) if self._is_metrics(path) else NewOut(path)
            for path in self._written
            if (self._repository.root / path).is_file()
            and not path.endswith(_TEXTS)
            and not is_code_file(path)
            and not any(paths_overlap(out, path) for out in outs)
            and not self._repository.ignores(path)
        ]

    @cached_property
    def _codes(self) -> list[tuple[Call, StageCode]]:
        return [*self._snapshot.codes_of(self.stage)]

    @cached_property
    def _own_codes(self) -> list[tuple[Call, StageCode]]:
        """The same without scripts of several stages: what each reads there, nobody can tell."""
        users = self._snapshot.script_users
        return [(call, code) for call, code in self._codes if users[code.entry] == 1]

    @cached_property
    def _params_files(self) -> list[str]:
        return [PARAMS_FILE, *(file.path for file in self.stage.params)]

    @cached_property
    def _words(self) -> list[str]:
        """The words of the command that may be paths, from the root on."""
        return [
            path
            for call, _ in self._codes
            for argument in call.words
            for word in (argument, argument.partition("=")[2])
            if (path := self._from_root(call, word))
        ]

    @cached_property
    def opened(self) -> list[str]:
        """The paths of files that the stage's own modules read, from the root on."""
        return list(dict.fromkeys(self._paths("opened")))

    @cached_property
    def _written(self) -> list[str]:
        return list(dict.fromkeys(self._paths("written")))

    def _paths(self, name: Literal["opened", "written"]) -> Iterator[str]:
        """The paths of files that the stage's own modules read or write, from the root on."""
        for call, code in self._own_codes:
            run = script(call.words)
            given = option_values(run.arguments) if run else {}
            for text in code.own():
                own = module(code.text(text))
                for path in getattr(own, name):
                    first, slash, rest = path.partition("/")
                    if first == OWN_FOLDER:
                        found = join(text.rpartition("/")[0], rest)
                    else:
                        value = given.get(first) or own.defaults.get(first, "")
                        found = self._from_root(call, f"{value}{slash}{rest}" if value else path)
                    if found and not found.startswith(".."):
                        yield found

    def _from_root(self, call: Call, path: str) -> str:
        """``path`` of a call from the root on; empty where it is none in the repository."""
        if not path or path.startswith(("-", "/", "~", "$")) or "://" in path or ":\\" in path:
            return ""
        path = join(join(self.stage.wdir, call.folder), path.replace("\\", "/"))
        return "" if path.startswith("..") else path

    def _is_made_elsewhere(self, path: str) -> bool:
        """Whether a .dvc file or a stage that does not follow from this one makes ``path``."""
        return any(covers(out, path) for out in self._outs_of_others)

    @cached_property
    def _outs_of_others(self) -> list[str]:
        project, own = self._snapshot.project, {self.stage.name}
        while new := {user for maker, user in project.edges if maker in own} - own:
            own |= new
        return [out.path for one in project.stages if one.name not in own for out in one.outs]

    def _is_data_in_git(self, path: str) -> bool:
        """Whether ``path`` is a file or folder that git has, or could have; and no code."""
        files = files_at_head(self._repository, path)
        if not files and (self._repository.root / path).is_file():
            files = [] if self._repository.ignores(path) else [path]
        return bool(files) and not any(map(is_code_file, files))

    def _is_metrics(self, path: str) -> bool:
        """Whether a file has the name of metrics, and numbers alone in it."""
        name = path.rpartition("/")[2].lower()
        if not name.endswith(_METRICS_ENDS) or not any(word in name for word in _METRICS_NAMES):
            return False
        try:
            values = [*_leaves(params_file.read(self._repository.root / path, path))]
        except (ProjectError, OSError, RecursionError):
            return False
        return 0 < len(values) <= _MOST_METRICS and all(map(_is_number, values))


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    else:
        yield value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
