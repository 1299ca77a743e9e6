"""Which stages run now, and how long each took the last time, as far as the service saw it run.

DVC records no times. While the command of a stage runs, DVC notes its outs in ``.dvc/tmp/rwlock``.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dvcstate import dvc_locks
from dvcstate.model import Stage
from grader import user_cache

# DVC holds the same locks for some milliseconds while it looks at a stage, and runs nothing.
_SHORTEST_S = 0.3


@dataclass(frozen=True)
class Run:
    """``began`` is a Unix time, None while it does not run; ``took`` are seconds, None: unseen."""

    began: float | None = None
    took: float | None = None


RunTimes = Mapping[str, Run]


class RunClock:
    """Sees the runs of the stages of the repository at ``root``, when ``look`` is called."""

    def __init__(self, root: Path) -> None:
        self._root = root
        name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]
        self._path = user_cache.entry_path("runs", name)
        self._runs: dict[str, Run] = self._read()

    def look(self, stages: Iterable[Stage]) -> RunTimes:
        """The runs as they are now."""
        written = dvc_locks.written_paths(self._root)
        now, has_ended = time.time(), False
        for stage in stages:
            run = self._runs.get(stage.name, Run())
            places = {str(out.place) for out in stage.outs if out.place is not None}
            is_running = bool(places) and places <= written and stage.cmd is not None
            if is_running and run.began is None:
                self._runs[stage.name] = replace(run, began=now)
            elif not is_running and run.began is not None:
                took = now - run.began
                has_ended = True
                self._runs[stage.name] = Run(None, took if took > _SHORTEST_S else run.took)
        if has_ended:
            took_by_stage = {name: run.took for name, run in self._runs.items() if run.took}
            user_cache.write_entry(self._path, took_by_stage)
        return dict(self._runs)

    def _read(self) -> dict[str, Run]:
        stored = user_cache.read_entry(self._path)
        if not isinstance(stored, dict):
            return {}
        return {
            str(name): Run(None, float(took))
            for name, took in stored.items()
            if isinstance(took, int | float)
        }
