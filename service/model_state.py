"""What the pipeline says of the model that is served: the state of the stage that makes it."""

from typing import Literal

from workshop.project import ProjectError, ProjectState
from workshop.project.model import State

ModelState = State | Literal["unknown"]


def model_state(found: ProjectState | ProjectError | None, path: str, md5: str) -> ModelState:
    """The state of the stage whose out is ``path``, ``stale`` where it recorded other bytes.

    ``never_run`` where no stage makes it, ``unknown`` while the project cannot be read, or has not
    been looked at yet.
    """
    if not isinstance(found, ProjectState):
        return "unknown"
    for each in found.stages:
        for out in each.stage.outs:
            if out.path == path:
                other = each.stage.recorded and out.recorded.md5 != md5
                return "stale" if other else each.state
    return "never_run"
