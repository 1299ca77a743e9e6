"""One repository whose state is computed again and again; what was read and hashed is kept."""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dvcstate import dvc_repository
from dvcstate.documents import reader, regular_file
from dvcstate.dvcignore import DvcIgnore
from dvcstate.hashes import hash_store
from dvcstate.hashes.changed_paths import AllPaths, ChangedPaths, StageIndex
from dvcstate.hashes.hash_store import HashStore
from dvcstate.hashes.input_stamps import InputStamps
from dvcstate.hashes.object_cache import ObjectCache
from dvcstate.hashes.worktree import Worktree
from dvcstate.model import Dep, Out, ParamsFile, Project, ProjectState, Reason, Stage, StageState
from dvcstate.params.params_cache import ParamsCache
from dvcstate.stage_status import ReasonFinder, sort_reasons, stage_state
from dvcstate.stages import stage_graph
from dvcstate.stages.stage_collector import StageCollector

if TYPE_CHECKING:
    from dvcstate.dvc.remote_status import RemoteStatus, RemoteStatuses


class Workspace:
    """The repository whose root is ``root``; it may come and go.

    All paths of its projects begin with ``physical_root``, whatever links ``root`` has in it.
    ``store`` None keeps hashes in memory alone. ``keeps_object_stats``: for `object_stats`.
    """

    def __init__(
        self, root: Path, store: Path | str | None = "user", *, keeps_object_stats: bool = False
    ) -> None:
        self.root = Path(os.path.abspath(root))
        path = hash_store.store_path(self.physical_root) if store == "user" else store
        self._store = HashStore(Path(path) if path else None)
        self._worktree = Worktree(self._store)
        self._caches: dict[Path, ObjectCache] = {}
        self._keeps_stats = keeps_object_stats
        self._params = ParamsCache()
        self._loaded: _LoadedProject | None = None
        self._reasons: dict[str, tuple[Reason, ...]] = {}

    @property
    def physical_root(self) -> Path:
        """The folder that ``root`` leads to now, by the name that DVC has of it."""
        return dvc_repository.physical_path(self.root) or self.root

    def project(self) -> Project:
        """What the files of the repository say, without a look at any data."""
        return self._load()[0].project

    def state(
        self,
        changed: ChangedPaths | None = None,
        *,
        read: bool = True,
        ask_s: float = 0,
        trusted: bool = True,
    ) -> ProjectState:
        """The state of every stage, now.

        ``changed``: what may have changed since the last call, where somebody watched.
        ``read`` false: what ``project`` has read this moment is not read once more.
        ``ask_s``: how long the status of external deps and outs is waited for; 0 asks nobody.
        ``trusted``: the repository is one's own, so that asking may run what its config names.
        """
        before = self._loaded
        if read or before is None:
            loaded, ignore = self._load()
        else:
            loaded, ignore = before, DvcIgnore(str(before.project.root))
        changed = changed or AllPaths()
        if loaded is not before or changed.affects(str(loaded.project.cache_dir)):
            changed = AllPaths()  # one object of the cache may be part of any out
        if changed.is_everything:
            self._reasons = {}
        with _query_remotes(loaded.project, ask_s, trusted) as answers:  # meanwhile, DVC starts
            self._reasons |= self._find_reasons(loaded, ignore, changed)
            self._store.save()
            return self._project_state(loaded.project, answers())

    def look_again(self) -> None:
        """Look at each path anew when its hash is next asked for, as ``state`` does."""
        self._worktree.begin(DvcIgnore(str(self.physical_root)), AllPaths())

    def md5_of(self, place: Path, algorithm: str = "md5") -> str | None:
        """The hash of the file or folder ``place`` as ``state`` or ``look_again`` let see it.

        None where none is.
        """
        if not place.exists():
            return None
        key = str(place), algorithm
        return self._worktree.hashes([key])[key].md5

    def object_stats(self, cache_dir: Path) -> Mapping[str, os.stat_result]:
        """What the last `state` saw of the objects in a cache folder, by md5."""
        cache = self._caches.get(cache_dir)
        return cache.stats if cache else {}

    def md5s_in(self, folder: Path) -> list[str]:
        """The hash of each file in ``folder``, which is there."""
        key = str(folder), "md5"
        self._worktree.hashes([key])
        return self._worktree.file_md5s(key)

    def _find_reasons(
        self, loaded: "_LoadedProject", ignore: DvcIgnore, changed: ChangedPaths
    ) -> dict[str, tuple[Reason, ...]]:
        """The reasons of the stages that may have others than the last time."""
        cache_dir = loaded.project.cache_dir
        cache = self._caches.setdefault(cache_dir, ObjectCache(cache_dir, self._keeps_stats))
        self._worktree.begin(ignore, changed)
        stages: Sequence[Stage] = loaded.stages
        if not changed.is_everything and not loaded.has_dvc2_folders:
            names = loaded.stage_index.stages_affected_by(changed)
            stages = [stage for stage in stages if stage.name in names]
        return ReasonFinder(ignore, cache, self._worktree, self._params, changed).reasons(stages)

    def _project_state(self, project: Project, answers: "RemoteStatuses") -> ProjectState:
        reasons = self._reasons | {
            name: _add_answer(self._reasons[name], answer) for name, answer in answers.items()
        }
        states = {stage.name: stage_state(stage, reasons[stage.name]) for stage in project.stages}
        stale_above = stage_graph.upstream_stale(states, project.edges)
        stages = tuple(
            StageState(
                stage,
                states[stage.name],
                reasons[stage.name],
                stage.name in stale_above,
                answers[stage.name].unanswered if stage.name in answers else (),
            )
            for stage in project.stages
        )
        return ProjectState(project, stages, _lock_md5(self.root), _now())

    def _load(self) -> tuple["_LoadedProject", DvcIgnore]:
        """Read again only where a file that was read, or a folder that was searched, changed."""
        root = self.physical_root
        known = self._loaded
        if known and known.project.root == root and known.inputs.unchanged():
            return known, DvcIgnore(str(root))
        started = time.time_ns()
        repository = dvc_repository.find(root)
        collector = StageCollector(repository)
        stages = collector.stages()
        inputs = [*collector.inputs, *map(str, dvc_repository.settings_files(root))]
        edges = stage_graph.edges(stages)
        project = Project(
            root,
            tuple(stage_graph.topological(stages, edges)),
            edges,
            repository.cache_dir,
            _add_outs(collector.metrics, (o for s in stages for o in s.outs if o.metric)),
            _add_outs(collector.plots, (o for s in stages for o in s.outs if o.plot)),
        )
        self._loaded = _LoadedProject(
            InputStamps(inputs, started),
            project,
            tuple(stages),
            StageIndex(_stage_places(stages)),
            any(_is_by_dvc2(stage) for stage in stages),
        )
        return self._loaded, repository.dvcignore


class _LoadedProject(NamedTuple):
    """What was read from the files of the project, and what it was read from.

    ``stages`` are in the order in which DVC comes to them. ``has_dvc2_folders``: DVC 2 recorded
    some of them, and there the verdict on one stage may depend on the stages before it.
    """

    inputs: InputStamps
    project: Project
    stages: tuple[Stage, ...]
    stage_index: StageIndex
    has_dvc2_folders: bool


@contextlib.contextmanager
def _query_remotes(
    project: Project, ask_s: float, trusted: bool
) -> "Iterator[Callable[[], RemoteStatuses]]":
    """Begin to ask about external deps and outs; the answers come when they are called for."""
    stages = [stage for stage in project.stages if stage.external]
    if not stages:
        yield dict
        return
    from dvcstate.dvc import remote_status  # and subprocess with it

    if not ask_s:
        yield lambda: remote_status.not_asked(stages)
        return
    with remote_status.RemoteStatusQuery(project.root, stages, ask_s, trusted) as query:
        yield query.answers


def _add_answer(reasons: tuple[Reason, ...], answer: "RemoteStatus") -> tuple[Reason, ...]:
    found = [*reasons, *answer.reasons]
    if answer.checksum_changed is not None:
        found = [reason for reason in found if reason.kind != "checksum"]
        found += [Reason("checksum", "", None)] if answer.checksum_changed else []
    return sort_reasons(found)


def _stage_places(stages: Iterable[Stage]) -> Iterator[tuple[str, str]]:
    for stage in stages:
        tracked: list[Dep | Out | ParamsFile] = [*stage.deps, *stage.outs, *stage.params]
        for item in tracked:
            if item.place is not None:
                yield stage.name, str(item.place)


def _add_outs(paths: Iterable[str], outs: Iterable[Out]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(out.path for out in outs), *paths]))


def _is_by_dvc2(stage: Stage) -> bool:
    tracked: list[Dep | Out] = [*stage.deps, *stage.outs]
    return any(item.recorded.algorithm == "md5-dos2unix" for item in tracked)


def _lock_md5(root: Path) -> str | None:
    try:
        content = regular_file.read(root / "dvc.lock", reader.MAX_BYTES)
    except OSError:  # there is no dvc.yaml beside it, or `_load` would have raised an error
        return None
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
