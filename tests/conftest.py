"""What all tests share: a cache of hashes of their own, and skips that may count as failures."""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import program_server
from tests import solution as solution_
from tests.made_once import make_once
from tests.repositories import NO_REAL_POSTERS, PROGRAMS
from workshop import activation


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
def program_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment variables with a folder of programs, and the servers that these ask."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "bin").mkdir()
    # gcsfs reads the variable when it is imported, and the server imports it but once.
    environment = {**os.environ, activation.VARIABLE: activation.VALUE}
    program_server.write_dvc(folder / "bin" / "dvc")
    program_server.write_python(folder / "bin" / "python")
    with ExitStack() as servers:
        addresses = {
            variable: servers.enter_context(program_server.serving(variable, folder, environment))
            for variable in program_server.SERVERS
        }
        yield {PROGRAMS: str(folder / "bin"), **addresses}


@pytest.fixture
def forked_dvc(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """``dvc``, and TensorFlow in a stage, without the seconds that their imports take.

    For all that `repositories.run` and `attendee.Attendee` start: for tests of what DVC and the
    stages do to a repository, not of how they start and end.
    """
    if hasattr(os, "fork"):
        for name, value in request.getfixturevalue("program_servers").items():
            monkeypatch.setenv(name, value)


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
