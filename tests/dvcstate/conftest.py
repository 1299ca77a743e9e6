"""What the tests of `workshop` share: DVC in one process, and repositories that it built."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dvcstate.dvc_oracle import Oracle, environment_of
from tests.dvcstate.dvc_repositories import build_all


@pytest.fixture(scope="session")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder for all that DVC and we would keep in the user's; set in the environment."""
    folder = tmp_path_factory.mktemp("own")
    patch = pytest.MonkeyPatch()
    for name, value in environment_of(folder).items():
        patch.setenv(name, value)
    patch.setenv("DVC_WORKSHOP_CACHE_DIR", str(folder / "cache"))
    yield folder
    patch.undo()


@pytest.fixture(scope="session")
def oracle(own_folder: Path) -> Iterator[Oracle]:
    """DVC."""
    pytest.importorskip("dvc")
    process = Oracle(own_folder)
    yield process
    process.close()


@pytest.fixture(scope="session")
def templates(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Up-to-date repositories by name, to be copied."""
    return build_all(tmp_path_factory.mktemp("templates") / "all", oracle)


def examples(fixed: int) -> int:
    """How many repositories to try: ``WORKSHOP_AGREEMENT`` of them, or a fixed sample."""
    return int(os.environ.get("WORKSHOP_AGREEMENT", fixed))
