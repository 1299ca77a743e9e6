"""One repository, looked at again and again: what was read and hashed is remembered in between."""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dvcstate import repository
from dvcstate.documents import document, regular_file
from dvcstate.dvcignore import DvcIgnore
from dvcstate.hashes import hash_store
from dvcstate.hashes.changed_paths import Everything, PlaceIndex, Touched
from dvcstate.hashes.hash_store import HashStore
from dvcstate.hashes.input_stamps import Inputs
from dvcstate.hashes.object_cache import ObjectCache
from dvcstate.hashes.worktree import Worktree
from dvcstate.judgement import Judge, in_order, state
from dvcstate.model import Dep, Out, ParamsFile, Project, ProjectState, Reason, Stage, StageState
from dvcstate.params.params_cache import ParamsMemory
from dvcstate.stages import stage_graph
from dvcstate.stages.collection import Collector

if TYPE_CHECKING:
    from dvcstate.dvc.external_deps import Answer, Answers


class Workspace:
    """The repository whose root is ``root``; it may come and go.

    ``store`` None keeps hashes in memory alone.
    """

    def __init__(
        self, root: Path, store: Path | str | None = "user", workers: int | None = None
    ) -> None:
        self.root = Path(os.path.abspath(root))
        path = hash_store.store_path(self.root) if store == "user" else store
        self._store = HashStore(Path(path) if path else None)
        self._worktree = Worktree(self._store, workers)
        self._caches: dict[Path, ObjectCache] = {}
        self._params = ParamsMemory()
        self._known: _Known | None = None
        self._reasons: dict[str, tuple[Reason, ...]] = {}

    def project(self) -> Project:
        """What the files of the repository say, without a look at any data."""
        self._read()
        return self._current.project

    def state(
        self,
        touched: Touched | None = None,
        *,
        read: bool = True,
        ask_s: float = 0,
        trusted: bool = True,
    ) -> ProjectState:
        """The state of every stage, now.

        ``touched``: who watched the repository since the last look says what may have changed.
        ``read`` false: what ``project`` has read this moment is not read once more.
        ``ask_s``: how long the answer on what lies elsewhere is waited for; 0 asks nobody.
        ``trusted``: the repository is one's own, so that asking may run what its config names.
        """
        before = self._known
        ignore = self._read() if read else DvcIgnore(str(self.root))
        known = self._current
        touched = touched or Everything()
        if known is not before or touched.affects(str(known.project.cache_dir)):
            touched = Everything()  # one object of the cache may be part of any out
        if touched.everything:
            self._reasons = {}
        with _asking(known.project, ask_s, trusted) as answers:
            self._reasons |= self._judged(known, ignore, touched)
            self._store.save()
            return self._summed_up(known.project, answers())

    def md5_of(self, place: Path) -> str | None:
        """The hash of what lies at ``place`` as ``state`` saw it, None where nothing does."""
        if not place.exists():
            return None
        wanted = str(place), "md5"
        return self._worktree.hashes([wanted])[wanted].md5

    def _judged(
        self, known: "_Known", ignore: DvcIgnore, touched: Touched
    ) -> dict[str, tuple[Reason, ...]]:
        """The reasons of the stages that may have others than at the last look."""
        project = known.project
        cache = self._caches.setdefault(project.cache_dir, ObjectCache(project.cache_dir))
        self._worktree.begin(ignore, touched)
        stages: Sequence[Stage] = known.found
        if not touched.everything and not known.by_dvc2:
            names = known.index.affected(touched)
            stages = [stage for stage in stages if stage.name in names]
        return Judge(ignore, cache, self._worktree, self._params, touched).reasons(stages)

    def _summed_up(self, project: Project, answers: "Answers") -> ProjectState:
        reasons = self._reasons | {
            name: _with_answer(self._reasons[name], answer) for name, answer in answers.items()
        }
        states = {one.name: state(one, reasons[one.name]) for one in project.stages}
        stale_above = stage_graph.upstream_stale(states, project.edges)
        stages = tuple(
            StageState(
                one,
                states[one.name],
                reasons[one.name],
                one.name in stale_above,
                tuple(sorted(set(answers[one.name].unanswered))) if one.name in answers else (),
            )
            for one in project.stages
        )
        return ProjectState(project, stages, _lock_md5(self.root), _now())

    @property
    def _current(self) -> "_Known":
        assert self._known is not None  # noqa: S101 - _read has just been called
        return self._known

    def _read(self) -> DvcIgnore:
        """Read again only where a file that was read, or a folder that was searched, changed."""
        if self._known and self._known.inputs.unchanged():
            return DvcIgnore(str(self.root))
        started = time.time_ns()
        found = repository.find(self.root)
        collector = Collector(found)
        stages = collector.stages()
        inputs = [*collector.read, *map(str, repository.settings_files(self.root))]
        edges = stage_graph.edges(stages)
        project = Project(
            self.root,
            tuple(stage_graph.ordered(stages, edges)),
            edges,
            found.cache_dir,
            _with_outs(collector.metrics, (o for s in stages for o in s.outs if o.metric)),
            _with_outs(collector.plots, (o for s in stages for o in s.outs if o.plot)),
        )
        self._known = _Known(
            Inputs(inputs, started),
            project,
            tuple(stages),
            PlaceIndex(_places(stages)),
            any(_by_dvc2(stage) for stage in stages),
        )
        return found.dvcignore


@dataclass(frozen=True)
class _Known:
    """What was read from the files of the project, and what it was read from.

    ``found`` are the stages in the order in which DVC comes to them. ``by_dvc2``: some folder is
    recorded by DVC 2, and there the verdict on one stage may depend on the stages before it.
    """

    inputs: Inputs
    project: Project
    found: tuple[Stage, ...]
    index: PlaceIndex
    by_dvc2: bool


@contextlib.contextmanager
def _asking(project: Project, ask_s: float, trusted: bool) -> "Iterator[Callable[[], Answers]]":
    """Begin to ask about what lies elsewhere; the answers come when they are called for."""
    stages = [stage for stage in project.stages if stage.elsewhere]
    if not stages:
        yield dict
        return
    from dvcstate.dvc import external_deps  # and subprocess with it

    if not ask_s:
        yield lambda: external_deps.not_asked(stages)
        return
    with external_deps.Question(project.root, stages, ask_s, trusted) as question:
        yield question.answers


def _with_answer(reasons: tuple[Reason, ...], answer: "Answer") -> tuple[Reason, ...]:
    found = [*reasons, *answer.reasons]
    if answer.checksum_changed is not None:
        found = [one for one in found if one.kind != "checksum"]
        found += [Reason("checksum", "", None)] if answer.checksum_changed else []
    return in_order(found)


def _places(stages: Iterable[Stage]) -> Iterator[tuple[str, str]]:
    for stage in stages:
        tracked: list[Dep | Out | ParamsFile] = [*stage.deps, *stage.outs, *stage.params]
        for item in tracked:
            if item.place is not None:
                yield stage.name, str(item.place)


def _with_outs(paths: Iterable[str], outs: Iterable[Out]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(out.path for out in outs), *paths]))


def _by_dvc2(stage: Stage) -> bool:
    tracked: list[Dep | Out] = [*stage.deps, *stage.outs]
    return any(item.recorded.algorithm == "md5-dos2unix" for item in tracked)


def _lock_md5(root: Path) -> str | None:
    try:
        content = regular_file.read(root / "dvc.lock", document.MAX_BYTES)
    except OSError:  # it stands beside no dvc.yaml, or the look would have ended with an error
        return None
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
