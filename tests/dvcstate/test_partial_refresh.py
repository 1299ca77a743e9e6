"""A look at what a watcher reported says the same as a look at everything."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from dvcstate import ProjectError
from dvcstate.hashes.changed_paths import AllPaths, ChangedPaths
from dvcstate.workspace import Workspace
from tests.dvcstate import dvc_repositories, mutations
from tests.dvcstate.conftest import examples

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="links, odd names")]

Looks = dict[str, tuple[int, int, int, int]]
WITHOUT_DVC = [m for m in mutations.ALL if m.__name__ not in ("link", "link_inside")]


def _looks(root: Path) -> Looks:
    """What a watcher could see of every file and folder."""
    found: Looks = {}
    for parent, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(parent, name)  # noqa: PTH118 - as the watcher names it
            stat = os.lstat(path)
            found[path] = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_mode)
    return found


def _answer(workspace: Workspace, touched: ChangedPaths) -> Any:
    try:
        return workspace.state(touched).stages
    except ProjectError as error:
        return str(error)


@settings(
    max_examples=examples(60),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_a_partial_look_answers_as_a_full_one(
    data: st.DataObject, templates: dict[str, Path]
) -> None:
    def pick(choices: Sequence[Any]) -> Any:
        choices = list(choices)
        if not choices:
            raise IndexError("nothing to choose from")
        return choices[data.draw(st.integers(0, len(choices) - 1))]

    with tempfile.TemporaryDirectory() as folder:
        repo = dvc_repositories.copy(templates[pick(("plain", "dvc2"))], Path(folder, "repo"))
        watched = Workspace(repo, None)
        before, failed = _looks(repo), isinstance(_answer(watched, AllPaths()), str)
        for _ in range(3):
            mutation = pick(WITHOUT_DVC)
            note(mutation.__name__)
            try:
                mutation(repo, pick)
            except (OSError, IndexError):
                continue
            after = _looks(repo)
            paths = {path for path, _ in before.items() ^ after.items()}
            partial = _answer(watched, AllPaths() if failed else ChangedPaths(paths))
            assert partial == _answer(Workspace(repo, None), AllPaths())
            before, failed = after, isinstance(partial, str)
