"""A DVC project as plain data, and the state of each of its stages as ``dvc status`` sees it.

``status(repo)`` computes it once; a ``Workspace`` computes it again and again and remembers what it
read; a ``LiveProject`` (dvcstate.live) does so when a file watcher reports changes. Each raises a
ProjectError, which says what is wrong, where, and what to do, where DVC answers with an error.
"""

from pathlib import Path

from dvcstate import dvc_locks
from dvcstate.dvc_repository import find_root
from dvcstate.errors import NotAProjectError, ProjectError
from dvcstate.model import (
    DvcLock,
    Project,
    ProjectState,
    Reason,
    Stage,
    StageState,
    UnknownStatus,
)  # fmt: skip
from dvcstate.stages import stage_graph
from dvcstate.state_json import as_json, stage_as_json
from dvcstate.workspace import Workspace

# DVC answers about an address in two seconds, and in a minute where there is no network.
REMOTE_TIMEOUT_S = 8.0

__all__ = [
    "DvcLock", "NotAProjectError", "Project", "ProjectError", "ProjectState", "Reason", "Stage",
    "StageState", "UnknownStatus", "Workspace",
    "as_json", "find_root", "graph", "read", "stage_as_json", "status",
]  # fmt: skip


def read(repo: Path) -> Project:
    """The project that the folder ``repo`` is in, without a look at any data."""
    return Workspace(find_root(repo)).project()


def status(repo: Path) -> ProjectState:
    """The state of every stage of the project that the folder ``repo`` is in.

    External deps and outs are asked about for a few seconds; ``unanswered`` says what is unknown,
    and ``locks`` which other command of DVC is at work.
    """
    root = find_root(repo)
    state = Workspace(root).state(ask_s=REMOTE_TIMEOUT_S)
    return state._replace(locks=dvc_locks.held(root))


def graph(state: ProjectState) -> str:
    """The stages and what they need of each other as a Mermaid flowchart."""
    return stage_graph.mermaid(state.stages, state.project.edges)
