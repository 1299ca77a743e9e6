"""The live state of the repository's project, which is opened beside the first requests."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from service.app import late

if TYPE_CHECKING:
    from dvcstate.live import LiveProject
    from dvcstate.model import State


class Project:
    """The project in ``repo_dir``, from ``open`` to ``close``; for any thread."""

    def __init__(self, repo_dir: Path) -> None:
        self._repo_dir = repo_dir
        self._opening: Future[LiveProject] | None = None
        self._live: LiveProject | None = None

    def open(self) -> None:
        """Begin to load what reads a project, to watch it and to look at it; nobody waits."""
        loader = ThreadPoolExecutor(1, thread_name_prefix="open-project")
        self._opening = loader.submit(self._opened)
        loader.shutdown(wait=False)

    def live(self) -> "LiveProject":
        """The project, as soon as it is open."""
        if self._opening is None:
            raise RuntimeError("the project is asked before open()")
        return self._opening.result()

    def close(self) -> None:
        """Stop watching."""
        if self._opening is not None:
            self.live().close()

    def model_state(self, path: str, md5: str) -> "State | Literal['unknown']":
        """The state of the stage whose out is ``path``, ``stale`` where it recorded other bytes.

        As of the last look, without one. ``never_run`` where no stage makes it, ``unknown`` while
        the project cannot be read, or has not been looked at yet.
        """
        found = self._live.latest() if self._live else None
        if found is None or isinstance(found, Exception):
            return "unknown"
        for each in found.stages:
            for out in each.stage.outs:
                if out.path == path:
                    other = each.stage.recorded and out.recorded.md5 != md5
                    return "stale" if other else each.state
        return "never_run"

    def _opened(self) -> "LiveProject":
        live = late.live_project(self._repo_dir)
        live.latest()  # the first look begins
        self._live = live
        return live
