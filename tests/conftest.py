"""What all tests share: a cache of hashes of their own, and skips that may count as failures."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests import dvc_server
from tests import solution as solution_
from tests.made_once import make_once
from tests.repositories import NO_REAL_POSTERS, PROGRAMS


@pytest.fixture(scope="session", autouse=True)
def hash_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave that of the user alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_WORKSHOP_CACHE_DIR", str(tmp_path_factory.mktemp("hashes")))
        yield


@pytest.fixture(scope="session")
def solution_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_once(tmp_path_factory, "solution", solution_.solve)


@pytest.fixture
def solution(solution_folder: Path) -> Path:
    """The reference solution on few posters; no test changes it."""
    return solution_.repository(solution_folder)


@pytest.fixture
def saved_runs(solution_folder: Path) -> None:
    """What ran for it is saved: no catch-up on as many posters trains."""
    solution_.restore_runs(solution_folder)


@pytest.fixture(scope="session")
def dvc_server_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the program ``dvc``, and the socket of the server that it asks."""
    folder = tmp_path_factory.mktemp("dvc")
    (folder / "bin").mkdir()
    dvc_server.write_program(folder / "bin" / "dvc")
    with dvc_server.serving(folder, dict(os.environ)):
        yield folder


@pytest.fixture
def forked_dvc(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """``dvc`` without its second of start-up, for all that `repositories.run` starts.

    For tests of what DVC does to a repository, not of how it starts and ends.
    """
    if hasattr(os, "fork"):
        folder = request.getfixturevalue("dvc_server_folder")
        monkeypatch.setenv(PROGRAMS, str(folder / "bin"))
        monkeypatch.setenv(dvc_server.ADDRESS, str(folder / "dvc.socket"))


LONGEST_FILES = (
    "test_lessons.py",
    "test_end_to_end.py",
    "grader/test_mistakes.py",
    "grader/test_fixes.py",
    "pipeline/test_trouble.py",
    "grader/test_starter.py",
    "grader/test_hint.py",
    "grader/test_watch.py",
    "pipeline/test_export.py",
)
"""From 4 minutes of one process to 1: last of all they would have the others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(item.path))


def _place(path: Path) -> int:
    name = path.relative_to(Path(__file__).parent).as_posix()
    return LONGEST_FILES.index(name) if name in LONGEST_FILES else len(LONGEST_FILES)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    excused = NO_REAL_POSTERS in str(report.longrepr)
    if report.skipped and "WORKSHOP_SKIP_FAILS" in os.environ and not excused:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"
    return report
