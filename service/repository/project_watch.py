"""The live state of the repository's DVC project, opened in the background."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dvcstate.live import LiveProject
    from dvcstate.model import ProjectState, State


class ProjectWatch:
    """The project in ``repo_dir``, watched from now until ``close``; for any thread."""

    def __init__(self, repo_dir: Path) -> None:
        self._repo_dir = repo_dir
        self._live: LiveProject | None = None
        loader = ThreadPoolExecutor(1, thread_name_prefix="open-project")
        self._opening = loader.submit(self._open_live)
        loader.shutdown(wait=False)

    def live(self) -> "LiveProject":
        """The project, as soon as it is open."""
        return self._opening.result()

    def close(self) -> None:
        """Stop watching."""
        self.live().close()

    def model_state(self, path: str, md5: str) -> "State | Literal['unknown']":
        """The state of the stage whose out is ``path``, ``stale`` where it recorded other bytes.

        It is that of the last check of the project, and starts none. ``never_run`` where no stage
        makes it, ``unknown`` while the project cannot be read or has not been checked.
        """
        state = self._latest()
        if state is None:
            return "unknown"
        for stage_state in state.stages:
            for out in stage_state.stage.outs:
                if out.path == path:
                    is_other = stage_state.stage.recorded and out.recorded.md5 != md5
                    return "stale" if is_other else stage_state.state
        return "never_run"

    def measured_md5(self, path: str) -> str | None:
        """The recorded hash of ``path`` as the dep of a stage that writes metrics; None: unknown.

        Like ``model_state``, of the last check of the project.
        """
        state = self._latest()
        for stage_state in state.stages if state else ():
            if any(out.metric for out in stage_state.stage.outs):
                for dep in stage_state.stage.deps:
                    if dep.path == path:
                        return dep.recorded.md5
        return None

    def _latest(self) -> "ProjectState | None":
        state = self._live.latest() if self._live else None
        return None if isinstance(state, Exception) else state

    def _open_live(self) -> "LiveProject":
        # Imported here: 0.1 s, and 5 MB with the first check, which no prediction waits for.
        from dvcstate.live import LiveProject

        live = LiveProject(self._repo_dir).open()
        live.latest()  # starts the first check
        self._live = live
        return live
