"""What all tests share: a cache of hashes of their own, and skips that may count as failures."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.repositories import NO_REAL_POSTERS


@pytest.fixture(scope="session", autouse=True)
def hash_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave that of the user alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_WORKSHOP_CACHE_DIR", str(tmp_path_factory.mktemp("hashes")))
        yield


LONGEST_FILES = ("test_lessons.py", "test_end_to_end.py", "test_starter.py")
"""Six, four and three minutes of one process: last of all they would have the others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST_FILES)


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
