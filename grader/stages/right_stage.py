"""A lesson's stage as dvc.yaml should declare it: by its command, its code and the folder.

Every finding on the stage proposes the same ``change``: a block that is typed takes back nothing
that another one wrote.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain

from dvcstate import Stage
from dvcstate.model import ParamsFile
from grader.close_names import close_names
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.stages import absent_deps, absent_reads
from grader.stages.commands import other_modules, right_command
from grader.stages.declared_params import undeclared_keys, unknown_keys
from grader.stages.lookup import code_deps, lesson_stages, producers
from grader.stages.lost_params import absent_keys
from grader.stages.paths import command_paths, covers, paths_overlap
from grader.stages.planted_faults import planted_names
from grader.stages.stage_change import Change, NewOut
from grader.stages.stage_outs import StageOuts, declared_outs
from grader.stages.unread import find_unread
from workshop.stages import PACKAGE, PARAMS_FILE, STAGES, StageOut, StageSpec


def new_outs(outs: Mapping[str, StageOut]) -> tuple[NewOut, ...]:
    """Outs in the section that the lesson declares them in."""
    return tuple(NewOut(path, f"{out.kind}s", out.cached) for path, out in outs.items())


class RightStage:
    """What is wrong with the declaration of ``stage``, kind by kind, and all of it as a change.

    Nothing is worked out before it is asked for: of a right stage, a check looks at its own part.
    """

    def __init__(
        self, repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
    ) -> None:
        self.stage, self.spec = stage, spec
        self._repository, self._snapshot = repository, snapshot
        self._code = snapshot.code(spec)

    @classmethod
    def of(
        cls, repository: Repository, snapshot: Snapshot, stage: Stage, spec: StageSpec
    ) -> "RightStage":
        """The one of a grade: ten checks ask about each stage, and half of them for the same."""
        # By its identity: the values of its params are in dicts. What is kept holds the stage.
        key = "right stage", id(stage), spec.name
        return snapshot.recall(lambda: cls(repository, snapshot, stage, spec), *key)

    @cached_property
    def unread(self) -> list[str]:
        """The scripts of a shell and the notebooks that the command runs in place of the module.

        What they read and write is not judged: only they themselves have to be deps.
        """
        if self._code.is_run_by(self.stage.cmd):
            return []
        return find_unread(self._repository, self.stage)

    @cached_property
    def change(self) -> Change:
        """All that the declaration needs; empty where it is right.

        What the lesson in progress has the attendee find stays.
        """
        return self.change_about(())

    def change_about(self, names: Iterable[str]) -> Change:
        """The same, with those of ``names`` that the lesson has the attendee find."""
        planted = planted_names(self._repository, self.spec.name).difference(names)
        if self.unread:
            return Change(
                deps=tuple(self.undeclared_modules),
                remove={"deps": tuple(self.absent_deps)} if self.absent_deps else {},
            )
        outs = self.outs.undeclared | self.outs.misplaced_results
        gone = [path for path in self._wrong_deps if path not in planted]
        remove = {
            "deps": tuple(gone),
            "params": (*self.needless_keys, *self._keys_of_others(), *self.wide_params),
            **self.outs.removed(),
        }
        left = {
            section: tuple(entry for entry in entries if entry not in planted)
            for section, entries in remove.items()
        }
        return Change(
            deps=tuple(path for path in self._new_deps(gone) if path not in planted),
            params=tuple(key for key in self._new_params() if key not in planted),
            outs=new_outs({path: out for path, out in outs.items() if path not in planted}),
            remove={section: entries for section, entries in left.items() if entries},
            command=None if self.command == self.stage.cmd else str(self.command),
        )

    @cached_property
    def command(self) -> str | list[str] | None:
        """The command that runs the lesson's module with all that it needs."""
        if self.unread:
            return self.stage.cmd
        return absent_reads.replace(self._runnable, self.absent_reads, self.spec)

    @cached_property
    def _runnable(self) -> str | list[str] | None:
        return right_command(self._snapshot, self.stage, self.spec)

    @cached_property
    def _right(self) -> Stage:
        """The stage with that command."""
        return self.stage._replace(cmd=self.command)

    @cached_property
    def absent_reads(self) -> dict[str, str]:
        """The options of the command with a path at which nothing is, and the path."""
        runnable = self.stage._replace(cmd=self._runnable)
        if self.unread:
            return {}
        return absent_reads.find(self._repository, self._snapshot, runnable, self._code)

    @cached_property
    def outs(self) -> StageOuts:
        """Its outs, and what is wrong with them."""
        written = declared_outs(self.stage) if self.unread else None
        parts = (self._repository, self._snapshot, self.stage, self.spec, self.command)
        return StageOuts(*parts, written)

    @cached_property
    def other_modules(self) -> list[str]:
        """The modules of other lessons that the command runs too."""
        return other_modules(self._snapshot, self.stage.cmd, self.spec)

    # ── deps ──

    @cached_property
    def undeclared_modules(self) -> list[str]:
        """The attendee's modules that the stage runs, and that are in no dep."""
        if self.unread:
            return self._undeclared(self.unread)
        return self._undeclared(self._code.imported())

    @cached_property
    def undeclared_data(self) -> list[str]:
        """The paths that the command reads, and that are in no dep."""
        if self.unread:
            return []
        return self._undeclared(self._paths(self.spec.reads))

    @cached_property
    def disconnected(self) -> dict[str, list[str]]:
        """The stages that make what this one reads and that no dep ties to it, and what of it."""
        if self.unread:
            return {}
        makers = producers(self._repository, self._snapshot, self._right, self.spec)
        edges = self._snapshot.project.edges
        return {
            maker: paths for maker, paths in makers.items() if (maker, self.stage.name) not in edges
        }

    @cached_property
    def absent_deps(self) -> list[str]:
        """The deps that are nowhere: dvc repro stops at them.

        The lesson's own data too, where the command reads it from another folder.
        """
        makers = {path.path for spec in STAGES for path in spec.outs}
        lesson = {path.path for path in self.spec.deps} - makers
        others = lesson.difference(self._paths(self.spec.reads))
        return absent_deps.find(self._repository, self._snapshot, self.stage, others)

    @cached_property
    def own_outs_among_deps(self) -> list[str]:
        """The deps in or around what this stage, or a later lesson's, makes: a circle."""
        reads = self._paths(self.spec.reads)
        if self.unread:
            return []
        later = [
            out.path
            for name, other in lesson_stages(self._snapshot).items()
            if name != self.stage.name and self._is_later(other)
            for out in other.outs
        ]
        return [
            dep.path
            for dep in self.stage.deps
            if dep.path not in reads
            and any(paths_overlap(dep.path, path) for path in (*self.outs.written, *later))
        ]

    def _is_later(self, other: Stage) -> bool:
        names = [spec.name for spec in STAGES if self._snapshot.stage(spec) == other]
        order = [spec.name for spec in STAGES]
        return bool(names) and order.index(names[0]) > order.index(self.spec.name)

    @cached_property
    def wide_deps(self) -> dict[str, list[str]]:
        """The deps around what the stage reads, and some of what else is in them.

        The code of all stages, where a stage has a folder of its own; the params of all stages; a
        folder with outs that the stage does not read. A circle is reported as such.
        """
        if self.unread:
            return {}
        deps = [dep.path for dep in self.stage.deps if dep.path not in self.own_outs_among_deps]
        others = {path: self._needless_in(path) for path in deps}
        return {path: needless for path, needless in others.items() if needless}

    def _needless_in(self, dep: str) -> list[str]:
        """What is in ``dep``, beside what the stage reads of it."""
        if dep == PACKAGE and self._code.entry.startswith(f"{self.spec.code_dir}/"):
            return [spec.code_dir for spec in STAGES if spec is not self.spec]
        if dep == PARAMS_FILE:
            return [
                section for spec in STAGES if spec is not self.spec for section in spec.sections
            ]
        reads = [path for path in self._paths(self.spec.reads) if covers(dep, path)]
        if not reads or dep in reads:
            return []
        outs = [out.path for stage in self._snapshot.project.stages for out in stage.outs]
        inside = [path for path in outs if path != dep and covers(dep, path)]
        return [path for path in inside if not any(paths_overlap(path, read) for read in reads)]

    @cached_property
    def wide_params(self) -> list[str]:
        """params.yaml where the stage declares all of it: the params of every stage."""
        files = () if self.unread else self.stage.params
        return [file.path for file in files if file.path == PARAMS_FILE and not file.keys]

    @cached_property
    def _narrow(self) -> Stage:
        """The stage without what is too wide."""
        deps = tuple(dep for dep in self.stage.deps if dep.path not in self.wide_deps)
        params = tuple(file for file in self.stage.params if file.path not in self.wide_params)
        return self.stage._replace(deps=deps, params=params)

    @cached_property
    def _wrong_deps(self) -> list[str]:
        """The deps that go; those of the other modules too, where the command runs several."""
        others: list[str] = []
        if self.other_modules:
            needed = [*self._code.imported(), *self._paths(self.spec.reads)]
            others = [
                dep.path
                for dep in self.stage.deps
                if not any(paths_overlap(dep.path, path) for path in needed)
            ]
        wrong = [*self.absent_deps, *self.own_outs_among_deps, *self.wide_deps, *others]
        return list(dict.fromkeys(wrong))

    def _new_deps(self, gone: Collection[str]) -> Iterator[str]:
        stage = self.stage._replace(deps=tuple(d for d in self.stage.deps if d.path not in gone))
        kept = [dep.path for dep in stage.deps]
        needed = [*self._code.imported(), *self._paths(self.spec.reads)]
        own = self._code.own()
        modules = [path for path in needed if not any(covers(dep, path) for dep in kept)]
        modules.sort(key=lambda path: path not in own)
        new = code_deps(stage, modules)
        meant = [self._meant(path) for path in self.absent_deps]
        both = dict.fromkeys([*new, *(path for path in meant if path)])
        yield from (path for path in both if not any(covers(dep, path) for dep in kept))

    def _meant(self, absent: str) -> str:
        """The file that an absent dep may mean, where the command and the code read none like it.

        Empty where there is none, where it is a param, and where it is an out of this stage.
        """
        needed = [*self._code.imported(), *self._paths(self.spec.reads)]
        folders = code_deps(None, needed)
        if absent in self.params_among_deps or close_names(absent, folders):
            return ""
        meant = absent_deps.meant_path(self._repository, self._snapshot, absent)
        return "" if meant in {out.path for out in self.stage.outs} else meant

    # ── params ──

    @cached_property
    def undeclared_params(self) -> list[str]:
        """The params that the stage's own modules read, and that it does not declare."""
        keys = [] if self.unread else self._code.params()
        return undeclared_keys(self._snapshot, self.stage, keys)

    @cached_property
    def undeclared_params_below(self) -> list[str]:
        """The same of the modules that it imports."""
        keys = [] if self.unread else self._code.params_below()
        return undeclared_keys(self._snapshot, self.stage, keys)

    @cached_property
    def needless_keys(self) -> list[str]:
        """The declared keys that no file has and no code reads: dvc repro stops at them."""
        read = [*self._code.params(), *self._code.params_below()]
        return [
            key
            for file in self.stage.params
            for key in unknown_keys(self._snapshot, file)
            if not any(_is_within(other, key) or _is_within(key, other) for other in read)
        ]

    @cached_property
    def params_among_deps(self) -> dict[str, str]:
        """The absent deps that are params which the code reads, and the key of each."""
        read = [*self._code.params(), *self._code.params_below()]
        keys = {path: absent_deps.key_of(self._snapshot, path) for path in self.absent_deps}
        return {
            path: key
            for path, key in keys.items()
            if key and any(_is_within(other, key) for other in read)
        }

    def _keys_of_others(self) -> list[str]:
        """The declared keys that other modules of the command read, and this one does not."""
        if not self.other_modules:
            return []
        read = [*self._code.params(), *self._code.params_below()]
        declared = [key for file in self.stage.params for key in file.keys]
        return [
            key
            for key in declared
            if key not in self.needless_keys
            and not any(_is_within(other, key) or _is_within(key, other) for other in read)
        ]

    def keys_meant(self, unknown: Iterable[str], file: ParamsFile) -> list[str]:
        """The keys or sections that the code reads, and that ``unknown`` look like."""
        read = [*self._code.params(), *self._code.params_below()]
        known = dict.fromkeys([*read, *(key.partition(".")[0] for key in read)])
        names = known if file.path == PARAMS_FILE else {}
        return [*chain(*(close_names(key, names, 0.7) for key in unknown))]

    def _new_params(self) -> list[str]:
        """What the code reads and the file has; a section where a misspelt one stood."""
        read = [*self._code.params(), *self._code.params_below()]
        keys = undeclared_keys(self._snapshot, self._narrow, read)
        absent = absent_keys(self._snapshot, self.stage, keys)
        keys = [key for key in keys if key not in absent]
        meant = [
            key for file in self.stage.params for key in self.keys_meant(self.needless_keys, file)
        ]
        new = undeclared_keys(
            self._snapshot, self._narrow, [*self.params_among_deps.values(), *meant]
        )
        rest = [key for key in keys if not any(_is_within(key, other) for other in new)]
        return list(dict.fromkeys([*new, *rest]))

    # ── what both need ──

    def _paths(self, options: tuple[str, ...]) -> list[str]:
        return [*command_paths(self._repository, self._right, self._code, options)]

    def _undeclared(self, paths: Iterable[str]) -> list[str]:
        deps = [dep.path for dep in self.stage.deps]
        return [path for path in paths if not any(covers(dep, path) for dep in deps)]


def _is_within(key: str, section: str) -> bool:
    """Whether ``key`` is ``section``, or below it."""
    return f"{key}.".startswith(f"{section}.")
