"""One finished repository a session, and a copy of it for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.facts import remote
from tests.grader import finished
from tests.repositories import copy_folder, run


@pytest.fixture(scope="session", autouse=True)
def own_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the grader remembers between calls goes to a folder of the tests."""
    folder = tmp_path_factory.mktemp("memory")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_WORKSHOP_CACHE_DIR", str(folder))
        patch.setattr(remote, "TIMEOUT_S", 3.0)
        yield


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the finished repository and its remote."""
    folder = tmp_path_factory.mktemp("finished")
    finished.make(folder)
    return folder


@pytest.fixture
def repo(finished_folder: Path, tmp_path: Path) -> Path:
    """A copy of the finished repository that a test may change, with a remote of its own."""
    folder = tmp_path / "a room"
    copy_folder(finished_folder, folder)
    config = folder / "repo" / ".dvc" / "config"
    text = config.read_text("utf-8").replace(str(finished_folder), str(folder))
    config.write_text(text, "utf-8", newline="\n")
    repo = folder / "repo"
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Use my own remote")
    return repo
