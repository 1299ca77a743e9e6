"""One repository, looked at again and again: what was read and hashed is remembered in between."""

import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path

from workshop.project import graph, hash_store, repository
from workshop.project.collection import Collector
from workshop.project.dvcignore import DvcIgnore
from workshop.project.hash_store import HashStore
from workshop.project.inputs import Inputs
from workshop.project.judgement import Judge, state
from workshop.project.model import Project, ProjectState, Stage, StageState
from workshop.project.object_cache import ObjectCache
from workshop.project.params_memory import ParamsMemory
from workshop.project.touched import Everything, Touched
from workshop.project.worktree import Worktree


class Workspace:
    """The repository that ``start`` is in. ``store`` None keeps hashes in memory alone."""

    def __init__(
        self, start: Path, store: Path | str | None = "user", workers: int | None = None
    ) -> None:
        self.root = repository.find_root(start)
        path = hash_store.store_path(self.root) if store == "user" else store
        self._store = HashStore(Path(path) if path else None)
        self._worktree = Worktree(self._store, workers)
        self._caches: dict[Path, ObjectCache] = {}
        self._params = ParamsMemory()
        self._known: tuple[Inputs, Project] | None = None

    def project(self) -> Project:
        """What the files of the repository say, without a look at any data."""
        return self._project()[1]

    def state(self, touched: Touched | None = None) -> ProjectState:
        """The state of every stage, now.

        ``touched``: who watched the repository since the last look says what may have changed.
        """
        ignore, project = self._project()
        touched = touched or Everything()
        if touched.affects(str(project.cache_dir)):
            touched = Everything()  # one object may be part of any out
        cache = self._caches.setdefault(project.cache_dir, ObjectCache(project.cache_dir))
        self._worktree.begin(ignore, touched)
        judge = Judge(ignore, cache, self._worktree, self._params, touched)
        reasons = judge.reasons(project.stages)
        self._store.save()
        states = {one.name: state(one, reasons[one.name]) for one in project.stages}
        stale_above = graph.upstream_stale(states, project.edges)
        stages = tuple(
            StageState(one, states[one.name], reasons[one.name], one.name in stale_above)
            for one in sorted(project.stages, key=_shown_order)
        )
        return ProjectState(project, stages, _lock_md5(self.root), _now())

    def _project(self) -> tuple[DvcIgnore, Project]:
        """Read again only where a file that was read, or a folder that was searched, changed."""
        if self._known and self._known[0].unchanged():
            return DvcIgnore(str(self.root)), self._known[1]
        started = time.time_ns()
        found = repository.find(self.root)
        collector = Collector(found)
        stages = tuple(collector.stages())
        project = Project(self.root, stages, graph.edges(stages), found.cache_dir)
        inputs = [*collector.read, *map(str, repository.settings_files(self.root))]
        self._known = Inputs(inputs, started), project
        return found.dvcignore, project


def _shown_order(stage: Stage) -> tuple[int, bool, str]:
    """Outer files before inner ones, data before pipelines; within a file as it is written."""
    return stage.file.count("/"), stage.file.endswith("dvc.yaml"), stage.file


def _lock_md5(root: Path) -> str | None:
    try:
        content = (root / "dvc.lock").read_bytes()
    except OSError:
        return None
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
