"""What all tests share: a skip that fails where WORKSHOP_SKIP_FAILS asks for every test."""

import os
from collections.abc import Generator

import pytest

from tests.repositories import NO_REAL_POSTERS


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
