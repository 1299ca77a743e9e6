"""The declared outs of a lesson's stage, beside what its command writes."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal

from dvcstate import Stage
from dvcstate.model import Out
from grader.code.stage_code import words_of
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.stages.paths import (
    command_outs,
    command_paths,
    covers,
    lesson_paths,
    paths_overlap,
)
from grader.stages.storage import outs_with_code
from workshop.stages import STAGES, StageOut, StageSpec


def section_of(out: Out) -> str:
    """The section of dvc.yaml that an out is declared in."""
    return "metrics" if out.metric else "plots" if out.plot else "outs"


def declared_outs(stage: Stage) -> dict[str, StageOut]:
    """The outs of ``stage`` as it declares them; no option of its command names them."""
    kinds: dict[str, Literal["metric", "plot"]] = {"metrics": "metric", "plots": "plot"}
    return {
        out.path: StageOut("", out.path, kind=kinds.get(section_of(out), "out"), cached=out.cache)
        for out in stage.outs
    }


class StageOuts:
    """The declared outs of ``stage`` beside what ``command``, which is the right one, writes."""

    def __init__(
        self,
        repository: Repository,
        snapshot: Snapshot,
        stage: Stage,
        spec: StageSpec,
        command: str | list[str] | None,
        written: dict[str, StageOut] | None = None,
    ) -> None:
        if written is not None:
            self.written = written
        self.stage, self.spec, self.command = stage, spec, command
        self._repository, self._snapshot = repository, snapshot
        self._code = snapshot.code(spec)
        self._right = stage._replace(cmd=command)

    @cached_property
    def written(self) -> dict[str, StageOut]:
        """What the command writes, by path."""
        return command_outs(self._repository, self._right, self._code)

    @cached_property
    def with_code(self) -> list[str]:
        """The outs with code in them: DVC deletes outs before a run."""
        modules = self._code.imported()
        known = outs_with_code(self._repository, self.stage)
        return [
            out.path
            for out in self.stage.outs
            if out.path in known or any(covers(out.path, path) for path in modules)
        ]

    @cached_property
    def unwritten(self) -> list[str]:
        """The outs that nothing shows the command to write: neither options, code nor a run."""
        return [out.path for out in self.stage.outs if not self._is_written(out)]

    def _is_written(self, out: Out) -> bool:
        if out.place is None or not out.inside:
            return True
        if any(paths_overlap(out.path, path) for path in self.written):
            return True
        has_run = bool(out.recorded.md5) and not self.stage.command_changed
        if has_run and self.command == self.stage.cmd:
            return True
        return out.path in words_of(self.command) or self._is_named_in_code(out.path)

    def _is_named_in_code(self, path: str) -> bool:
        """Whether a module has the path, or the name of a file, in quotes."""
        name = path.rpartition("/")[2]
        names = [path, name] if "." in name else [path]
        quoted = re.compile(rf"[\"'](?:[^\"'\n]*/)?(?:{'|'.join(map(re.escape, names))})[\"']")
        texts = (self._snapshot.text(module) or "" for module in self._code.imported())
        return any(quoted.search(text) for text in texts)

    @cached_property
    def wide(self) -> list[str]:
        """The outs around what the command writes, and around what another stage writes too."""
        others = [
            path
            for spec in STAGES
            if spec is not self.spec
            for path in self._paths_of(spec, self._snapshot.stage(spec))
        ]
        return [
            out.path
            for out in self.stage.outs
            if out.path not in self.written
            and any(covers(out.path, path) for path in self.written)
            and any(covers(out.path, path) for path in others)
        ]

    def _paths_of(self, spec: StageSpec, stage: Stage | None) -> Iterator[str]:
        """What the stage of another lesson writes; also one that is not declared yet."""
        if stage is None:
            yield from lesson_paths(spec, spec.writes)
        else:
            code = self._snapshot.code(spec)
            yield from command_paths(self._repository, stage, code, spec.writes)

    @cached_property
    def read(self) -> list[str]:
        """The outs that the command reads, and does not write."""
        reads = self._paths(self.spec.reads)
        return [o.path for o in self.stage.outs if o.path in reads and o.path not in self.written]

    @cached_property
    def wrong(self) -> list[str]:
        """Every out that is none of the stage's."""
        wrong = [*self.with_code, *self.unwritten, *self.wide, *self.read]
        return list(dict.fromkeys(wrong))

    @cached_property
    def undeclared(self) -> dict[str, StageOut]:
        """What the command writes, and no right out takes in."""
        return self.undeclared_beside(o for o in self.stage.outs if o.path not in self.wrong)

    def undeclared_beside(self, outs: Iterable[Out]) -> dict[str, StageOut]:
        """What the command writes, and none of ``outs`` takes in."""
        declared = [out.path for out in outs]
        return {
            path: out
            for path, out in self.written.items()
            if not any(covers(known, path) for known in declared)
        }

    @cached_property
    def plain_results(self) -> dict[str, StageOut]:
        """Metrics and plots that are declared as plain outs, by path."""
        project = self._snapshot.project
        shown = {*project.metrics, *project.plots}
        return {
            path: out
            for path, out in self.written.items()
            if out.advise_kind
            and not any(covers(other, path) for other in shown)
            and any(covers(own.path, path) for own in self.stage.outs)
        }

    def removed(self) -> dict[str, tuple[str, ...]]:
        """The outs that go, by their section: what is wrong, and what moves to another one."""
        moved = self.plain_results
        removed: dict[str, tuple[str, ...]] = {}
        for out in self.stage.outs:
            if out.path in self.wrong or out.path in moved:
                section = section_of(out)
                removed[section] = (*removed.get(section, ()), out.path)
        return removed

    def _paths(self, options: tuple[str, ...]) -> list[str]:
        return [*command_paths(self._repository, self._right, self._code, options)]
