"""What all tests share: a cache of hashes of their own, and a skip that counts as a failure."""

import os
from collections.abc import Generator, Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def hash_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave that of the user alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_WORKSHOP_CACHE_DIR", str(tmp_path_factory.mktemp("hashes")))
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and "WORKSHOP_SKIP_FAILS" in os.environ and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"
    return report
